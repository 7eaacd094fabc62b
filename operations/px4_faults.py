"""Faults of a day, planted into PX4 SITL: what its own simulator can do, at the moment the day names.

Under SIH only the battery can be made to fail. It is: PX4's simulated battery falls to the fraction within seconds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from mission.errors import InputError, InputProblem
from mission.model.telemetry import LandedState, VehicleState
from operations.links import GatewayLinks
from sim.fault_kinds import BatteryDrop, Fault
from sim.px4_sitl import Px4Shell

EMPTY_AFTER_S: Final = 5.0
"""SIM_BAT_DRAIN of a failing battery: seconds from full to empty."""
LOOK_S: Final = 1.0


def battery_drops(faults: Sequence[Fault]) -> tuple[BatteryDrop, ...]:
    """Return the faults, all of which PX4 SITL must be able to have.

    Raises:
        InputError: one problem for each fault of another kind.
    """
    problems = [
        InputProblem("day", f"simulation.faults[{index}]", f"PX4 SITL cannot have a {type(fault).__name__}", mend)
        for mend in ("Fly it on the simulated fleet (--sim)",)
        for index, fault in enumerate(faults)
        if not isinstance(fault, BatteryDrop)
    ]
    if problems:
        raise InputError(*problems)
    return tuple(fault for fault in faults if isinstance(fault, BatteryDrop))


async def plant(drops: Sequence[BatteryDrop], links: GatewayLinks, shells: Mapping[str, Px4Shell]) -> None:
    """Wait for each fault's moment and plant it; returns when all are planted."""
    async with asyncio.TaskGroup() as group:
        for drop in drops:
            group.create_task(_plant_one(drop, links, shells[drop.vehicle_id]))


async def _plant_one(drop: BatteryDrop, links: GatewayLinks, shell: Px4Shell) -> None:
    due = DropMoment(drop)
    while not due.reached(links.state(drop.vehicle_id)):
        await links.wait_for_change(drop.vehicle_id, LOOK_S)
    await shell.settle_parameters({"SIM_BAT_MIN_PCT": 100.0 * drop.to_fraction, "SIM_BAT_DRAIN": EMPTY_AFTER_S})


class DropMoment:
    """Recognises a fault's moment in what telemetry shows, by the vehicle's own clock."""

    def __init__(self, drop: BatteryDrop) -> None:
        self._drop = drop
        self._sortie = 0
        self._was_armed = False
        self._took_off_ms: int | None = None

    def reached(self, state: VehicleState) -> bool:
        """Take in a state; whether the moment has come."""
        if state.armed and not self._was_armed:
            self._sortie += 1
            self._took_off_ms = None
        self._was_armed = state.armed
        if self._sortie != self._drop.sortie or not state.armed or state.landed_state is LandedState.ON_GROUND:
            return False
        self._took_off_ms = state.boot_time_ms if self._took_off_ms is None else self._took_off_ms
        if self._drop.at_item is not None:
            return state.mission_current >= self._drop.at_item
        return state.boot_time_ms - self._took_off_ms >= 1000.0 * (self._drop.after_takeoff_s or 0.0)
