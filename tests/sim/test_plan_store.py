"""Plan ids are PX4's own: checked against ids that a real PX4 gave."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.mission import SORTIE_TAGS, MavMissionType, MissionItem
from sim.plan_store import MissionResult, PlanStore, extend_plan_id, item_as_stored


def test_plan_id_of_a_mission_is_the_one_px4_gives() -> None:
    """Three items uploaded to PX4 v1.16.1 were acknowledged with opaque_id 1852108474."""
    nan = math.nan
    items = [
        MissionItem(22, 6, 0.0, 0.0, 0.0, nan, 473977420, 85455940, 10.0),
        MissionItem(16, 6, 0.0, 0.0, 0.0, nan, 473981013, 85455940, 10.0),
        MissionItem(21, 6, 0.0, 0.0, 0.0, nan, 473977420, 85455940, 0.0),
    ]
    plan_id = 0
    for item in items:
        plan_id = extend_plan_id(plan_id, item)
    assert plan_id == 1852108474


def test_plan_id_of_a_rally_point_is_the_one_px4_gives() -> None:
    """One rally point uploaded to PX4 v1.16.1 was acknowledged with opaque_id 1823370528."""
    item = MissionItem(5100, 3, 0.0, 0.0, 0.0, 0.0, 473977420, 85463903, 10.0)
    assert extend_plan_id(0, item) == 1823370528


@given(st.integers(0, SORTIE_TAGS - 1), st.integers(0, SORTIE_TAGS - 1))
def test_two_sortie_tags_are_two_plan_ids(first: int, second: int) -> None:
    """Whatever follows: a CRC-32 tells lists apart that differ within 32 bits in a row (F-V16)."""
    ids = []
    for tag in (first, second):
        speed = MissionItem(178, 2, 1.0, 10.0, -1.0, 0.0, tag)
        stored = item_as_stored(speed, MavMissionType.MISSION)
        assert stored == speed
        ids.append(extend_plan_id(extend_plan_id(0, speed), MissionItem(21, 6, x=473977420, y=85455940)))
    assert (ids[0] == ids[1]) is (first == second)


def test_a_whole_number_beyond_a_32_bit_float_is_read_back_as_another() -> None:
    """PX4 keeps x and y of an item without a place as floats."""
    stored = item_as_stored(MissionItem(178, 2, x=2**24 + 1), MavMissionType.MISSION)
    assert isinstance(stored, MissionItem)
    assert stored.x == 2**24


def test_equal_content_is_no_change() -> None:
    """Storing the plan that is held already leaves its revision alone."""
    store = PlanStore()
    items = (MissionItem(5100, 3, x=1, y=2),)
    store.replace(MavMissionType.RALLY, items, 77)
    store.replace(MavMissionType.RALLY, items, 77)
    assert store.revision[MavMissionType.RALLY] == 1


@pytest.mark.parametrize("command", [16, 17, 19, 21, 22, 31, 195, 201, 4501, 80, 84, 85])
def test_commands_with_a_place_are_taken_in_frames_0_3_5_and_6(command: int) -> None:
    """What PX4 SITL accepted in a mission, by frame; 80, 84 and 85 by its source alone."""
    for frame in (0, 3, 5, 6):
        assert isinstance(item_as_stored(MissionItem(command, frame), MavMissionType.MISSION), MissionItem)
    assert item_as_stored(MissionItem(command, 1), MavMissionType.MISSION) is MissionResult.UNSUPPORTED_FRAME


MEASURED = (
    20,
    93,
    177,
    178,
    179,
    187,
    189,
    197,
    201,
    203,
    205,
    206,
    211,
    214,
    530,
    1000,
    2000,
    2001,
    2003,
    2500,
    42600,
)
FROM_THE_SOURCE = (80, 112, 114, 196, 200, 204, 260, 532, 534, 1001, 2501, 3000)


@pytest.mark.parametrize("command", [*MEASURED, *FROM_THE_SOURCE])
def test_commands_without_a_place_are_taken_in_frame_2_only(command: int) -> None:
    """What PX4 SITL accepted without a place, and refused with one; some by its source alone.

    A region of interest (80, 201) may have a place, so that a frame with one is not refused.
    """
    assert isinstance(item_as_stored(MissionItem(command, 2), MavMissionType.MISSION), MissionItem)
    if command not in (80, 201):
        for frame in (0, 3, 5, 6):
            assert item_as_stored(MissionItem(command, frame), MavMissionType.MISSION) is MissionResult.UNSUPPORTED


@pytest.mark.parametrize("command", [80, 201])
@pytest.mark.parametrize(("frame", "modes"), [(6, {0, 3}), (2, {0, 1, 2})])
def test_a_region_of_interest_is_of_a_kind_that_its_frame_has(command: int, frame: int, modes: set[int]) -> None:
    """MAV_ROI in param1: none (0) or a place (3) in a frame with one; none, next (1) or an item (2) without."""
    for mode in range(-1, 6):
        stored = item_as_stored(MissionItem(command, frame, param1=mode + 0.25 * (mode > 0)), MavMissionType.MISSION)
        assert isinstance(stored, MissionItem) is (mode in modes)
        assert mode in modes or stored is MissionResult.INVALID_PARAM1
    assert item_as_stored(MissionItem(command, frame, math.nan), MavMissionType.MISSION) is MissionResult.INVALID_PARAM1


REFUSED = (18, 23, 25, 30, 82, 92, 94, 95, 113, 115, 176, 180, 181, 182, 183, 184, 188, 192, 207, 208, 210, 212)


@pytest.mark.parametrize("command", [*REFUSED, 222, 223, 224, 400])
def test_commands_that_px4_does_not_take_in_a_mission(command: int) -> None:
    """NAV_PAYLOAD_PLACE (94) and DO_SET_SERVO (183) are among them."""
    for frame in (0, 2, 3, 5, 6):
        assert item_as_stored(MissionItem(command, frame), MavMissionType.MISSION) is MissionResult.UNSUPPORTED


any_float = st.floats(width=32)


@given(
    command=st.integers(0, 65535),
    frame=st.integers(0, 255),
    parameters=st.tuples(any_float, any_float, any_float, any_float, any_float),
    x=st.integers(-(2**31), 2**31 - 1),
    plan=st.sampled_from(MavMissionType),
)
def test_any_item_is_stored_or_refused(
    command: int, frame: int, parameters: tuple[float, ...], x: int, plan: MavMissionType
) -> None:
    """Whatever arrives is either stored with its place and height untouched, or refused with a result."""
    p1, p2, p3, p4, z = parameters
    item = MissionItem(command, frame, p1, p2, p3, p4, x, x, z)
    stored = item_as_stored(item, plan)
    assert 0 <= extend_plan_id(123, item) < 2**32
    if not isinstance(stored, MissionResult):
        assert (stored.command, stored.x, stored.y) == (item.command, item.x, item.y)
        assert stored.z == item.z or math.isnan(item.z)
