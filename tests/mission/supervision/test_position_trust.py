"""When a position is believed (fault F-V4), as rules."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import VehicleState
from mission.supervision.position_trust import GAP_S, PositionTrust

METRE_DEG = 1.0 / 111_250.0
TOP_SPEED_M_S = 25.0


class Track:
    """A vehicle that flies north along a meridian, and what is thought of its position."""

    def __init__(self) -> None:
        self.trust = PositionTrust(TOP_SPEED_M_S)
        self.north_m, self.time_s = 0.0, 100.0
        self.tell(0.0)

    def tell(self, speed_m_s: float) -> None:
        """Let the position be heard."""
        self.trust.observe(
            VehicleState(
                "drone-1",
                boot_time_ms=round(self.time_s * 1000),
                latitude_deg=48.4 + self.north_m * METRE_DEG,
                longitude_deg=15.6,
                velocity_north_m_s=speed_m_s,
                velocity_east_m_s=0.0,
            )
        )

    def fly(self, speed_m_s: float, seconds: float) -> None:
        """Fly on for a time of which nothing is heard but its end."""
        self.north_m, self.time_s = self.north_m + speed_m_s * seconds, self.time_s + seconds
        self.tell(speed_m_s)

    def jump(self, metres: float, speed_m_s: float = 0.0) -> None:
        """Tell another place a moment later."""
        self.north_m, self.time_s = self.north_m + metres, self.time_s + 0.2
        self.tell(speed_m_s)


@given(st.lists(st.tuples(st.floats(0.0, 15.0), st.floats(0.1, 0.5)), max_size=60))
def test_a_flight_whose_velocity_explains_its_way_is_believed(legs: list[tuple[float, float]]) -> None:
    """No false alarm at any speed, however abruptly it changes."""
    track = Track()
    for speed_m_s, seconds in legs:
        track.fly(speed_m_s, min(seconds, 0.4))
    assert track.trust.believed


@given(st.floats(4.0, 500.0), st.lists(st.floats(0.0, 15.0), max_size=30))
def test_a_jump_is_remembered_however_the_vehicle_moves_on(metres: float, speeds: list[float]) -> None:
    """Time heals nothing: the position is wrong by as much as before."""
    track = Track()
    track.jump(metres)
    for speed_m_s in speeds:
        track.fly(speed_m_s, 0.2)
    assert track.trust.jumped_m == pytest.approx(metres, abs=0.02 * metres + 0.5)


@given(st.floats(5.0, 500.0), st.lists(st.floats(0.0, 10.0), max_size=30))
def test_a_jump_back_to_the_track_restores_belief(metres: float, speeds: list[float]) -> None:
    """What the first jump added, the second takes away."""
    track = Track()
    track.jump(metres)
    for speed_m_s in speeds:
        track.fly(speed_m_s, 0.2)
    track.jump(-metres, speeds[-1] if speeds else 0.0)
    assert track.trust.believed


def test_after_a_silence_any_way_at_top_speed_is_believed_and_none_beyond() -> None:
    """Fault F-L2: nobody saw how it flew; what it cannot have flown is a jump."""
    for metres, believed in ((20.0 * TOP_SPEED_M_S, True), (20.0 * TOP_SPEED_M_S + 30.0, False)):
        track = Track()
        track.time_s += 20.0
        track.north_m = metres
        track.tell(0.0)
        assert track.trust.believed is believed


def test_a_silence_does_not_heal_a_jump() -> None:
    """A link that is lost after the jump tells nothing of where the vehicle is."""
    track = Track()
    track.jump(60.0)
    track.time_s += GAP_S + 20.0
    track.tell(0.0)
    assert track.trust.jumped_m == pytest.approx(60.0, abs=1.0)


def test_a_state_without_a_position_is_passed_over() -> None:
    """The next position is compared with the last that was told."""
    track = Track()
    track.trust.observe(VehicleState("drone-1", boot_time_ms=100_100, latitude_deg=math.nan))
    track.jump(60.0)
    assert not track.trust.believed
