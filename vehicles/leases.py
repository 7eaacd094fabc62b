"""Who may command a vehicle: leases with epochs, as a table without a clock.

A deciding process has an epoch that grows with each incarnation. It takes a lease on a vehicle, renews it while it
lives, and commands only under it. The newest epoch wins at once; an older one is refused for ever, also after the
newer one's lease has run out (fault F-S10, invariant I-2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_LEASE_S: Final = 60.0
"""Longest lease that is given: a decider that hangs does not come back after it as if nothing had been."""


class LeaseStanding(StrEnum):
    """How an epoch stands to a vehicle: HELD; STALE: a newer one was here; NONE: no lease, or one that ran out."""

    HELD = "HELD"
    STALE = "STALE"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one epoch to command one vehicle until `expires_s`, on the gateway's monotonic clock."""

    vehicle_id: str
    epoch: int
    expires_s: float


class LeaseTable:
    """The leases of one gateway.

    Args:
        floors: vehicle id → newest epoch known from before this gateway's start.
    """

    def __init__(self, floors: Mapping[str, int] | None = None) -> None:
        self._floors = dict(floors or {})
        self._leases: dict[str, Lease] = {}

    @property
    def floors(self) -> dict[str, int]:
        """Vehicle id → newest epoch that ever held a lease: what outlives a restart."""
        return dict(self._floors)

    def take(self, vehicle_id: str, epoch: int, now_s: float, duration_s: float) -> Lease | None:
        """Give or renew a lease; None when a newer epoch was here."""
        if epoch < self._floors.get(vehicle_id, 0):
            return None
        self._floors[vehicle_id] = epoch
        lease = Lease(vehicle_id, epoch, now_s + min(duration_s, MAX_LEASE_S))
        self._leases[vehicle_id] = lease
        return lease

    def standing(self, vehicle_id: str, epoch: int, now_s: float) -> LeaseStanding:
        """How `epoch` stands to the vehicle now."""
        if epoch < self._floors.get(vehicle_id, 0):
            return LeaseStanding.STALE
        lease = self._leases.get(vehicle_id)
        held = lease is not None and lease.epoch == epoch and now_s < lease.expires_s
        return LeaseStanding.HELD if held else LeaseStanding.NONE

    def newest_epoch(self, vehicle_id: str) -> int:
        """The newest epoch that held a lease on it; 0 when none did."""
        return self._floors.get(vehicle_id, 0)
