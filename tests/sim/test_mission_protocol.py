"""The vehicle's side of the mission protocol, rule by rule as PX4 v1.16 plays it."""

import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pymavlink.dialects.v20 import common as dialect

from mission.model.mission import MavMissionType
from sim.autopilot import Autopilot

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

MISSION, FENCE, RALLY = 0, 1, 2


def held(station: "GroundStation", plan: MavMissionType = MavMissionType.MISSION) -> int:
    """How many items of a plan the vehicle holds."""
    return len(station.autopilot.onboard.plans.items[plan])


def test_first_request_after_boot_is_float_and_the_next_are_int(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """PX4 asks for item 0 with MISSION_REQUEST until it has seen a MISSION_ITEM_INT, then with MISSION_REQUEST_INT."""
    assert station.upload(plans.hover_delivery()[:3]) == 0
    assert [m.get_type() for m in station.named("MISSION_REQUEST", "MISSION_REQUEST_INT")] == [
        "MISSION_REQUEST",
        "MISSION_REQUEST_INT",
        "MISSION_REQUEST_INT",
    ]


def test_unanswered_request_is_repeated_every_250_ms_and_given_up_after_5_s(station: "GroundStation") -> None:
    """A silent client is asked about 20 times, then the transfer ends with a text."""
    station.count(4)
    station.run(6.0)
    times = [t for t, m in station.heard if m.get_type() == "MISSION_REQUEST"]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(0.25 <= gap <= 0.29 for gap in gaps)
    assert times[-1] - times[0] == pytest.approx(5.0, abs=0.3)
    assert station.texts() == ["Operation timeout"]


def test_count_during_an_upload_is_answered_but_the_old_count_stays(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """Another MISSION_COUNT before item 0 repeats the request; the upload still ends after the first count."""
    items = plans.hover_delivery()
    station.count(2)
    station.count(8)
    assert len(station.named("MISSION_REQUEST")) == 2
    for sequence in range(2):
        station.send_item(sequence, items[sequence])
    assert station.named("MISSION_ACK")[-1].type == 0
    assert held(station) == 2


def test_second_client_is_refused_as_busy(station: "GroundStation", plans: SimpleNamespace) -> None:
    """While one client uploads, another one's MISSION_COUNT gets MISSION_ACK ERROR and changes nothing."""
    station.count(2)
    other = type(station)(station.autopilot, system_id=200)
    other.count(1)
    assert [(m.type, m.target_system) for m in other.named("MISSION_ACK")] == [(1, 200)]
    for sequence, mission_item in enumerate(plans.hover_delivery()[:2]):
        station.send_item(sequence, mission_item)
    assert held(station) == 2


def test_clear_and_list_during_an_upload_are_ignored(station: "GroundStation", plans: SimpleNamespace) -> None:
    """MISSION_CLEAR_ALL and MISSION_REQUEST_LIST get no answer while an upload is under way."""
    station.upload(plans.hover_delivery())
    station.heard.clear()
    station.count(3)
    station.send(dialect.MAVLink_mission_clear_all_message(1, 1, MISSION))
    station.send(dialect.MAVLink_mission_request_list_message(1, 1, MISSION))
    assert not station.named("MISSION_ACK", "MISSION_COUNT")
    assert held(station) == 8


def test_lost_ack_is_repeated_for_the_last_item(station: "GroundStation", plans: SimpleNamespace) -> None:
    """When the client sends the last item again, the ACK comes again, with the same plan id (F-L6)."""
    items = plans.hover_delivery()
    station.upload(items)
    station.send_item(len(items) - 1, items[-1])
    assert [ack.type for ack in station.named("MISSION_ACK")] == [0, 0]


@pytest.mark.parametrize(
    ("command", "frame", "result"),
    [(183, 2, 3), (94, 6, 3), (16, 1, 2), (16, 2, 3), (211, 6, 3), (178, 3, 3), (20, 6, 3), (23, 6, 3)],
)
def test_parse_errors_are_refused_at_once_and_the_old_mission_stays(
    station: "GroundStation", plans: SimpleNamespace, command: int, frame: int, result: int
) -> None:
    """An unsupported command (3) or frame (2) ends the upload with its NACK; the mission held stays (F-V11)."""
    station.upload(plans.hover_delivery())
    before = station.autopilot.onboard.plans.ids[MavMissionType.MISSION]
    station.count(2)
    station.send_item(0, plans.item(22, 0.0, 0.0, 10.0))
    station.send_item(1, plans.item(command, 10.0, 0.0, 10.0, frame=frame))
    assert station.named("MISSION_ACK")[-1].type == result
    station.run(0.2)
    assert station.texts()[-1] == "IGN MISSION_ITEM: Invalid item"
    assert held(station) == 8
    assert station.autopilot.onboard.plans.ids[MavMissionType.MISSION] == before


@pytest.mark.parametrize(("frame", "result"), [(0, 0), (3, 0), (5, 2), (6, 2)])
def test_an_item_with_float_degrees_comes_in_a_frame_of_floats(
    station: "GroundStation", plans: SimpleNamespace, frame: int, result: int
) -> None:
    """MISSION_ITEM in frame 5 or 6, which say that degrees are whole numbers, gets UNSUPPORTED_FRAME."""
    item = plans.item(22, 0.0, 0.0, 10.0)
    station.count(1)
    place = item.x * 1e-7, item.y * 1e-7, item.z
    station.send(dialect.MAVLink_mission_item_message(1, 1, 0, frame, 22, 1, 1, 0.0, 0.0, 0.0, 0.0, *place, MISSION))
    assert station.named("MISSION_ACK")[-1].type == result


@pytest.mark.parametrize(("plan", "limit"), [(MISSION, 10_000), (FENCE, 64), (RALLY, 32)])
def test_too_many_items_are_refused_at_the_count(station: "GroundStation", plan: int, limit: int) -> None:
    """64 fence vertices and 32 rally points is all that PX4 takes; one more is NO_SPACE."""
    station.count(limit + 1, plan)
    assert [(m.type, m.mission_type) for m in station.named("MISSION_ACK")] == [(4, plan)]
    station.count(limit, plan)
    assert len(station.named("MISSION_REQUEST")) == 1


def test_fence_polygon_with_two_vertices_is_an_error(station: "GroundStation", plans: SimpleNamespace) -> None:
    """A vertex that announces fewer than 3 vertices gets MISSION_ACK ERROR."""
    station.count(2, FENCE)
    station.send_item(0, plans.item(5001, 0.0, 0.0, 0.0, 2.0), FENCE)
    assert station.named("MISSION_ACK")[-1].type == 1


def test_what_is_read_back_is_what_was_sent(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Mission, fence and rally points come back field by field; fence and rally frames as their INT twins."""
    mission, fence = plans.hover_delivery(), plans.square_fence(500.0)
    rally = [plans.item(5100, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, frame=3)]
    for plan, items in ((MISSION, mission), (FENCE, fence), (RALLY, rally)):
        assert station.upload(items, plan) == 0
        read = station.download(plan)
        assert [(m.command, m.x, m.y, m.z) for m in read] == [(i.command, i.x, i.y, i.z) for i in items]
        assert [m.param1 for m in read] == [i.param1 for i in items]
        assert all(m.frame in (2, 5, 6) for m in read)
    assert [m.current for m in station.download(MISSION)] == [1, *[0] * 7]


def test_parameters_that_px4_has_no_use_for_come_back_as_zero(station: "GroundStation", plans: SimpleNamespace) -> None:
    """A waypoint's pass-by radius and a take-off's pitch are not stored; a heading comes back within 0..360."""
    station.upload([plans.item(22, 0.0, 0.0, 10.0, 15.0), plans.item(16, 10.0, 0.0, 10.0, 1.0, 2.0, 9.0, -90.0)])
    takeoff, waypoint = station.download(MISSION)
    assert takeoff.param1 == 0.0
    assert (waypoint.param1, waypoint.param2, waypoint.param3, waypoint.param4) == (1.0, 2.0, 0.0, 270.0)


def test_count_of_zero_clears_the_plan(station: "GroundStation", plans: SimpleNamespace) -> None:
    """MISSION_COUNT 0 empties the plan and is ACKed."""
    station.upload(plans.hover_delivery())
    station.count(0)
    assert station.named("MISSION_ACK")[-1].type == 0
    assert held(station) == 0


def test_clear_all_plans_at_once(station: "GroundStation", plans: SimpleNamespace) -> None:
    """MISSION_CLEAR_ALL with MAV_MISSION_TYPE_ALL empties mission, fence and rally points."""
    station.upload(plans.hover_delivery())
    station.upload(plans.square_fence(100.0), FENCE)
    station.send(dialect.MAVLink_mission_clear_all_message(1, 1, 255))
    assert [held(station, plan) for plan in MavMissionType] == [0, 0, 0]


def test_set_current_moves_the_index_and_refuses_one_past_the_end(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """MISSION_SET_CURRENT is followed by MISSION_CURRENT; an index that does not exist gets a text."""
    station.upload(plans.hover_delivery())
    station.send(dialect.MAVLink_mission_set_current_message(1, 1, 3))
    station.run(0.1)
    assert station.named("MISSION_CURRENT")[-1].seq == 3
    station.send(dialect.MAVLink_mission_set_current_message(1, 1, 8))
    station.run(0.1)
    assert station.texts() == ["WPM: WP CURR CMD: Not in list"]
    assert station.autopilot.navigator.mission.current == 3


def test_identical_upload_keeps_the_old_index(station: "GroundStation", plans: SimpleNamespace) -> None:
    """PX4 does not notice an equal mission: the index stays where it was, whatever `current` says (F-V16)."""
    station.upload(plans.hover_delivery())
    station.send(dialect.MAVLink_mission_set_current_message(1, 1, 3))
    station.run(0.1)
    station.upload(plans.hover_delivery())
    station.run(0.1)
    assert station.autopilot.navigator.mission.current == 3


def test_messages_for_another_system_are_not_answered(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """A client that broadcasts to every vehicle of a port reaches only the one it names (F-L9)."""
    station = make_station()
    station.send(dialect.MAVLink_mission_count_message(7, 1, 3, 0))
    station.send(dialect.MAVLink_command_long_message(7, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0))
    station.run(0.2)
    assert not station.named("MISSION_REQUEST", "COMMAND_ACK")
    assert not station.autopilot.onboard.armed


def test_link_time_outs_stretch_with_the_speed_factor(plans: SimpleNamespace, station: "GroundStation") -> None:
    """At 20 times real time a client still has 250 ms of real time before it is asked again."""
    fast = type(station)(Autopilot(station.autopilot.onboard.config, link_time_scale=20.0))
    fast.run(4.0)
    fast.count(1)
    fast.run(4.9)
    assert len(fast.named("MISSION_REQUEST")) == 1
    fast.run(0.3)
    assert len(fast.named("MISSION_REQUEST")) == 2
