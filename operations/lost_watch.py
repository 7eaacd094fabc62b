"""Watches for a vehicle that was given up in the air, while the day goes on without it (fault F-V25)."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from mission.model.telemetry import Freshness, VehicleState
from mission.supervision.events import CloseIncident, FreshnessChanged, Observed, Report
from mission.supervision.lost_vehicle import LostVehicle

LOOK_S: Final = 1.0
"""Wall time after which it is looked at again when nothing is heard."""


class HeardVehicles(Protocol):
    """What is heard of vehicles; nothing is ever sent to a lost one."""

    def state(self, vehicle_id: str) -> VehicleState:
        """Newest known state."""

    def freshness(self, vehicle_id: str) -> Freshness:
        """How old it is."""

    async def wait_for_change(self, vehicle_id: str, timeout_s: float) -> None:
        """Return at the vehicle's next state, or after `timeout_s` wall seconds."""


async def watch_for(
    incident: LostVehicle,
    links: HeardVehicles,
    take_closings: Callable[[], list[CloseIncident]],
    report: Callable[[Report, datetime], None],
    now: Callable[[], datetime],
) -> None:
    """Report whatever is heard of a lost vehicle, until its incident is closed.

    Args:
        incident: a new one.
        links: where the vehicle may be heard again.
        take_closings: hands out what people asked since there is an incident, or since it was last called.
        report: writes a report down and shows it.
        now: mission time.
    """
    vehicle_id, told_ms = incident.last_known.vehicle_id, incident.last_known.boot_time_ms
    freshness = Freshness.LOST
    while incident.open:
        await links.wait_for_change(vehicle_id, LOOK_S)
        events: list[Observed | FreshnessChanged | CloseIncident] = [*take_closings()]
        before, freshness = freshness, links.freshness(vehicle_id)
        if freshness is not before:
            events.append(FreshnessChanged(freshness))
        state = links.state(vehicle_id)
        if freshness is Freshness.FRESH and state.boot_time_ms != told_ms:
            told_ms = state.boot_time_ms
            events.append(Observed(state))
        for event in events:
            for heard in incident.handle(event, now()):
                report(heard, now())
