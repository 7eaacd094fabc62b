"""What a vehicle really flew."""

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mission.geodesy.terrain import FlatTerrain
from mission.verification import TrackPoint, check_track, clearance_of_track

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town


def flown(town: "Town", *places: tuple[float, float, float], every_s: float = 1.0) -> list[TrackPoint]:
    """Return a track through places east, north and above home."""
    return [
        TrackPoint(
            town.DEPARTURE + timedelta(seconds=every_s * k),
            town.at(east, north).latitude_deg,
            town.at(east, north).longitude_deg,
            up,
        )
        for k, (east, north, up) in enumerate(places)
    ]


def street(town: "Town", north_m: float, height_m: float = 60.0) -> list[TrackPoint]:
    """Return a track along a street, from 200 to 600 m east, a point every 10 m."""
    return flown(town, *((200.0 + 10.0 * k, north_m, height_m) for k in range(41)))


def clearance(scene: "Scene", track: list[TrackPoint]) -> float:
    """Measure a track in the scene."""
    return clearance_of_track(
        track, zones=scene.zones, policy=scene.policy, terrain=scene.terrain, home_amsl_m=scene.home_amsl_m
    )


def codes(scene: "Scene", track: list[TrackPoint]) -> list[str]:
    """Judge a track in the scene."""
    found = check_track(
        track, zones=scene.zones, policy=scene.policy, terrain=scene.terrain, home_amsl_m=scene.home_amsl_m
    )
    return [finding.code for finding in found]


def test_a_track_is_measured_as_flown(scene: "Scene", town: "Town") -> None:
    """Along a street 40 m south of the school."""
    assert clearance(scene, street(town, 60.0)) == pytest.approx(40.0, abs=0.01)
    assert codes(scene, street(town, 60.0)) == []


def test_a_track_through_a_zone_is_negative_and_found(scene: "Scene", town: "Town") -> None:
    """60 m deep in the school."""
    assert clearance(scene, street(town, 160.0)) == pytest.approx(-60.0, abs=1.0)
    assert codes(scene, street(town, 160.0)) == ["ZONE_ENTERED"]


def test_a_track_too_near_is_found(scene: "Scene", town: "Town") -> None:
    """10 m where 15 m are demanded."""
    assert codes(scene, street(town, 90.0)) == ["ZONE_CLEARANCE"]


def test_a_track_between_its_points_is_measured_too(scene: "Scene", town: "Town") -> None:
    """Both points are 60 m from the hospital's wall, and the straight line between them is inside."""
    track = flown(town, (1150.0, 310.0, 60.0), (1150.0, -110.0, 60.0))
    assert clearance(scene, track) < -149.0


def test_a_track_over_the_limit_is_found(scene: "Scene", town: "Town") -> None:
    """130 m above ground, where the airway is too."""
    assert codes(scene, street(town, 60.0, 130.0)) == ["HEIGHT_TOO_HIGH", "ZONE_ENTERED"]


def test_a_track_at_another_hour_is_free(scene: "Scene", town: "Town") -> None:
    """The market place before its hours."""
    track = flown(town, *((600.0 + 10.0 * k, 20.0, 60.0) for k in range(11)))
    assert clearance(scene, track) > 100.0
    late = [TrackPoint(p.time + timedelta(hours=5), p.latitude_deg, p.longitude_deg, p.height_home_m) for p in track]
    assert clearance(scene, late) < 0.0


def test_a_gap_in_a_track_is_a_warning(scene: "Scene", town: "Town") -> None:
    """Nothing heard for ten seconds."""
    assert codes(scene, flown(town, (0.0, 0.0, 60.0), (90.0, 0.0, 60.0), every_s=10.0)) == ["TRACK_GAP"]


@pytest.mark.parametrize("fault", ["empty", "back in time", "no place", "no height"])
def test_an_unknown_track_is_found(scene: "Scene", town: "Town", fault: str) -> None:
    """Of a track that is not known no clearance is known."""
    track = street(town, 60.0)
    track[7] = {
        "empty": track[7],
        "back in time": TrackPoint(town.DEPARTURE, track[7].latitude_deg, track[7].longitude_deg, 60.0),
        "no place": TrackPoint(track[7].time, math.nan, 15.0, 60.0),
        "no height": TrackPoint(track[7].time, 48.4, 15.6, math.nan),
    }[fault]
    broken = [] if fault == "empty" else track
    assert clearance(scene, broken) == -math.inf
    assert codes(scene, broken) == ["TRACK_UNKNOWN"]


def test_a_landing_off_home_ground_is_no_collision(scene: "Scene", town: "Town") -> None:
    """Drifting while low is landing, drifting into a hill is not."""
    drifting = flown(town, *((0.0 + 2.0 * k, 0.0, 4.0) for k in range(5)))
    hill = scene.but(terrain=FlatTerrain(212.0))
    assert codes(hill, drifting) == []
    assert codes(hill, flown(town, *((2.0 * k, 0.0, 11.0) for k in range(5)))) == ["HEIGHT_BELOW_GROUND"]
