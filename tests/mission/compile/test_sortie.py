"""From a flight plan to the items that a vehicle on its pad is given."""

import math
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from mission.compile import Compiled, FenceZone, compile_sortie
from mission.compile.items import change_speed
from mission.compile.sortie import sortie_tag
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import LandingSite
from mission.model.flight import FlightPlan, LegKind
from mission.model.geo import GeoPoint
from mission.model.mission import SORTIE_TAGS, MavCommand, MavFrame, MissionItem
from mission.model.orders import DeliveryMethod
from mission.model.refusal import RefusalCode
from mission.policy import Policy

MakeZone = Callable[[str, shapely.Polygon], FenceZone]
At = Callable[[float, float], GeoPoint]
MakePlan = Callable[..., FlightPlan]

TAKEOFF, WAYPOINT, LAND = MavCommand.NAV_TAKEOFF, MavCommand.NAV_WAYPOINT, MavCommand.NAV_LAND
SPEED, HOVER_GATE, GROUND_GATE = MavCommand.DO_CHANGE_SPEED, MavCommand.NAV_LOITER_TIME, MavCommand.NAV_DELAY


@pytest.fixture
def compiled(policy: Policy, frame: LocalFrame) -> Callable[[FlightPlan], Compiled]:
    """Return a compiler of plans without zones."""

    def compile_it(plan: FlightPlan) -> Compiled:
        result = compile_sortie(plan, [], frame, policy)
        assert isinstance(result, Compiled)
        return result

    return compile_it


def near(item: MissionItem, place: GeoPoint) -> bool:
    """Whether an item is at a place, to the rounding of its integers."""
    return (
        abs(item.position.latitude_deg - place.latitude_deg) <= 0.6e-7
        and abs(item.position.longitude_deg - place.longitude_deg) <= 0.6e-7
    )


def test_a_gripper_delivery_in_items(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled], policy: Policy
) -> None:
    """Take off, speed, above the drop, down, gate, straight up, home above, land: nothing opens a gripper."""
    drop = at(800.0, 300.0)
    items = compiled(make_plan([drop])).mission.items
    commands = [item.command for item in items]
    assert commands == [TAKEOFF, SPEED, WAYPOINT, WAYPOINT, HOVER_GATE, WAYPOINT, WAYPOINT, LAND]
    assert [item.z for item in items] == [60.0, 0.0, 60.0, 6.0, 6.0, 60.0, 60.0, 0.0]
    assert all(near(items[index], drop) for index in (2, 3, 4, 5))
    assert items[4].param1 == policy.release_wait_s


def test_a_landing_delivery_goes_straight_up_after_its_gate(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled], policy: Policy
) -> None:
    """PX4 drifts while it takes off from the drop: the next waypoint is straight above."""
    drop = at(0.0, 700.0)
    items = compiled(make_plan([drop], methods=[DeliveryMethod.LAND], ground_m={"o1": 3.0})).mission.items
    commands = [item.command for item in items]
    assert commands == [TAKEOFF, SPEED, WAYPOINT, LAND, GROUND_GATE, WAYPOINT, WAYPOINT, LAND]
    assert items[3].z == 3.0
    assert items[4].param1 == policy.release_wait_s
    assert (near(items[5], drop), items[5].z) == (True, 60.0)


def test_every_item_has_the_frame_that_px4_demands(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]
) -> None:
    """Positions in frame 6 with yaw unset; commands without a position in frame 2, at no position.

    PX4 reads a gate's unset yaw back as 0 (its parameter 4 is another thing there): it is written so.
    """
    drops = [at(500.0, 0.0), at(500.0, 500.0)]
    for item in compiled(make_plan(drops)).mission.items:
        if item.command in {TAKEOFF, WAYPOINT, LAND, HOVER_GATE}:
            assert item.frame == MavFrame.GLOBAL_RELATIVE_HOME_INT
            assert math.isnan(item.param4) is (item.command != HOVER_GATE)
        else:
            assert item.frame == MavFrame.MISSION
            assert (item.y, item.z) == (0, 0.0)
            assert (item.x != 0) is (item.command == SPEED)  # the sortie's tag
            assert not math.isnan(item.param4)


def test_two_sorties_of_one_route_are_two_missions(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]
) -> None:
    """Another id or another departure is another tag, and nothing else of the items differs (F-V16)."""
    plan = make_plan([at(800.0, 300.0)])
    later_legs = tuple(replace(leg, depart=leg.depart + timedelta(hours=1)) for leg in plan.legs)
    others = [
        replace(plan, sortie=replace(plan.sortie, sortie_id="drone-1/2")),
        replace(plan, legs=later_legs),
    ]
    first, *rest = (compiled(each).mission for each in (plan, *others))
    assert first == compiled(plan).mission
    assert len({first.sortie_tag, *(mission.sortie_tag for mission in rest)}) == 3
    for mission in rest:
        untagged = [replace(item, x=0) if item.command == SPEED else item for item in mission.items]
        ours = [replace(item, x=0) if item.command == SPEED else item for item in first.items]
        assert [item.wire_bytes() for item in untagged] == [item.wire_bytes() for item in ours]


@given(st.text(max_size=30), st.datetimes(timezones=st.just(UTC)))
def test_a_tag_is_one_that_a_32_bit_float_holds(sortie_id: str, departure: datetime) -> None:
    """PX4 keeps the parameters of an item without a place as floats: a larger tag would be read back as another."""
    plan = SimpleNamespace(sortie=SimpleNamespace(sortie_id=sortie_id), departure=departure)
    tag = sortie_tag(cast(FlightPlan, plan))
    assert 0 < tag < SORTIE_TAGS
    assert struct.unpack("<f", struct.pack("<f", tag))[0] == tag


@pytest.mark.parametrize("tag", [-1, SORTIE_TAGS])
def test_a_tag_that_is_not_held_exactly_is_not_written(tag: int) -> None:
    """It would be read back as another one, and no transfer would ever end."""
    with pytest.raises(ValueError, match="held exactly"):
        change_speed(10.0, sortie_tag=tag)


def test_the_gate_of_each_order_is_known(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]
) -> None:
    """It is where the vehicle waits for that order's hand-over, over its own drop."""
    drops = [at(400.0, 0.0), at(400.0, 400.0), at(0.0, 400.0)]
    result = compiled(make_plan(drops))
    gates = [result.mission.items[result.gate_item[f"o{n}"]] for n in (1, 2, 3)]
    assert [gate.command for gate in gates] == [HOVER_GATE] * 3
    assert all(near(gate, drop) for gate, drop in zip(gates, drops, strict=True))


def test_each_leg_ends_with_its_item(make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]) -> None:
    """The item that ends a leg stands where and as high as the leg ends; items never go back."""
    plan = make_plan([at(400.0, 0.0), at(400.0, 400.0)], methods=[DeliveryMethod.GRIPPER, DeliveryMethod.LAND])
    result = compiled(plan)
    assert len(result.item_of_leg) == len(plan.legs)
    assert all(first < second for first, second in pairwise(result.item_of_leg))
    assert result.item_of_leg[-1] == len(result.mission.items) - 1
    for leg, index in zip(plan.legs, result.item_of_leg, strict=True):
        item = result.mission.items[index]
        if leg.kind is LegKind.HANDOVER:
            assert item.command in {HOVER_GATE, GROUND_GATE}
        else:
            assert near(item, leg.end)
            assert item.z == leg.end_height_home_m


def test_the_leg_of_an_item_is_the_one_it_flies(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]
) -> None:
    """MISSION_CURRENT tells the leg: the gate belongs to the hand-over, after the last item all is done."""
    plan = make_plan([at(400.0, 0.0)])
    result = compiled(plan)
    assert result.leg_of_item(0) == 0
    assert plan.legs[result.leg_of_item(result.gate_item["o1"])].kind is LegKind.HANDOVER
    assert plan.legs[result.leg_of_item(1)].kind is LegKind.CRUISE
    assert result.leg_of_item(len(result.mission.items)) == len(plan.legs)


def test_over_a_drop_the_acceptance_radius_leaves_room_within_the_release_radius(
    make_plan: MakePlan, at: At, policy: Policy, frame: LocalFrame
) -> None:
    """Elsewhere it is the policy's."""
    tight = replace(policy, release_radius_m=2.0)
    path = [at(0.0, 0.0), at(300.0, 50.0), at(600.0, 0.0)]
    result = compile_sortie(make_plan([path[-1]], paths=[path, path[::-1]]), [], frame, tight)
    assert isinstance(result, Compiled)
    radii = [item.param2 for item in result.mission.items if item.command == WAYPOINT]
    assert radii == [3.0, 1.0, 1.0, 3.0, 3.0, 1.0]


def test_a_plan_compiles_to_one_digest_always(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]
) -> None:
    """The same plan is the same mission; another drop is another."""
    first, again = compiled(make_plan([at(400.0, 0.0)])), compiled(make_plan([at(400.0, 0.0)]))
    other = compiled(make_plan([at(400.0, 0.1)]))
    assert first.mission.digest() == again.mission.digest() != other.mission.digest()


def test_alternates_become_rally_points_with_their_ground(
    make_plan: MakePlan, at: At, policy: Policy, frame: LocalFrame, zone: MakeZone
) -> None:
    """Nearest to the path first; one too near a zone is none, and a note says so."""
    sites = [
        LandingSite("far", "Far field", at(0.0, -900.0), 480.4),
        LandingSite("near", "Near field", at(200.0, 30.0), 492.4),
        LandingSite("shut", "Shut field", at(-300.0, 0.0), 489.4),
    ]
    zones = [zone("R1", shapely.box(-500.0, 10.0, -300.0, 100.0))]
    result = compile_sortie(make_plan([at(600.0, 0.0)], alternates=sites), zones, frame, policy)
    assert isinstance(result, Compiled)
    assert [
        (near(item, site.position), item.z)
        for item, site in zip(result.mission.rally, (sites[1], sites[0]), strict=True)
    ] == [(True, 3.0), (True, pytest.approx(-9.0))]
    assert any("shut" in note and "R1" in note for note in result.notes)


def test_no_more_rally_points_than_px4_holds(
    make_plan: MakePlan, at: At, compiled: Callable[[FlightPlan], Compiled]
) -> None:
    """The 32 nearest; the others are noted."""
    sites = [LandingSite(f"s{n:02}", "", at(0.0, -50.0 - 10.0 * n), 489.4) for n in range(40)]
    result = compiled(make_plan([at(500.0, 0.0)], alternates=sites))
    assert len(result.mission.rally) == 32
    assert len(result.notes) == 8
    assert near(result.mission.rally[0], sites[0].position)


def test_no_fence_no_mission_for_every_order(
    make_plan: MakePlan, at: At, policy: Policy, frame: LocalFrame, zone: MakeZone
) -> None:
    """A vehicle on the ground never leaves with a fence that lacks a zone."""
    plan = make_plan([at(500.0, 0.0), at(500.0, 500.0)])
    zones = [zone("R1", shapely.box(100.0, 10.0, 300.0, 100.0))]
    refusals = compile_sortie(plan, zones, frame, policy)
    assert not isinstance(refusals, Compiled)
    assert [(r.order_id, r.code, r.zone_ids) for r in refusals] == [
        ("o1", RefusalCode.FENCE_TOO_COMPLEX, ("R1",)),
        ("o2", RefusalCode.FENCE_TOO_COMPLEX, ("R1",)),
    ]


def test_the_fence_leaves_diversion_paths_open(make_plan: MakePlan, at: At, policy: Policy, frame: LocalFrame) -> None:
    """The inclusion polygon holds them too."""
    aside = at(300.0, -1500.0)
    result = compile_sortie(make_plan([at(600.0, 0.0)]), [], frame, policy, diversion_paths=[[at(300.0, 0.0), aside]])
    assert isinstance(result, Compiled)
    ring = frame.to_local([item.position for item in result.mission.fence])
    assert shapely.Polygon(ring).contains(shapely.Point(frame.to_local([aside])[0]))


def test_home_may_be_known_better_than_the_hub(make_plan: MakePlan, at: At, policy: Policy, frame: LocalFrame) -> None:
    """The mission says which home it is for."""
    result = compile_sortie(make_plan([at(300.0, 0.0)]), [], frame, policy, home_amsl_m=490.0)
    assert isinstance(result, Compiled)
    assert result.mission.home_amsl_m == 490.0
