"""Rings: what is broken grows, never shrinks; what is swapped is found out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from mission.airspace.bounds import GeoBounds
from mission.airspace.documents import read_zones
from mission.airspace.reading import DocumentCaps, Outcome, ZoneReading
from mission.errors import InputError
from mission.model.airspace import GeoZone, PolygonFootprint, Restriction

Build = Callable[..., Any]
AUSTRIA = GeoBounds(46.0, 9.0, 50.0, 18.0)
BOW_TIE = [[15.0, 48.0], [15.1, 48.1], [15.1, 48.0], [15.0, 48.1], [15.0, 48.0]]


def polygons(zone: GeoZone) -> list[shapely.Polygon]:
    """Return the outlines of a zone's polygons, longitude and latitude in degrees."""
    rings = [volume.footprint.ring for volume in zone.volumes if isinstance(volume.footprint, PolygonFootprint)]
    return [shapely.Polygon([(point.longitude_deg, point.latitude_deg) for point in ring]) for ring in rings]


def document(*rings: list[Any], restriction: str = "PROHIBITED", country: str = "") -> bytes:
    """Return a GeoJSON document of one polygon each, named A, B, C …"""
    features = [
        {
            "type": "Feature",
            "properties": {"id": chr(65 + number), "restriction": restriction, "country": country},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(rings)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def read(*rings: list[Any], **arguments: Any) -> ZoneReading:
    """Read a GeoJSON document of one polygon each."""
    return read_zones(document(*rings, **arguments), "a.json")


@pytest.mark.parametrize(
    ("published", "stand_in"),
    [
        ("PROHIBITED", Restriction.PROHIBITED),
        ("REQ_AUTHORISATION", Restriction.REQ_AUTHORISATION),
        ("CONDITIONAL", Restriction.CONDITIONAL),
        ("USPACE", Restriction.USPACE),
        ("NO_RESTRICTION", Restriction.REQ_AUTHORISATION),
    ],
)
def test_a_crossing_ring_is_rejected_and_its_hull_restricted(published: str, stand_in: Restriction) -> None:
    """A self-intersecting ring is never "fixed" smaller: its convex hull stands in for it (F-A9)."""
    reading = read(BOW_TIE, restriction=published)
    (zone,) = reading.zones
    assert zone.restriction is stand_in
    assert polygons(zone)[0].equals(shapely.box(15.0, 48.0, 15.1, 48.1))
    (report,) = reading.reports
    assert report.outcome is Outcome.REJECTED
    assert report.covered
    assert "Self-intersection" in report.reasons[0]
    assert report.mends


def test_a_rejected_zone_applies_always(geojson: Build) -> None:
    """A feature that is broken once is not trusted with its hours either."""
    period = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-01-02T00:00:00Z"}
    data = geojson({"type": "Polygon", "coordinates": [BOW_TIE]}, applicability=[period])
    assert read_zones(data, "a.json").zones[0].applicability[0].start is None


positions = st.tuples(st.floats(14.0, 16.0), st.floats(47.0, 49.0)).map(list)


@given(st.lists(positions, min_size=3, max_size=9))
def test_whatever_a_ring_encloses_stays_restricted(ring: list[list[float]]) -> None:
    """The zone read from any ring covers every corner and everything that the ring can enclose (F-A9, I-20)."""
    assume(len({tuple(position) for position in ring}) >= 3)
    corners = shapely.MultiPoint(ring)
    assume(corners.convex_hull.geom_type == "Polygon")
    (zone,) = read(ring).zones
    found = shapely.union_all(polygons(zone))
    assert found.covers(corners)
    meant = shapely.make_valid(shapely.Polygon(ring))
    assert meant.difference(found).area <= 1e-12


def test_holes_are_filled_and_reported(geojson: Build, square: list[list[float]]) -> None:
    """A hole counts as restricted (F-A12)."""
    hole = [[15.04, 48.04], [15.06, 48.04], [15.06, 48.06], [15.04, 48.04]]
    reading = read_zones(geojson({"type": "Polygon", "coordinates": [square, hole]}), "a.json")
    assert len(reading.zones[0].volumes) == 1
    assert polygons(reading.zones[0])[0].covers(shapely.Point(15.05, 48.05))
    assert "hole" in reading.reports[0].reasons[0]


def test_a_second_ring_outside_the_first_is_not_lost(geojson: Build, square: list[list[float]]) -> None:
    """A ring published as a hole that lies outside is an area of its own (I-20)."""
    beside = [[lon + 1.0, lat] for lon, lat in square]
    reading = read_zones(geojson({"type": "Polygon", "coordinates": [square, beside]}), "a.json")
    assert len(reading.zones[0].volumes) == 2
    assert reading.reports[0].outcome is Outcome.REPAIRED


def test_open_rings_and_repeated_vertices_are_repaired(square: list[list[float]]) -> None:
    """A ring left open is closed, doubled vertices are dropped, and both are reported."""
    reading = read(square[:-1], [square[0], *square])
    assert [polygons(zone)[0].area for zone in reading.zones] == pytest.approx([0.01, 0.01])
    assert [report.outcome for report in reading.reports] == [Outcome.REPAIRED, Outcome.REPAIRED]


def test_coordinates_as_text_are_read(square: list[list[float]]) -> None:
    """Numbers in quotes are numbers, and reported."""
    reading = read([[str(lon), str(lat)] for lon, lat in square])
    assert reading.reports[0].outcome is Outcome.REPAIRED


def swapped(ring: list[list[float]]) -> list[list[float]]:
    """Return a ring with latitude before longitude."""
    return [[lat, lon] for lon, lat in ring]


def test_one_swapped_zone_is_rejected_and_restricted_where_it_was_meant(square: list[list[float]]) -> None:
    """An Austrian zone in the Indian Ocean is rejected; both places stay restricted (F-A10)."""
    reading = read(square, swapped(square), country="AUT")
    assert [report.outcome for report in reading.reports] == [Outcome.READ, Outcome.REJECTED]
    assert "swapped" in reading.reports[1].reasons[0]
    places = shapely.union_all(polygons(reading.zones[1]))
    assert places.covers(shapely.Point(15.05, 48.05))
    assert places.covers(shapely.Point(48.05, 15.05))


def test_a_single_swapped_corner_is_found(square: list[list[float]]) -> None:
    """One exchanged corner makes a spike of a thousand miles; the ring meant stays restricted too (F-A10)."""
    reading = read([*square[:2], [square[2][1], square[2][0]], *square[3:]], country="AUT")
    assert reading.reports[0].outcome is Outcome.REJECTED
    assert shapely.union_all(polygons(reading.zones[0])).covers(shapely.box(15.0, 48.0, 15.1, 48.1))


def test_the_callers_region_finds_swapped_zones_of_no_country(square: list[list[float]]) -> None:
    """`expected_region` does the same for documents that name no country (F-A10)."""
    data = document(square, swapped(square))
    assert [report.outcome for report in read_zones(data, "a").reports] == [Outcome.READ, Outcome.READ]
    reading = read_zones(data, "a", expected_region=AUSTRIA)
    assert reading.reports[1].outcome is Outcome.REJECTED


def test_a_wholly_swapped_document_is_refused(square: list[list[float]]) -> None:
    """If every zone is swapped the document is refused, each feature named (F-A10)."""
    with pytest.raises(InputError, match="swapped") as caught:
        read(swapped(square), swapped(square), country="AUT")
    assert [problem.place for problem in caught.value.problems] == ["features[0] (A)", "features[1] (B)"]
    assert "longitude before latitude" in caught.value.problems[0].mend


def test_latitudes_beyond_the_poles_are_swapped_longitudes() -> None:
    """Out of range as published and in range when swapped can mean one thing only (F-A10)."""
    sydney = [[-33.8, 151.2], [-33.9, 151.2], [-33.9, 151.3], [-33.8, 151.2]]
    fine = [[151.2, -33.8], [151.2, -33.9], [151.3, -33.9], [151.2, -33.8]]
    with pytest.raises(InputError, match="swapped"):
        read(sydney)
    reading = read(sydney, fine)
    assert polygons(reading.zones[0])[0].equals(polygons(reading.zones[1])[0])


def test_a_zone_of_another_place_stays_where_it_is(square: list[list[float]]) -> None:
    """A zone outside its region that swapping does not bring inside is kept, and noted."""
    reading = read([[lon - 80.0, lat] for lon, lat in square], country="AUT")
    assert reading.reports[0].outcome is Outcome.REPAIRED
    assert "outside its region" in reading.reports[0].reasons[0]


@pytest.mark.parametrize(
    "ring",
    [
        [[179.9, -17.0], [-179.9, -17.0], [-179.9, -16.0], [179.9, -16.0], [179.9, -17.0]],
        [[179.9, -17.0], [180.1, -17.0], [180.1, -16.0], [179.9, -16.0], [179.9, -17.0]],
        [[-180.1, -17.0], [-179.9, -17.0], [-179.9, -16.0], [-180.1, -16.0], [-180.1, -17.0]],
    ],
)
def test_a_ring_across_the_antimeridian_is_split(ring: list[list[float]]) -> None:
    """Both sides stay restricted, and nothing in between around the Earth (F-A11)."""
    reading = read(ring)
    parts = shapely.union_all(polygons(reading.zones[0]))
    assert parts.area == pytest.approx(0.2)
    assert parts.covers(shapely.Point(179.95, -16.5))
    assert parts.covers(shapely.Point(-179.95, -16.5))
    assert reading.reports[0].outcome is Outcome.REPAIRED


@pytest.mark.parametrize(
    "ring",
    [
        [[0.0, 80.0], [120.0, 80.0], [-120.0, 80.0], [0.0, 80.0]],
        [[-100.0, 10.0], [-30.0, 10.0], [40.0, 10.0], [100.0, 20.0], [-100.0, 10.0]],
    ],
)
def test_rings_around_a_pole_or_half_the_earth_are_refused(ring: list[list[float]]) -> None:
    """Their inside cannot be told from their outside (F-A11)."""
    with pytest.raises(InputError, match="half the Earth"):
        read(ring)


def test_vertices_are_capped(square: list[list[float]]) -> None:
    """Rings and documents of too many vertices are refused (F-A12, F-X9)."""
    with pytest.raises(InputError, match="too many vertices"):
        read_zones(document(square), "a", caps=DocumentCaps(max_ring_vertices=4))
    with pytest.raises(InputError, match="too many vertices"):
        read_zones(document(square, square), "a", caps=DocumentCaps(max_vertices=7))
