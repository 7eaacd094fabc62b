"""Each test plants one fault into a clean delivery and sees exactly the finding that belongs to it."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mission.geodesy.terrain import FlatTerrain, ReliefTerrain, UnknownTerrain
from mission.model.geo import ElevationRange
from mission.model.mission import MavCommand, MavFrame

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town


def test_a_clean_delivery_has_no_findings(scene: "Scene") -> None:
    """The golden mission passes, and its clearance is the one measured on paper: 37.5 m × cos 7.1°."""
    verdict = scene.verdict()
    assert verdict.findings == ()
    assert verdict.ok
    assert verdict.smallest_clearance_m == pytest.approx(37.5 * math.cos(math.atan2(100, 800)), abs=0.01)
    assert verdict.mission_digest == scene.mission().digest()


def test_a_waypoint_shifted_into_a_zone_is_found(scene: "Scene", town: "Town") -> None:
    """A corner moved by 150 m leads through the hospital."""
    moved = town.at(1000.0, 100.0)
    corner = town.item(MavCommand.NAV_WAYPOINT, moved, 60.0)
    verdict = scene.with_item(2, x=corner.x, y=corner.y).verdict()
    assert [finding.code for finding in verdict.findings] == ["ZONE_ENTERED"]
    finding = verdict.findings[0]
    assert finding.zone_id == "hospital"
    assert finding.item in (2, 3)
    assert finding.measured is not None
    assert finding.measured <= 0.0
    assert finding.place is not None
    assert finding.time is not None


def test_a_dropped_waypoint_is_found_by_the_zone_it_led_around(scene: "Scene", town: "Town") -> None:
    """Without the corner on the way out, the straight line goes through a wood that the corner avoided."""
    wood = town.zone("wood", town.box(700.0, 240.0, 800.0, 400.0))
    guarded = scene.but(zones=(wood,))
    assert guarded.codes() == []
    verdict = guarded.but(items=guarded.items[:2] + guarded.items[3:]).verdict()
    assert [(f.code, f.zone_id, f.item) for f in verdict.findings] == [("ZONE_ENTERED", "wood", 2)]


def test_a_corner_cut_between_two_waypoints_is_found(scene: "Scene", town: "Town") -> None:
    """A leg which clips the corner of a zone enters it although no waypoint does."""
    clipped = town.zone("clipped", town.ring((1050.0, 200.0), (1200.0, 200.0), (1050.0, 285.0)))
    assert scene.but(zones=()).with_zone(clipped).codes() == ["ZONE_ENTERED"]


def test_a_height_in_the_wrong_datum_is_found_too_high(scene: "Scene") -> None:
    """260 m AMSL written into a frame above home is 260 m above ground."""
    assert scene.with_item(2, z=260.0).codes()[:2] == ["HEIGHT_TOO_HIGH", "ZONE_ENTERED"]
    assert scene.but(zones=()).with_item(2, z=260.0).codes() == ["HEIGHT_TOO_HIGH"]


def test_a_height_in_the_wrong_datum_is_found_below_ground(scene: "Scene") -> None:
    """60 m above home written into an AMSL frame is 140 m below ground."""
    assert scene.with_item(2, frame=MavFrame.GLOBAL_AMSL_INT).codes() == ["HEIGHT_BELOW_GROUND"]


def test_the_same_height_in_an_amsl_frame_is_clean(scene: "Scene") -> None:
    """260 m AMSL over a home at 200 m is the same flight as 60 m above home."""
    assert scene.with_item(2, frame=MavFrame.GLOBAL_AMSL_INT, z=260.0).codes() == []
    assert scene.with_item(2, frame=MavFrame.GLOBAL_AMSL, z=260.0).codes() == []


def test_an_ellipsoid_height_given_as_home_elevation_is_found(scene: "Scene") -> None:
    """Home 44 m too high, the geoid's height over the ellipsoid there, is found by the terrain."""
    found = scene.but(home_amsl_m=244.0).codes()
    assert found == ["HOME_ELEVATION", "RELEASE_TOO_HIGH"]  # 6 m above such a home is 50 m above the drop


def test_a_home_of_unknown_elevation_is_found(scene: "Scene") -> None:
    """Without home's elevation no height is known; zones then bind at all heights."""
    codes = scene.but(home_amsl_m=math.nan).codes()
    assert "HOME_ELEVATION" in codes
    assert "ZONE_ENTERED" in codes


def test_latitude_and_longitude_swapped_is_found(scene: "Scene") -> None:
    """A swapped waypoint lies in Yemen (F-A10)."""
    original = scene.items[2]
    verdict = scene.with_item(2, x=original.y, y=original.x).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("POSITION_SWAPPED", 2)]
    assert verdict.smallest_clearance_m == -math.inf


def test_a_waypoint_in_another_country_is_found(scene: "Scene") -> None:
    """A degree too far, which PX4 takes unchecked."""
    verdict = scene.with_item(2, x=scene.items[2].x + 10_000_000).verdict()
    assert [(f.code, f.item, f.unit) for f in verdict.findings] == [("POSITION_FAR_FROM_HOME", 2, "m")]


def test_a_latitude_beyond_the_pole_is_found(scene: "Scene") -> None:
    """Latitude 91, which PX4 takes unchecked."""
    assert scene.with_item(2, x=910_000_000).codes() == ["POSITION_OUT_OF_RANGE"]


def test_an_unset_position_is_found(scene: "Scene") -> None:
    """0, 0 is no place to fly to."""
    assert scene.with_item(2, x=0, y=0).codes() == ["POSITION_UNSET"]


@pytest.mark.parametrize("height", [math.nan, math.inf, 60_000.0])
def test_a_height_that_is_no_number_is_found(scene: "Scene", height: float) -> None:
    """Altitude NaN, which PX4 takes unchecked."""
    assert scene.with_item(2, z=height).codes() == ["HEIGHT_INVALID"]


def test_half_the_clearance_is_found(scene: "Scene", town: "Town") -> None:
    """A zone half as far from the path as demanded is named with the clearance measured."""
    near = town.zone("near", town.circle(800.0, 42.5, 50.0))
    verdict = scene.but(zones=(near,)).verdict()
    assert [(f.code, f.zone_id) for f in verdict.findings] == [("ZONE_CLEARANCE", "near")]
    expected = 57.5 * math.cos(math.atan2(100, 800)) - 50.0
    assert verdict.smallest_clearance_m == pytest.approx(expected, abs=0.01)
    assert verdict.findings[0].measured == verdict.smallest_clearance_m
    assert verdict.findings[0].limit == 15.0


def test_a_millimetre_of_truncation_at_the_limit_is_found(scene: "Scene", town: "Town") -> None:
    """Latitudes cut off instead of rounded move a leg 11 mm: enough to break a clearance kept to 5 mm."""
    street = [town.item(MavCommand.NAV_WAYPOINT, town.at(east, 100.0), 60.0) for east in (700.0, 900.0)]
    items = [*scene.items[:2], *street, *scene.items[3:7], *reversed(street), *scene.items[8:]]
    rounded = scene.but(items=tuple(items), zones=(town.zone("kept", town.circle(800.0, -15.0, 100.0)),))
    kept_m = rounded.verdict().smallest_clearance_m
    assert kept_m == pytest.approx(15.0, abs=0.01)
    strict = rounded.but(policy=replace(scene.policy, verified_clearance_m=kept_m - 0.005))
    assert strict.codes() == []
    cut_off = strict.but(items=tuple(replace(one, x=one.x - 1) if one in street else one for one in items))
    assert cut_off.codes() == ["ZONE_CLEARANCE"]
    assert kept_m - cut_off.verdict().smallest_clearance_m == pytest.approx(0.01112, abs=0.0005)


def test_zone_hours_ignored_are_found(scene: "Scene") -> None:
    """A departure at 14:30 meets the market, which is there from 14:00 to 18:00."""
    later = scene.but(departure=scene.departure.replace(hour=14, minute=30))
    verdict = later.verdict()
    assert [(f.code, f.zone_id) for f in verdict.findings] == [("ZONE_ENTERED", "market")]


def test_a_flight_that_may_be_late_into_a_zone_is_found(scene: "Scene") -> None:
    """Leaving at 13:40, the way back meets the market only if the departure slips by a quarter of an hour."""
    early = scene.but(departure=scene.departure.replace(hour=13, minute=40))
    assert early.codes() == []
    assert early.but(delay_allowance=timedelta(minutes=15)).codes() == ["ZONE_ENTERED"]


def test_a_cruise_over_the_height_limit_is_found(scene: "Scene") -> None:
    """121 m above ground at one corner."""
    verdict = scene.but(zones=()).with_item(2, z=121.0).verdict()
    assert [(f.code, f.measured, f.limit) for f in verdict.findings] == [("HEIGHT_TOO_HIGH", 121.0, 120.0)]


def test_a_valley_below_the_cruise_counts_for_the_height_limit(scene: "Scene") -> None:
    """60 m above home is 130 m above the floor of a valley."""
    relief = ReliefTerrain(ElevationRange(130.0, 205.0))
    assert "HEIGHT_TOO_HIGH" in scene.but(terrain=relief, zones=()).codes()


def test_a_hill_into_which_the_cruise_leads_is_found(scene: "Scene") -> None:
    """The ground may rise to 270 m AMSL where the cruise is at 260 m."""
    hill = ReliefTerrain(ElevationRange(200.0, 270.0))
    assert "HEIGHT_BELOW_GROUND" in scene.but(terrain=hill, zones=()).codes()


def test_a_hover_below_the_ground_of_the_drop_is_found(scene: "Scene") -> None:
    """A release 6 m above home, where the drop lies on a terrace 15 m above home."""
    terrace = ReliefTerrain(ElevationRange(215.0, 216.0))
    verdict = scene.but(terrain=terrace, zones=()).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("HEIGHT_BELOW_GROUND", 4)]


def test_unknown_ground_is_found(scene: "Scene") -> None:
    """Unknown data is unsafe data: no terrain, no flight; and zones above ground bind at all heights."""
    assert scene.but(terrain=UnknownTerrain(), zones=()).codes() == [
        "RELEASE_HEIGHT_UNPROVEN",
        "TERRAIN_UNKNOWN",
    ]
    verdict = scene.but(terrain=UnknownTerrain()).verdict()
    assert {f.zone_id for f in verdict.findings if f.code == "ZONE_ENTERED"} == {"airway"}


def test_a_mission_without_items_is_found(scene: "Scene") -> None:
    """Nothing to fly is no mission; the parcel is missed as well."""
    assert scene.but(items=()).codes() == ["EMPTY_MISSION", "DROP_MISSED"]


def test_too_many_items_are_found(scene: "Scene") -> None:
    """Flight hardware holds 500."""
    padding = (scene.items[1],) * 491
    assert scene.but(items=scene.items[:2] + padding + scene.items[2:]).codes() == ["TOO_MANY_ITEMS"]


def test_an_unknown_command_is_found(scene: "Scene", town: "Town") -> None:
    """DO_SET_SERVO (183) has an effect that nothing here knows."""
    foreign = replace(scene.items[1], command=183)
    verdict = scene.but(items=(*scene.items[:2], foreign, *scene.items[2:])).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("UNSUPPORTED_COMMAND", 2)]


def test_a_return_to_launch_is_found(scene: "Scene") -> None:
    """RTL flies straight through every zone between."""
    rtl = replace(scene.items[1], command=MavCommand.NAV_RETURN_TO_LAUNCH)
    assert scene.but(items=(*scene.items[:8], rtl)).codes() == ["RTL_FORBIDDEN"]


def test_a_position_in_the_mission_frame_is_found(scene: "Scene") -> None:
    """PX4 refuses it at upload."""
    assert scene.with_item(2, frame=MavFrame.MISSION).codes() == ["FRAME_ILLEGAL"]


def test_a_terrain_frame_is_found(scene: "Scene") -> None:
    """Frame 11, above terrain, is not one that PX4 takes."""
    assert scene.with_item(2, frame=11).codes() == ["FRAME_ILLEGAL"]


def test_a_speed_in_a_global_frame_is_found(scene: "Scene") -> None:
    """Commands without a position must be in frame 2."""
    assert scene.with_item(1, frame=MavFrame.GLOBAL_RELATIVE_HOME_INT).codes() == ["FRAME_ILLEGAL"]


def test_an_item_that_waits_for_ever_is_found(scene: "Scene") -> None:
    """Autocontinue 0 hovers until the battery is empty."""
    assert scene.with_item(3, autocontinue=0).codes() == ["AUTOCONTINUE_OFF"]


@pytest.mark.parametrize("hold_s", [-1.0, math.nan, math.inf, 3000.0])
def test_a_hold_that_is_no_duration_is_found(scene: "Scene", hold_s: float) -> None:
    """A delay of −1 waits for a time of day instead; 3000 s is milliseconds mistaken."""
    assert scene.with_item(6, param1=hold_s).codes() == ["PARAMETER_INVALID"]


@pytest.mark.parametrize("tag", [-1, 2**24, 2**31 - 1])
def test_a_sortie_tag_that_is_not_held_exactly_is_found(scene: "Scene", tag: int) -> None:
    """An item without a place keeps its parameters as 32-bit floats; a tag that fits is nothing to find (F-V16)."""
    assert scene.with_item(1, x=tag).codes() == ["PARAMETER_INVALID"]
    assert scene.with_item(1, x=2**24 - 1).codes() == []


@pytest.mark.parametrize("radius_m", [50.0, -1.0, math.nan])
def test_a_waypoint_reached_from_far_away_is_found(scene: "Scene", radius_m: float) -> None:
    """PX4 would turn 50 m before the corner, and cut it."""
    verdict = scene.with_item(2, param2=radius_m).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("ACCEPTANCE_TOO_WIDE", 2)]


@pytest.mark.parametrize("speed", [20.0, 0.0, 0.1, -1.0, math.nan])
def test_a_speed_nobody_planned_is_found(scene: "Scene", speed: float) -> None:
    """Faster than planned, so slow that the battery is empty first, or no speed at all."""
    assert scene.with_item(1, param2=speed).codes() == ["SPEED_INVALID"]


def test_an_airspeed_is_found(scene: "Scene") -> None:
    """Speed type 0 is an airspeed."""
    assert scene.with_item(1, param1=0.0).codes() == ["SPEED_INVALID"]


def test_the_naive_departure_is_refused(scene: "Scene") -> None:
    """A time without an offset is no time (F-A7)."""
    with pytest.raises(ValueError, match="time zone"):
        scene.but(departure=scene.departure.replace(tzinfo=None)).verdict()


def test_arrays_of_terrain_see_every_piece(scene: "Scene") -> None:
    """Terrain is asked along the whole path, not only at the waypoints."""
    asked: list[int] = []

    class Listening(FlatTerrain):
        def elevation_range_amsl_m(
            self, latitude_deg: np.ndarray, longitude_deg: np.ndarray, radius_m: float
        ) -> tuple[np.ndarray, np.ndarray]:
            asked.append(len(latitude_deg))
            return super().elevation_range_amsl_m(latitude_deg, longitude_deg, radius_m)

    scene.but(terrain=Listening(200.0)).verdict()
    assert max(asked) > 3300.0 / 200.0
