"""Whole flights in virtual time: what is seen on the link, in which order."""

import itertools
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pymavlink.dialects.v20 import common as dialect

from mission.model.mission import MavMissionType

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

HOLD, MISSION, RTL, LAND = 0x03040000, 0x04040000, 0x05040000, 0x06040000
ON_GROUND, IN_AIR, TAKEOFF, LANDING = 1, 2, 3, 4
FENCE, RALLY = 1, 2


def distance_home_m(station: "GroundStation") -> float:
    """True horizontal distance from where the vehicle booted."""
    airframe = station.autopilot.onboard.airframe
    return math.hypot(airframe.north_m, airframe.east_m)


def test_hover_delivery_from_arming_to_disarming(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """States, reached items, texts and modes of a delivery come in the order in which PX4 sends them."""
    station = make_station(loads_kg=())
    station.autopilot.onboard.payload.load([0.6])
    station.fly(plans.hover_delivery())
    assert station.changes_of("EXTENDED_SYS_STATE", "landed_state") == [ON_GROUND, TAKEOFF, IN_AIR, LANDING, ON_GROUND]
    assert station.changes_of("MISSION_ITEM_REACHED", "seq") == [1, 2, 4, 5, 6, 7]
    assert station.texts() == [
        "Armed by external command",
        "Executing Mission",
        "Climb to 20.0 meters above home",
        "Takeoff detected",
        "Landing detected",
        "Mission finished, landed",
        "Disarmed by landing",
    ]
    assert station.changes_of("HEARTBEAT", "base_mode", "custom_mode", "system_status") == [
        (29, HOLD, 0),
        (29, HOLD, 3),
        (157, MISSION, 4),
        (29, MISSION, 3),
    ]
    (release,) = station.autopilot.onboard.payload.releases
    assert (release.slot, release.mass_kg) == (1, 0.6)
    assert release.height_home_m == pytest.approx(5.0, abs=1.0)
    latitude, longitude = plans.place(60.0, 0.0)
    assert release.latitude_deg == pytest.approx(latitude * 1e-7, abs=2e-5)
    assert release.longitude_deg == pytest.approx(longitude * 1e-7, abs=2e-5)
    assert distance_home_m(station) < 1.0


def test_final_land_item_is_reached_long_before_touchdown(station: "GroundStation", plans: SimpleNamespace) -> None:
    """MISSION_ITEM_REACHED of the last item comes 10 s and more before the landing: it is no end (F-V20)."""
    station.fly(plans.hover_delivery())
    reached = next(t for t, m in station.heard if m.get_type() == "MISSION_ITEM_REACHED" and m.seq == 7)
    landed = next(t for t, m in station.heard if m.get_type() == "STATUSTEXT" and m.text.startswith("Landing"))
    assert landed - reached > 10.0


def test_after_the_final_landing_it_disarms_at_once_if_it_never_left_its_mission(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """After a Hold on the way it stands armed for COM_DISARM_LAND first."""

    def waits_armed_s(*, holds: bool) -> float:
        station = make_station()
        station.launch(plans.hover_delivery(60.0))
        station.run(15.0)
        if holds:
            station.command(176, 1.0, 4.0, 3.0)
            station.run(2.0)
            station.command(176, 1.0, 4.0, 4.0)
        station.until(lambda: not station.autopilot.onboard.armed, 120.0)
        station.run(1.0)
        times = {m.text.rstrip(): t for t, m in station.heard if m.get_type() == "STATUSTEXT"}
        return times["Disarmed by landing"] - times["Landing detected"]

    assert waits_armed_s(holds=False) < 0.5
    assert waits_armed_s(holds=True) == pytest.approx(2.0, abs=0.5)


def test_reached_item_is_repeated_ten_times_at_one_hertz(station: "GroundStation", plans: SimpleNamespace) -> None:
    """A lost MISSION_ITEM_REACHED comes again."""
    station.fly([plans.item(22, 0.0, 0.0, 20.0), plans.item(16, 150.0, 0.0, 20.0), plans.item(21, 0.0, 0.0, 0.0)])
    times = [t for t, m in station.heard if m.get_type() == "MISSION_ITEM_REACHED" and m.seq == 0]
    assert len(times) == 11
    assert all(0.98 <= b - a <= 1.02 for a, b in itertools.pairwise(times))


def test_delivery_by_landing_takes_off_again_by_itself(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """A LAND in the middle does not disarm; the vehicle goes on, and its home is then where it landed."""
    station = make_station()
    items = [
        plans.item(22, 0.0, 0.0, 15.0),
        plans.item(16, 60.0, 0.0, 15.0),
        plans.item(21, 60.0, 0.0, 0.0),
        plans.action(211, 1.0, 0.0),
        plans.action(93, 3.0, -1.0, -1.0, -1.0),
        plans.item(16, 60.0, 0.0, 15.0),
        plans.item(21, 0.0, 0.0, 0.0),
    ]
    station.launch(items)
    onboard = station.autopilot.onboard
    station.until(lambda: onboard.landed and station.autopilot.navigator.mission.current > 2, 120.0)
    station.until(lambda: not onboard.landed, 20.0)
    station.run(2.5)
    assert onboard.armed
    latitude, _ = plans.place(60.0, 0.0)
    assert station.named("HOME_POSITION")[-1].latitude == pytest.approx(latitude, abs=100)
    station.until(lambda: not onboard.armed, 120.0)
    station.run(1.0)
    states = station.changes_of("EXTENDED_SYS_STATE", "landed_state")
    assert states == [ON_GROUND, TAKEOFF, IN_AIR, LANDING, ON_GROUND, IN_AIR, LANDING, ON_GROUND]
    assert distance_home_m(station) < 1.0


def test_same_flight_is_the_same_every_time(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """Two runs of one flight send the same messages at the same simulated times."""

    def run() -> list[tuple[float, str]]:
        station = make_station()
        station.fly(plans.hover_delivery(30.0))
        return [(t, str(m)) for t, m in station.heard]

    assert run() == run()


def test_upload_in_flight_keeps_the_current_index(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Another mission goes on at the same index unless an item is marked current."""
    station.launch(plans.hover_delivery(200.0))
    station.until(lambda: station.autopilot.navigator.mission.current == 2, 60.0)
    other = [plans.item(16, 0.0, 50.0 * n, 25.0) for n in range(4)]
    assert station.upload(other, first_is_current=False) == 0
    station.run(0.2)
    assert station.autopilot.navigator.mission.current == 2
    station.send(dialect.MAVLink_mission_set_current_message(1, 1, 0))
    station.run(0.2)
    assert station.named("MISSION_CURRENT")[-1].seq == 0


def test_diversion_hold_upload_set_current_start(station: "GroundStation", plans: SimpleNamespace) -> None:
    """In the air: Hold, another mission without a take-off, current = 0, start – and it lands there."""
    station.launch(plans.hover_delivery(200.0))
    station.run(40.0)
    assert station.command(176, 1.0, 4.0, 3.0)[-1] == (0, 0)
    station.run(3.0)
    assert station.upload([plans.item(16, 50.0, 50.0, 30.0), plans.item(21, 80.0, 50.0, 0.0)]) == 0
    station.send(dialect.MAVLink_mission_set_current_message(1, 1, 0))
    station.run(1.0)
    assert station.command(300) == [(0, 0)]
    station.until(lambda: not station.autopilot.onboard.armed, 120.0)
    airframe = station.autopilot.onboard.airframe
    assert (airframe.north_m, airframe.east_m) == pytest.approx((80.0, 50.0), abs=1.5)


def test_return_flies_straight_home_and_the_mode_is_mission_again_after_disarming(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """An RTL item: mode RTL, straight at RTL_RETURN_ALT or the height it has, land, disarm, back to MISSION."""
    station.fly([plans.item(22, 0.0, 0.0, 20.0), plans.item(16, 60.0, 40.0, 20.0), plans.action(20)])
    assert station.changes_of("HEARTBEAT", "custom_mode") == [HOLD, MISSION, RTL, MISSION]
    assert "RTL: start return at 230 m (30 m above destination)" in station.texts()
    assert distance_home_m(station) < 1.0


def test_return_goes_to_the_nearest_rally_point(station: "GroundStation", plans: SimpleNamespace) -> None:
    """RTL_TYPE 0: of home and the rally points, the nearest."""
    station.upload([plans.item(5100, 80.0, 0.0, 0.0, frame=3)], RALLY)
    station.launch(plans.hover_delivery(100.0))
    station.until(lambda: station.autopilot.navigator.mission.current == 3, 60.0)
    station.command(20)
    station.until(lambda: not station.autopilot.onboard.armed, 120.0)
    assert station.autopilot.onboard.airframe.north_m == pytest.approx(80.0, abs=2.0)


def test_leg_through_an_exclusion_ends_in_hold_at_its_edge(station: "GroundStation", plans: SimpleNamespace) -> None:
    """GF_ACTION 2, PX4's default: the vehicle holds behind the edge, and stays."""
    station.upload(plans.square_fence(20.0, command=5002, north_m=60.0), FENCE)
    station.launch(plans.hover_delivery(120.0))
    station.run(60.0)
    assert station.changes_of("HEARTBEAT", "custom_mode", "system_status")[-1] == (HOLD, 5)
    assert station.texts()[-2:] == ["Geofence: approaching or outside geofence", "Failsafe activated"]
    assert 40.0 < station.autopilot.onboard.airframe.north_m < 62.0


@pytest.mark.parametrize(("action", "mode", "is_told"), [(0, MISSION, False), (1, MISSION, True), (5, LAND, True)])
def test_fence_actions_fly_on_tell_or_land(
    make_station: "MakeStation", plans: SimpleNamespace, action: int, mode: int, is_told: bool
) -> None:
    """GF_ACTION 0 says nothing and 1 a text while the mission goes on; 5 lands, after a Hold."""
    station = make_station(parameters={"GF_ACTION": action})
    station.upload(plans.square_fence(20.0, command=5002, north_m=60.0), FENCE)
    station.launch(plans.hover_delivery(120.0))
    station.until(lambda: station.autopilot.onboard.airframe.north_m > 42.0, 60.0)
    station.run(7.5)
    assert station.named("HEARTBEAT")[-1].custom_mode == mode
    assert ("Geofence: approaching or outside geofence" in station.texts()) is is_told


def test_fence_action_return_holds_five_seconds_first(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """GF_ACTION 3: Hold for COM_FAIL_ACT_T, then the return, landing and disarming; then MISSION again."""
    station = make_station(parameters={"GF_ACTION": 3, "RTL_RETURN_ALT": 15.0})
    station.upload(plans.square_fence(8.0, command=5002, north_m=40.0), FENCE)
    station.fly(plans.hover_delivery(80.0))
    assert station.changes_of("HEARTBEAT", "custom_mode", "system_status") == [
        (HOLD, 0),
        (HOLD, 3),
        (MISSION, 4),
        (HOLD, 5),
        (RTL, 5),
        (MISSION, 3),
    ]
    times = {m.text: t for t, m in station.heard if m.get_type() == "STATUSTEXT"}
    announced = times["Failsafe activated: entering Hold for 5 seconds\t"]
    assert times["Failsafe activated\t"] - announced == pytest.approx(5.0, abs=0.3)


def test_battery_warns_returns_and_lands_as_it_empties(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """Low warns, critical holds 5 s and returns, emergency lands where it is (F-V1)."""
    station = make_station(
        battery_wh=12.0, parameters={"BAT_LOW_THR": 0.6, "BAT_CRIT_THR": 0.45, "BAT_EMERGEN_THR": 0.3}
    )
    station.fly(plans.hover_delivery(600.0))
    texts = station.texts()
    wanted = ["Low battery", "Critical battery", "RTL: start return", "Emergency battery level", "Landing detected"]
    places = [next(i for i, text in enumerate(texts) if text.startswith(start)) for start in wanted]
    assert places == sorted(places)
    modes = station.changes_of("HEARTBEAT", "custom_mode")
    assert modes == [HOLD, MISSION, HOLD, RTL, LAND, MISSION]
    assert distance_home_m(station) > 20.0


def test_lost_ground_station_acts_only_when_told_to(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """NAV_DLL_ACT 0 flies on; 1 holds, 2 returns, 3 lands, and none resumes when the link is back."""
    for action, last_mode in ((0, MISSION), (1, HOLD), (2, RTL), (3, LAND)):
        station = make_station(parameters={"NAV_DLL_ACT": action, "COM_DL_LOSS_T": 5})
        station.launch(plans.hover_delivery(400.0))
        station.run(25.0)
        station.heartbeats = False
        station.run(14.0)
        station.heartbeats = True
        station.run(5.0)
        assert station.named("HEARTBEAT")[-1].custom_mode == last_mode


def test_finished_mission_starts_anew_only_after_disarming(station: "GroundStation", plans: SimpleNamespace) -> None:
    """After landing and disarming at the last item, MISSION_START begins at item 0 again."""
    station.fly(plans.hover_delivery(20.0))
    assert station.autopilot.navigator.mission.current == 7
    station.command(300)
    station.run(0.2)
    assert station.autopilot.navigator.mission.current == 0


def test_plan_ids_are_told_with_the_current_item(station: "GroundStation", plans: SimpleNamespace) -> None:
    """The ids in MISSION_CURRENT are the ids of the plans held."""
    station.upload(plans.hover_delivery())
    station.upload(plans.square_fence(500.0), FENCE)
    ids = station.autopilot.onboard.plans.ids
    assert [bool(ids[plan]) for plan in MavMissionType] == [True, True, False]
    station.run(1.1)
    current = station.named("MISSION_CURRENT")[-1]
    assert (current.seq, current.total) == (0, 8)
