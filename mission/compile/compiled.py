"""What compiling yields: a mission, and where in it each thing of the plan is found."""

from collections.abc import Mapping
from dataclasses import dataclass

from mission.model.mission import Mission


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mission and its correspondence with the flight plan.

    Attributes:
        mission: what is uploaded.
        item_of_leg: for each leg of the plan the index of the item that ends it.
        gate_item: for each order id the index of the gate at which its parcel is handed over.
        notes: what a person should know of this mission, in sentences.
    """

    mission: Mission
    item_of_leg: tuple[int, ...]
    gate_item: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def leg_of_item(self, item: int) -> int:
        """Return the index of the leg that is flown while `item` is current; the number of legs when done."""
        for leg, last in enumerate(self.item_of_leg):
            if item <= last:
                return leg
        return len(self.item_of_leg)
