"""Bugs in what is handed to the vehicle, planted on purpose: the verifier finds each, by the code that is expected.

A good mission is changed the way the bug would, and verified. Bugs in the planner's own code are next door, in
`test_planted_router_bugs`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from mission.geodesy.terrain import terrain_of
from mission.model.day import Day
from mission.model.flight import ApprovedFlight
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem
from mission.model.verdict import Verdict
from mission.planner import plan_day
from mission.planning.approval import DELAY_ALLOWANCE, performance_of
from mission.verification import verify

World = Any
"""The fixture `world` of the folder above: metres north and east of a hub."""
HUB_AMSL_M = 190.0


@dataclass(frozen=True)
class Handed:
    """What the verifier is given: truth, and a mission that a bug may have changed."""

    day: Day
    flight: ApprovedFlight
    mission: Mission
    later: timedelta = timedelta(0)

    def verdict(self) -> Verdict:
        """Verify."""
        return verify(
            self.mission,
            zones=self.day.zones,
            policy=self.day.policy,
            departure=self.flight.plan.departure + self.later,
            terrain=terrain_of(self.day.site.relief),
            performance=performance_of(self.flight.plan.sortie.vehicle),
            drops={order.order_id: order.drop.position for order in self.day.orders},
            landing_sites=[self.day.site.hubs[0].position],
            delay_allowance=DELAY_ALLOWANCE,
        )

    def items(self, change: Callable[[MissionItem], MissionItem]) -> "Handed":
        """Change every item that has a position."""
        changed = tuple(item if item.frame == MavFrame.MISSION else change(item) for item in self.mission.items)
        return replace(self, mission=replace(self.mission, items=changed))

    def only(self, wanted: Callable[[int, MissionItem], bool]) -> "Handed":
        """Keep some of the items."""
        kept = tuple(item for index, item in enumerate(self.mission.items) if wanted(index, item))
        return replace(self, mission=replace(self.mission, items=kept))

    @property
    def drop_e7(self) -> tuple[int, int]:
        """The gate's x and y."""
        gate = self.mission.items[self.flight.releases[0].gate_item]
        return gate.x, gate.y


def is_corner(item: MissionItem, handed: Handed) -> bool:
    """Whether an item is a waypoint on the way, at neither end."""
    home = (round(handed.mission.home.latitude_deg * 1e7), round(handed.mission.home.longitude_deg * 1e7))
    ends = {handed.drop_e7, home}
    return item.command == MavCommand.NAV_WAYPOINT and (item.x, item.y) not in ends


def fence_as(command: MavCommand, handed: Handed) -> Handed:
    """The exclusions are written as something else, or left out."""
    fence = tuple(
        replace(item, command=command) if item.command == MavCommand.FENCE_POLYGON_EXCLUSION else item
        for item in handed.mission.fence
    )
    return replace(handed, mission=replace(handed.mission, fence=fence))


def without_exclusions(handed: Handed) -> Handed:
    """The list of the fence ends after the inclusion."""
    kept = tuple(item for item in handed.mission.fence if item.command == MavCommand.FENCE_POLYGON_INCLUSION)
    return replace(handed, mission=replace(handed.mission, fence=kept))


def moved_fence(handed: Handed) -> Handed:
    """The fence of a flight 1.5 km farther north."""
    fence = tuple(replace(item, x=item.x + 135_000) for item in handed.mission.fence)
    return replace(handed, mission=replace(handed.mission, fence=fence))


def straight_home(handed: Handed) -> Handed:
    """The corners after the drop are left out."""
    gate = handed.flight.releases[0].gate_item
    return handed.only(lambda index, item: index < gate or not is_corner(item, handed))


def turning_early(item: MissionItem) -> MissionItem:
    """A waypoint that counts as reached 30 m before it."""
    return replace(item, param2=30.0) if item.command == MavCommand.NAV_WAYPOINT else item


def rtl_home(handed: Handed) -> Handed:
    """The way home is left to the autopilot's return."""
    last = handed.flight.releases[0].gate_item + 1
    rtl = MissionItem(MavCommand.NAV_RETURN_TO_LAUNCH, MavFrame.MISSION)
    return replace(handed, mission=replace(handed.mission, items=(*handed.mission.items[: last + 1], rtl)))


WRITING: dict[str, tuple[Callable[[Handed, World], Handed], str]] = {
    "flies straight home": (lambda h, _: straight_home(h), "ZONE_ENTERED"),
    "skips one vertex": (lambda h, _: h.only(lambda i, item: i != 2), "ZONE_ENTERED"),
    "returns by RTL": (lambda h, _: rtl_home(h), "RTL_FORBIDDEN"),
    "swaps latitude and longitude": (lambda h, _: h.items(lambda i: replace(i, x=i.y, y=i.x)), "POSITION_SWAPPED"),
    "swaps the sign of the longitude": (lambda h, _: h.items(lambda i: replace(i, y=-i.y)), "POSITION_FAR_FROM_HOME"),
    "writes degrees times a million": (
        lambda h, _: h.items(lambda i: replace(i, x=i.x // 10, y=i.y // 10)),
        "POSITION_FAR_FROM_HOME",
    ),
    "cuts degrees to three digits": (
        lambda h, _: h.items(lambda i: replace(i, x=i.x // 10_000 * 10_000, y=i.y // 10_000 * 10_000)),
        "ZONE_ENTERED",
    ),
    "writes AMSL into a frame above home": (
        lambda h, _: h.items(lambda i: replace(i, z=i.z + HUB_AMSL_M)),
        "HEIGHT_TOO_HIGH",
    ),
    "writes heights above home into an AMSL frame": (
        lambda h, _: h.items(lambda i: replace(i, frame=MavFrame.GLOBAL_AMSL_INT)),
        "HEIGHT_BELOW_GROUND",
    ),
    "writes feet": (lambda h, _: h.items(lambda i: replace(i, z=i.z / 0.3048)), "HEIGHT_TOO_HIGH"),
    "uses a terrain frame": (lambda h, _: h.items(lambda i: replace(i, frame=11)), "FRAME_ILLEGAL"),
    "uses another hub's home": (
        lambda h, world: replace(h, mission=replace(h.mission, home=world.place(150.0, -200.0))),
        "TAKEOFF_AWAY_FROM_HOME",
    ),
    "takes home's height above the ellipsoid for AMSL": (
        lambda h, _: replace(h, mission=replace(h.mission, home_amsl_m=h.mission.home_amsl_m + 44.0)),
        "HOME_ELEVATION",
    ),
    "flies by yesterday's zones": (
        lambda h, world: replace(h, day=replace(h.day, zones=(*h.day.zones, world.zone("Z-9", 500.0, 125.0, 40.0)))),
        "ZONE_ENTERED",
    ),
    "departs an hour late into a timed zone": (lambda h, _: replace(h, later=timedelta(hours=1)), "ZONE_ENTERED"),
    "turns 30 m before every waypoint": (lambda h, _: h.items(turning_early), "ACCEPTANCE_TOO_WIDE"),
    "lands at the drop": (
        lambda h, _: h.items(
            lambda i: replace(i, x=h.drop_e7[0], y=h.drop_e7[1]) if i.command == MavCommand.NAV_LAND else i
        ),
        "LANDING_NOT_PERMITTED",
    ),
    "hands over at another place": (
        lambda h, _: h.items(lambda i: replace(i, x=i.x + 1500) if (i.x, i.y) == h.drop_e7 else i),
        "DROP_MISSED",
    ),
    "uploads the fence of another flight": (lambda h, _: moved_fence(h), "FENCE_WAYPOINT_OUTSIDE"),
    "ends the fence after the inclusion": (lambda h, _: without_exclusions(h), "FENCE_MISSES_ZONE"),
    "turns exclusions inside out": (
        lambda h, _: fence_as(MavCommand.FENCE_POLYGON_INCLUSION, h),
        "FENCE_HOME_OUTSIDE",
    ),
}


@pytest.fixture(scope="module")
def good(world: World) -> Handed:
    """A flight round a zone in the way, beside one that begins an hour later over the way that is flown."""
    soon = world.hours(0.75, 3.0)
    zones = [world.zone("Z-1", 500.0, 0.0), world.zone("Z-2", 200.0, 0.0, 90.0, applicability=soon)]
    day = world.day([world.order("A-1", 1000.0, 0.0)], zones)
    (flight,) = plan_day(day).flights
    return Handed(day, flight, flight.mission)


def test_without_a_bug_nothing_is_found(good: Handed) -> None:
    """The mission that the bugs are planted in is clean; its ground is known to 18 m, which is a warning."""
    assert [finding.code for finding in good.verdict().findings] == ["RELEASE_HEIGHT_UNPROVEN"]


@pytest.mark.parametrize("name", WRITING)
def test_a_bug_in_what_is_handed_over_is_found(world: World, good: Handed, name: str) -> None:
    """Each bug is found, among whatever else it breaks, by the code that names it (I-5)."""
    plant, code = WRITING[name]
    verdict = plant(good, world).verdict()
    assert code in {finding.code for finding in verdict.findings}
    assert not verdict.ok


def test_there_are_at_least_twenty_bugs() -> None:
    """Fewer would be an accident."""
    assert len(WRITING) >= 20
