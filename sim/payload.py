"""Parcels: what is really on board, and where it really went."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Release:
    """One parcel that left the vehicle."""

    sortie: int
    slot: int
    mass_kg: float
    time_s: float
    latitude_deg: float
    longitude_deg: float
    height_home_m: float


@dataclass(slots=True)
class Payload:
    """Slots are numbered from 1, as gripper instances are. A stuck gripper opens for no command."""

    slots: dict[int, float] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    is_stuck: bool = False

    @property
    def mass_kg(self) -> float:
        """Total mass on board."""
        return sum(self.slots.values())

    def load(self, masses_kg: Sequence[float]) -> None:
        """Put parcels into the slots; what was still there is taken off first."""
        self.slots = dict(enumerate(masses_kg, start=1))

    def let_go(self, slot: int) -> float | None:
        """Let the parcel of a slot fall; return its mass, or None where there is none."""
        return self.slots.pop(slot, None)
