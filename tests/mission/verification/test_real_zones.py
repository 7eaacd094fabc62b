"""The verifier among the 288 real zones of Austria."""

import math
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod

from mission.airspace import read_zones
from mission.geodesy.terrain import FlatTerrain, UnknownTerrain
from mission.model.airspace import PERMANENT, CircleFootprint, GeoZone, Restriction
from mission.model.geo import Height, VerticalDatum
from mission.policy import Policy
from mission.verification import PreparedZones, TrackPoint, check_track, clearance_of_track

pytestmark = pytest.mark.real_data
GEOD = Geod(ellps="WGS84")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLACES = 200


@pytest.fixture(scope="module")
def austria() -> tuple[GeoZone, ...]:
    """Return the zones as read."""
    folder = Path(os.environ.get("STORK_DATA_DIR", Path(__file__).parents[4] / "shared" / "data"))
    file = folder / "geozones" / "austria_ed269_288zones.json"
    if not file.is_file():
        pytest.skip(f"no real zones at {file}: set STORK_DATA_DIR")
    return read_zones(file.read_bytes(), file.name).zones


def always_everywhere(zone: GeoZone) -> GeoZone:
    """Return a zone at all heights, at all hours, for everybody: only its outline counts."""
    volumes = tuple(
        replace(one, floor=Height(-math.inf, VerticalDatum.AMSL), ceiling=Height(math.inf, VerticalDatum.AMSL))
        for one in zone.volumes
    )
    return replace(zone, volumes=volumes, applicability=PERMANENT, restriction=Restriction.PROHIBITED)


def outlines(zone: GeoZone) -> list[shapely.Polygon | CircleFootprint]:
    """Return a zone's outlines: polygons in degrees, or circles."""
    return [
        one.footprint
        if isinstance(one.footprint, CircleFootprint)
        else shapely.Polygon([(p.longitude_deg, p.latitude_deg) for p in one.footprint.ring])
        for one in zone.volumes
    ]


def contains(outline: shapely.Polygon | CircleFootprint, latitude_deg: float, longitude_deg: float) -> bool:
    """Whether an outline holds a place, by shapely in degrees or by a geodesic."""
    if isinstance(outline, CircleFootprint):
        center = outline.center
        away = GEOD.inv(longitude_deg, latitude_deg, center.longitude_deg, center.latitude_deg)[2]
        return bool(away < outline.radius_m)
    return bool(shapely.contains_xy(outline, longitude_deg, latitude_deg))


def test_the_zones_around_a_place_are_found(austria: tuple[GeoZone, ...]) -> None:
    """At two hundred places all over Austria, exactly the zones that hold the place are entered."""
    zones = tuple(always_everywhere(zone) for zone in austria)
    prepared = PreparedZones(zones)
    shapes = [(zone, outlines(zone)) for zone in zones]
    rng = np.random.default_rng(11)
    entered = 0
    for latitude, longitude in zip(rng.uniform(46.4, 49.0, PLACES), rng.uniform(9.6, 17.1, PLACES), strict=True):
        found = check_track(
            [TrackPoint(NOON, float(latitude), float(longitude), 60.0)],
            zones=prepared,
            policy=Policy(),
            terrain=FlatTerrain(200.0),
            home_amsl_m=200.0,
        )
        expected = {
            zone.identifier
            for zone, parts in shapes
            if any(contains(part, float(latitude), float(longitude)) for part in parts)
        }
        assert {one.zone_id for one in found if one.code == "ZONE_ENTERED"} == expected
        entered += len(expected)
    assert entered > 20


def test_the_airport_of_vienna_is_closed(austria: tuple[GeoZone, ...]) -> None:
    """Over the runway, at sixty metres, without an authorisation; with it, it is open."""
    over_the_runway = [TrackPoint(NOON, 48.1103, 16.5697, 60.0)]
    closed = check_track(over_the_runway, zones=austria, policy=Policy(), terrain=FlatTerrain(180.0), home_amsl_m=180.0)
    found = {one.zone_id for one in closed if one.code == "ZONE_ENTERED"}
    assert found
    demands = {zone.restriction for zone in austria if zone.identifier in found}
    if demands <= {Restriction.REQ_AUTHORISATION, Restriction.CONDITIONAL}:
        held = Policy(authorised_zone_ids=frozenset(found), conditions_met_zone_ids=frozenset(found))
        clearance = clearance_of_track(
            over_the_runway, zones=austria, policy=held, terrain=FlatTerrain(180.0), home_amsl_m=180.0
        )
        assert clearance > 0.0


def test_unknown_ground_closes_more_of_austria_never_less(austria: tuple[GeoZone, ...]) -> None:
    """Zones above ground bind at all heights where the ground is unknown (I-20)."""
    prepared = PreparedZones(austria)
    track = [TrackPoint(NOON, 48.2, 16.2 + 0.01 * k, 60.0) for k in range(40)]
    known = check_track(track, zones=prepared, policy=Policy(), terrain=FlatTerrain(200.0), home_amsl_m=200.0)
    unknown = check_track(track, zones=prepared, policy=Policy(), terrain=UnknownTerrain(), home_amsl_m=200.0)
    assert {one.zone_id for one in known} <= {one.zone_id for one in unknown}
