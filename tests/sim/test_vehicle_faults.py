"""Everything that can be made to go wrong with a simulated vehicle does, at its moment, and shows as it would."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, get_args

import pytest

from mission.model.mission import MavMissionType
from sim.fault_kinds import (
    Fault,
    ForeignMode,
    ForeignUpload,
    Frozen,
    GpsJump,
    GpsLost,
    GripperDrops,
    HomeMoved,
    ItemRefused,
    OffTargetLanding,
    ParameterDrift,
    Reboot,
    SystemIdClash,
    Vanish,
    WindChange,
)
from sim.faults import TABLE, describe, plant

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation

ROOT = Path(__file__).resolve().parents[2]


def north_of_home(plans: SimpleNamespace, metres: float) -> tuple[float, float]:
    """Latitude and longitude so far north of home."""
    latitude_e7, longitude_e7 = plans.place(metres, 0.0)
    return latitude_e7 * 1e-7, longitude_e7 * 1e-7


def flying(station: "GroundStation", plans: SimpleNamespace, *faults: Fault) -> "GroundStation":
    """A vehicle with faults on its way north."""
    plant(station.autopilot, faults)
    station.launch(plans.hover_delivery(200.0))
    station.until(lambda: station.autopilot.onboard.airframe.north_m > 40.0, 90.0)
    return station


def test_every_kind_of_fault_has_its_effect_and_plays_an_entry_of_the_catalogue() -> None:
    """The table knows each kind that a configuration may name."""
    assert set(TABLE) == set(get_args(Fault))
    assert all(re.fullmatch(r"F-[LV]\d+", name) for row in TABLE.values() for name in row.plays)
    assert all(row.plays for row in TABLE.values())


def test_the_documentation_shows_the_table_of_faults() -> None:
    """docs/faults-simulated.md holds what `sim.faults.describe` draws."""
    page = (ROOT / "docs" / "faults-simulated.md").read_text(encoding="utf-8")
    assert describe() in page


def test_without_satellites_the_fix_is_gone_and_soon_the_vehicle_lands(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """Fix and SYS_STATUS bit go at once; 5 s later PX4 lands; no position mode is taken (F-V3)."""
    flying(station, plans)
    plant(station.autopilot, [GpsLost("drone-1")])
    station.run(2.0)
    assert station.named("GPS_RAW_INT")[-1].fix_type == 1
    assert not station.named("SYS_STATUS")[-1].onboard_control_sensors_health & 0x20
    assert station.autopilot.onboard.mode.name == "MISSION"
    station.run(5.0)
    assert station.autopilot.onboard.mode.name == "LAND"
    assert station.command(20) == [(1, 0)]
    station.until(lambda: not station.autopilot.onboard.armed, 90.0)


def test_satellites_that_come_back_in_time_change_nothing(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Three seconds without a fix are flown through."""
    flying(station, plans)
    plant(station.autopilot, [GpsLost("drone-1", for_s=3.0)])
    station.run(8.0)
    assert station.named("GPS_RAW_INT")[-1].fix_type == 3
    assert station.autopilot.onboard.mode.name == "MISSION"


def test_a_jump_moves_what_is_believed_and_not_what_is(station: "GroundStation", plans: SimpleNamespace) -> None:
    """GLOBAL_POSITION_INT jumps by 80 m within a step; the truth does not (F-V4)."""
    flying(station, plans)
    onboard = station.autopilot.onboard
    before_true, before = onboard.true_place, onboard.place
    plant(station.autopilot, [GpsJump("drone-1", north_m=0.0, east_m=80.0)])
    station.run(0.1)
    assert onboard.true_place == pytest.approx(before_true, abs=2e-5)
    assert (onboard.place[1] - before[1]) * 111_195 * 0.664 == pytest.approx(80.0, abs=1.0)


def test_a_vanished_vehicle_lies_where_it_fell_and_is_never_heard_again(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """Not one frame, and the vehicle is on the ground (F-V25)."""
    plant(station.autopilot, [Vanish("drone-1", at_item=2)])
    station.launch(plans.hover_delivery(200.0))
    station.until(lambda: station.autopilot.silent, 90.0)
    station.heard.clear()
    station.run(30.0)
    assert station.heard == []
    assert station.autopilot.onboard.airframe.on_ground


def test_a_reboot_in_flight_begins_the_clock_and_the_counters_anew(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """Silent for 3 s; then time_boot_ms is small again, the mission is at item 0 and it holds (F-V18, F-V17)."""
    flying(station, plans)
    plant(station.autopilot, [Reboot("drone-1")])
    station.run(0.1)
    station.heard.clear()
    station.run(2.5)
    assert station.heard == []
    station.run(3.0)
    assert 0 < station.named("GLOBAL_POSITION_INT")[-1].time_boot_ms < 6000
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x03040000
    assert station.named("MISSION_CURRENT")[-1].seq == 0


def test_frozen_telemetry_repeats_itself_on_a_living_link(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Messages go on coming; vehicle time and position stand still; commands are still answered (F-V30)."""
    flying(station, plans)
    plant(station.autopilot, [Frozen("drone-1", for_s=10.0)])
    station.run(1.0)
    station.heard.clear()
    station.run(5.0)
    assert len(station.named("GLOBAL_POSITION_INT")) >= 20
    assert len({(m.time_boot_ms, m.lat) for m in station.named("GLOBAL_POSITION_INT")}) == 1
    assert station.command(410) == [(0, 0)]
    station.run(6.0)
    assert len({m.time_boot_ms for m in station.named("GLOBAL_POSITION_INT")}) > 1


def test_a_vehicle_with_anothers_system_id_speaks_and_listens_under_it(station: "GroundStation") -> None:
    """From the moment on all frames carry the other id; its own is no longer answered (F-L9)."""
    plant(station.autopilot, [SystemIdClash("drone-1", system_id=7)])
    station.run(0.1)
    station.heard.clear()
    station.run(1.0)
    assert {m.get_srcSystem() for _, m in station.heard} == {7}
    assert station.command(400, 1.0) == []


def test_a_foreign_upload_changes_the_plan_id(station: "GroundStation", plans: SimpleNamespace) -> None:
    """The mission held is another, and MISSION_CURRENT's id would say so (F-V13)."""
    assert station.upload(plans.hover_delivery()) == 0
    before = dict(station.autopilot.onboard.plans.ids)
    plant(station.autopilot, [ForeignUpload("drone-1")])
    station.run(0.1)
    after = station.autopilot.onboard.plans.ids
    assert after[MavMissionType.MISSION] not in (0, before[MavMissionType.MISSION])
    assert len(station.download()) == 2


def test_somebody_else_changes_the_mode(station: "GroundStation", plans: SimpleNamespace) -> None:
    """The vehicle returns although nobody here asked (F-V26)."""
    flying(station, plans)
    plant(station.autopilot, [ForeignMode("drone-1", mode="RTL")])
    station.run(1.5)
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x05040000


def test_parameters_and_home_are_not_what_they_were(station: "GroundStation") -> None:
    """A drifted parameter reads back so; home is 30 m off and stays off (F-V27, F-V5)."""
    onboard = station.autopilot.onboard
    plant(station.autopilot, [ParameterDrift("drone-1", "GF_ACTION", 0.0), HomeMoved("drone-1", 30.0, 0.0)])
    station.run(5.0)
    assert onboard.parameters.integer("GF_ACTION") == 0
    assert onboard.home.north_m == 30.0
    assert station.named("HOME_POSITION")[-1].x == pytest.approx(30.0)


def test_a_storm_carries_the_vehicle_away_and_is_told(station: "GroundStation", plans: SimpleNamespace) -> None:
    """A wind faster than the vehicle flies drives it off; WIND_COV says how strong it is (F-V8)."""
    flying(station, plans)
    east = station.autopilot.onboard.airframe.east_m
    plant(station.autopilot, [WindChange("drone-1", speed_m_s=32.0, from_deg=270.0)])
    station.run(20.0)
    assert station.named("WIND_COV")[-1].wind_y > 30.0
    assert station.autopilot.onboard.airframe.east_m > east + 30.0


def test_a_parcel_that_falls_by_itself_is_written_down_where_it_fell(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """One release, on the way, without any command (F-V22)."""
    onboard = station.autopilot.onboard
    onboard.payload.load([0.7])
    flying(station, plans, GripperDrops("drone-1", near=(*north_of_home(plans, 30.0), 5.0)))
    assert [release.mass_kg for release in onboard.payload.releases] == [0.7]
    assert onboard.payload.releases[0].latitude_deg == pytest.approx(north_of_home(plans, 30.0)[0], abs=6e-5)


def test_a_landing_beside_its_place(station: "GroundStation", plans: SimpleNamespace) -> None:
    """It stands 8 m east of home (F-V23)."""
    plant(station.autopilot, [OffTargetLanding("drone-1", north_m=0.0, east_m=8.0)])
    station.fly(plans.hover_delivery(30.0))
    assert station.autopilot.onboard.airframe.east_m == pytest.approx(8.0, abs=0.5)


def test_an_item_is_refused_as_often_as_asked_and_the_old_plan_stays(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """Item 3 is answered INVALID once; what was held before is held still; then the upload succeeds (F-V11)."""
    assert station.upload(plans.hover_delivery(30.0)) == 0
    held = station.autopilot.onboard.plans.ids[MavMissionType.MISSION]
    plant(station.autopilot, [ItemRefused("drone-1", item=3, times=1)])
    station.count(8)
    for number, item in enumerate(plans.hover_delivery(60.0)[:4]):
        station.send_item(number, item)
    assert station.named("MISSION_ACK")[-1].type == 5
    assert station.autopilot.onboard.plans.ids[MavMissionType.MISSION] == held
    assert station.upload(plans.hover_delivery(60.0)) == 0
