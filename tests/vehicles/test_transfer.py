"""Verified transfer: LOADED only what was read back equal and found feasible."""

import asyncio
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.mission import MavFrame, MavMissionType, Mission, MissionItem
from mission.model.telemetry import FlightMode, LandedState
from vehicles.link import PlanIds, StatusText, TransferState, VehicleLink, WriteClaim, WriteStatus
from vehicles.transfer import as_sent, differences, transfer

FLOAT32 = st.floats(width=32, allow_nan=True, allow_infinity=False)
ITEMS = st.builds(
    MissionItem,
    command=st.sampled_from([16, 22, 21, 211, 5001, 5100]),
    frame=st.sampled_from([0, 2, 3, 5, 6]),
    param1=FLOAT32,
    param2=FLOAT32,
    param3=FLOAT32,
    param4=FLOAT32,
    x=st.integers(-900_000_000, 900_000_000),
    y=st.integers(-1_800_000_000, 1_800_000_000),
    z=FLOAT32,
    autocontinue=st.integers(0, 1),
)


def a_link(link: Any) -> VehicleLink:
    """The fake, seen as the protocol: mypy checks that it is one."""
    checked: VehicleLink = link
    return checked


async def test_a_mission_held_exactly_and_feasible_is_loaded(link: Any, mission: Mission) -> None:
    """Equal read-back, item 0 current, ready in Mission mode: LOADED with the mission's digest, back in Hold."""
    result = await transfer(a_link(link), mission, 5.0)
    assert result.state is TransferState.LOADED
    assert result.digest == mission.digest()
    assert result.plan_ids == link.plan_ids()
    assert link.current.mode is FlightMode.HOLD


async def test_fence_then_rally_then_mission(link: Any, mission: Mission) -> None:
    """The mission comes last, so that it is judged against its own fence (F-V14)."""
    await transfer(a_link(link), mission, 5.0)
    assert [entry for entry in link.log if entry.startswith("write")] == [
        "write FENCE",  # the old one away
        "write FENCE",
        "write RALLY",
        "write MISSION",
    ]


async def test_an_empty_fence_is_cleared(link: Any, mission: Mission) -> None:
    """A fence of an earlier sortie does not stay behind."""
    link.held[MavMissionType.FENCE] = mission.fence
    result = await transfer(a_link(link), replace(mission, fence=()), 5.0)
    assert result.ok
    assert link.held[MavMissionType.FENCE] == ()


async def test_a_mission_without_items_is_refused_and_nothing_is_cleared(link: Any, mission: Mission) -> None:
    """An empty list would clear what the vehicle holds, which in flight is its way home."""
    result = await transfer(a_link(link), replace(mission, items=()), 5.0)
    assert result.state is TransferState.NOT_LOADED
    assert "no items" in result.reason
    assert link.log == []


async def test_an_item_held_otherwise_is_not_loaded_and_named(link: Any, mission: Mission) -> None:
    """One height changed on board: NOT_LOADED, and the difference says which item and field (I-25)."""

    def spoil(kind: MavMissionType, items: tuple[MissionItem, ...]) -> tuple[MissionItem, ...]:
        if kind is not MavMissionType.MISSION:
            return items
        return (items[0], replace(items[1], z=items[1].z + 1.0), *items[2:])

    link.spoil = spoil
    result = await transfer(a_link(link), mission, 5.0)
    assert result.state is TransferState.NOT_LOADED
    assert result.digest == ""
    assert result.differences == ("mission item 1: z was sent as 15.0, is held as 16.0",)


async def test_a_write_that_failed_but_was_held_is_loaded(link: Any, mission: Mission) -> None:
    """The read-back decides, not the claim: no blind re-upload (F-L6)."""
    link.write_claims = [WriteClaim(WriteStatus.ACKNOWLEDGED), WriteClaim(WriteStatus.FAILED, "TIMEOUT")]
    result = await transfer(a_link(link), mission, 5.0)
    assert result.ok
    assert link.log.count("write FENCE") == 2  # the old one away, the new one once


async def test_a_lost_list_is_written_again(link: Any, mission: Mission) -> None:
    """A list that arrives incomplete once is written once more (F-L1)."""
    seen: list[MavMissionType] = []

    def spoil(kind: MavMissionType, items: tuple[MissionItem, ...]) -> tuple[MissionItem, ...]:
        seen.append(kind)
        return items[:-1] if seen.count(kind) == 1 else items

    link.spoil = spoil
    result = await transfer(a_link(link), mission, 5.0)
    assert result.ok
    assert result.attempts == 2


async def test_what_cannot_be_read_back_is_unknown(link: Any, mission: Mission) -> None:
    """No read-back, no knowledge: UNKNOWN, never LOADED (F-V12)."""
    link.read_failures = 1_000_000
    result = await transfer(a_link(link), mission, 0.5)
    assert result.state is TransferState.UNKNOWN


async def test_noise_of_a_broken_transaction_is_no_objection(link: Any, mission: Mission) -> None:
    """A busy protocol concerns one attempt; the content is judged by what is held in the end (F-L1)."""
    write = link.write_items

    async def speak(kind: MavMissionType, items: Any, timeout_s: float) -> WriteClaim:
        link.texts.append(StatusText(2, "WPM: IGN MISSION_COUNT: Busy", link.now_s()))
        claim: WriteClaim = await write(kind, items, timeout_s)
        return claim

    link.write_items = speak
    assert (await transfer(a_link(link), mission, 5.0)).ok


async def test_a_refused_item_gives_the_autopilots_words(link: Any, mission: Mission) -> None:
    """A NACK is not tried again, and its reason is kept (F-V11)."""
    link.write_claims = [WriteClaim(WriteStatus.REJECTED, "fence: UNSUPPORTED (IGN MISSION_ITEM)")]
    result = await transfer(a_link(link), mission, 5.0)
    assert result.state is TransferState.NOT_LOADED
    assert "IGN MISSION_ITEM" in result.reason
    assert link.log.count("write FENCE") == 1


async def test_an_infeasible_mission_is_not_loaded(link: Any, mission: Mission) -> None:
    """Ready in Hold, not in Mission mode: the autopilot finds it infeasible, though it acknowledged it (F-V15)."""
    link.feasible = False
    result = await transfer(a_link(link), mission, 5.0)
    assert result.state is TransferState.NOT_LOADED
    assert "infeasible" in result.reason
    assert link.current.mode is FlightMode.HOLD


async def test_a_health_check_that_fails_for_a_moment_is_not_an_infeasible_mission(link: Any, mission: Mission) -> None:
    """PX4 after a landing is unwell now and well then; an infeasible mission stays infeasible: three noes are a no."""
    link.hiccups = 2
    assert (await transfer(link, mission, 5.0)).state is TransferState.LOADED
    link.hiccups = 3
    assert (await transfer(link, mission, 5.0)).state is TransferState.NOT_LOADED


async def test_a_vehicle_ready_in_no_mode_leaves_feasibility_unknown(link: Any, mission: Mission) -> None:
    """Without PREARM in Hold nothing can be concluded from its absence in Mission mode."""
    link.feasible = link.ready_in_hold = False
    assert (await transfer(a_link(link), mission, 5.0)).state is TransferState.UNKNOWN


async def test_a_dropped_fence_is_not_loaded(link: Any, mission: Mission) -> None:
    """PX4 acknowledges a fence that fails its home check, then drops it: its text is the only sign (F-V14)."""
    read = link.read_items

    async def speak(kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...]:
        if kind is MavMissionType.FENCE:
            link.texts.append(StatusText(2, "Geofence invalid, doesn't contain Home position", link.now_s()))
        return tuple(await read(kind, timeout_s))

    link.read_items = speak
    result = await transfer(a_link(link), mission, 5.0)
    assert result.state is TransferState.NOT_LOADED
    assert "doesn't contain Home" in result.reason


async def test_an_autopilot_that_announces_no_fence_does_not_hold_it(link: Any, mission: Mission) -> None:
    """It tells the checksum of its mission, and 0 for the fence: read back or not, it holds none (F-V14)."""
    link.ids = PlanIds(1, 0, 3)
    result = await transfer(a_link(link), mission, 5.0)
    assert result.state is TransferState.NOT_LOADED
    assert "no fence" in result.reason


async def test_a_fence_on_board_is_cleared_on_the_ground_before_the_new_one(link: Any, mission: Mission) -> None:
    """An equal fence would be passed over, with what the autopilot dropped of it (F-V14); in the air it stays."""
    await transfer(a_link(link), mission, 5.0)
    assert link.log.count("write FENCE") == 2
    link.log.clear()
    link.current = replace(link.current, armed=True, landed_state=LandedState.IN_AIR, mode=FlightMode.HOLD)
    await transfer(a_link(link), mission, 5.0)
    assert link.log.count("write FENCE") == 1


async def test_a_violation_by_the_mission_before_is_no_objection(link: Any, mission: Mission) -> None:
    """The new fence may cut the old mission's waypoints; what counts was said after the new mission."""
    write = link.write_items

    async def speak(kind: MavMissionType, items: Any, timeout_s: float) -> WriteClaim:
        if kind is MavMissionType.RALLY:
            link.texts.append(StatusText(2, "Geofence violation for waypoint 2", link.now_s()))
        claim: WriteClaim = await write(kind, items, timeout_s)
        return claim

    link.write_items = speak
    link.delay_s = 0.001
    assert (await transfer(a_link(link), mission, 5.0)).ok


@pytest.mark.parametrize(
    "unknown", [{"mode": FlightMode.UNKNOWN}, {"landed_state": LandedState.UNKNOWN}], ids=["mode", "landed"]
)
async def test_a_vehicle_of_unknown_state_is_not_touched(link: Any, mission: Mission, unknown: dict[str, Any]) -> None:
    """A gateway just started does not know yet whether it flies: nothing is commanded."""
    link.current = replace(link.current, **unknown)
    assert (await transfer(a_link(link), mission, 5.0)).state is TransferState.UNKNOWN
    assert link.log == []


async def test_a_vehicle_flying_a_mission_is_refused(link: Any, mission: Mission) -> None:
    """An upload in Mission mode would be entered in the middle: hold it first."""
    link.current = replace(link.current, armed=True, mode=FlightMode.MISSION, landed_state=LandedState.IN_AIR)
    assert (await transfer(a_link(link), mission, 5.0)).state is TransferState.NOT_LOADED
    assert link.log == []


async def test_a_vehicle_that_finished_a_mission_is_held_first(link: Any, mission: Mission) -> None:
    """PX4 stays in Mission mode after landing, where an upload alone could start a flight."""
    link.current = replace(link.current, mode=FlightMode.MISSION)
    await transfer(a_link(link), mission, 5.0)
    assert link.log[0] == "hold"


async def test_in_flight_feasibility_is_not_probed(link: Any, mission: Mission) -> None:
    """In the air the modes are left alone: starting the mission tells whether it can be flown."""
    link.current = replace(link.current, armed=True, landed_state=LandedState.IN_AIR)
    assert (await transfer(a_link(link), mission, 5.0)).ok
    assert "mission mode" not in link.log


async def test_the_deadline_ends_a_transfer(link: Any, mission: Mission) -> None:
    """A vehicle that never holds what was sent is given up at the deadline, not tried for ever."""
    link.spoil = lambda _kind, _items: ()
    link.delay_s = 0.03
    start_s = asyncio.get_running_loop().time()
    result = await transfer(a_link(link), mission, 0.05)
    assert not result.ok
    assert asyncio.get_running_loop().time() - start_s < 0.5


@given(kind=st.sampled_from(MavMissionType), items=st.lists(ITEMS, max_size=6))
def test_a_list_never_differs_from_itself(kind: MavMissionType, items: list[MissionItem]) -> None:
    """NaN equals NaN, whatever its bits."""
    assert differences(kind, items, items) == ()


@given(
    kind=st.sampled_from(MavMissionType),
    item=ITEMS,
    field=st.sampled_from(["x", "y", "z", "param1", "param2", "command"]),
)
def test_no_position_height_or_parameter_is_ever_normalised_away(
    kind: MavMissionType, item: MissionItem, field: str
) -> None:
    """Whatever PX4 spells differently, a changed value is always a difference."""
    value = getattr(item, field)
    if math.isnan(value):
        changed: float = 0.0
    else:
        changed = value + 1 if isinstance(value, int) else (0.0 if value != 0.0 else 1.0)
    change: dict[str, Any] = {field: changed}
    assert differences(kind, [item], [replace(item, **change)]) != ()


@given(item=ITEMS)
def test_normalising_takes_the_frames_twin_and_nothing_else(item: MissionItem) -> None:
    """Frame 0 and 5 are the same, 3 and 6 are the same, 2 is neither."""
    twins = {
        MavFrame.GLOBAL_AMSL: MavFrame.GLOBAL_AMSL_INT,
        MavFrame.GLOBAL_RELATIVE_HOME: MavFrame.GLOBAL_RELATIVE_HOME_INT,
    }
    twins |= {there: here for here, there in twins.items()}
    for frame in MavFrame:
        spelt = as_sent(MavMissionType.MISSION, item, replace(item, frame=frame))
        same = frame in (item.frame, twins.get(MavFrame(item.frame)))
        assert (spelt.frame == item.frame) is same
