"""Whatever a vehicle reads back, the verifier answers with a verdict: never an exception, never a false yes."""

import math
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.model.mission import MavCommand, Mission, MissionItem

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene

float32 = st.floats(width=32)
int32 = st.integers(-(2**31), 2**31 - 1)
commands = st.one_of(st.sampled_from([int(one) for one in MavCommand]), st.integers(0, 65_535))
frames = st.one_of(st.sampled_from([0, 2, 3, 5, 6]), st.integers(0, 255))
latitudes = st.one_of(st.integers(483_000_000, 485_000_000), int32)
longitudes = st.one_of(st.integers(155_000_000, 157_000_000), int32)
small = st.one_of(st.sampled_from([0.0, 1.0, 3.0, 4.0, 60.0, -1.0]), float32)
items = st.builds(
    MissionItem,
    command=commands,
    frame=frames,
    param1=small,
    param2=small,
    param3=small,
    param4=small,
    x=latitudes,
    y=longitudes,
    z=small,
    autocontinue=st.sampled_from([1, 1, 1, 0, 255]),
)
lists = st.lists(items, max_size=6).map(tuple)
QUICK = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(flown=lists, fence=lists, rally=lists)
def test_any_items_get_a_verdict(
    scene: "Scene",
    flown: tuple[MissionItem, ...],
    fence: tuple[MissionItem, ...],
    rally: tuple[MissionItem, ...],
) -> None:
    """Random items never deliver the order, so the answer is no, with reasons."""
    verdict = scene.but(items=flown, fence=fence, rally=rally, fenced=False).verdict()
    assert not verdict.ok
    assert verdict.mission_digest == Mission(flown, fence, rally, scene.home, scene.home_amsl_m).digest()
    assert not math.isnan(verdict.smallest_clearance_m)


@QUICK
@given(index=st.integers(0, 9), bit=st.integers(6, 31), which=st.sampled_from(["x", "y"]))
def test_any_flipped_bit_of_a_position_that_matters_is_found(scene: "Scene", index: int, bit: int, which: str) -> None:
    """A position off by more than a kilometre or so is found; a smaller error is if it breaks a rule."""
    if scene.items[index].x == 0:
        return
    value = getattr(scene.items[index], which)
    flipped = (value ^ (1 << bit)) if bit < 31 else value - 2**31
    off_m = abs(flipped - value) * 0.0111 * (1.0 if which == "x" else 0.66)
    verdict = scene.with_item(index, **{which: flipped}).verdict()
    moved_beyond_the_town = off_m > 2_400.0
    ends_or_drop = index in (0, 5, 9) and off_m > 5.5
    if moved_beyond_the_town or ends_or_drop:
        assert not verdict.ok


@QUICK
@given(index=st.integers(0, 9), raised=st.floats(61.0, 100_000.0, width=32))
def test_any_item_too_high_is_found(scene: "Scene", index: int, raised: float) -> None:
    """Higher than 120 m over ground by whatever item."""
    if scene.items[index].x == 0:
        return
    verdict = scene.but(zones=()).with_item(index, z=60.0 + raised).verdict()
    assert not verdict.ok
