"""GeoJSON of an operator: Stork's property convention, and mistakes named with their mend."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from mission.airspace.documents import read_zones
from mission.airspace.reading import Outcome
from mission.errors import InputError
from mission.model.airspace import CircleFootprint, Restriction
from mission.model.geo import Height, VerticalDatum

Build = Callable[..., bytes]


def test_the_convention_is_read(geojson: Build) -> None:
    """All properties of the convention arrive, and nothing is reported."""
    data = geojson(
        name="School",
        restriction="REQ_AUTHORISATION",
        floor_m=0,
        floor_datum="AGL",
        ceiling_m=500,
        ceiling_datum="AMSL",
        applicability=[{"startDateTime": "2026-01-01T00:00:00Z"}],
        reasons=["PRIVACY"],
    )
    reading = read_zones(data, "mine.geojson")
    (zone,) = reading.zones
    assert reading.format == "GeoJSON"
    assert reading.reports[0].outcome is Outcome.READ
    assert (zone.identifier, zone.name, zone.restriction) == ("A", "School", Restriction.REQ_AUTHORISATION)
    assert zone.volumes[0].ceiling == Height(500.0, VerticalDatum.AMSL)
    assert zone.applicability[0].start is not None


def test_a_point_with_a_radius_is_a_circle(geojson: Build) -> None:
    """A Point and `radius_m` make a circle."""
    data = geojson({"type": "Point", "coordinates": [15.0, 48.0, 300.0]}, radius_m=50)
    footprint = read_zones(data, "mine.geojson").zones[0].volumes[0].footprint
    assert isinstance(footprint, CircleFootprint)
    assert footprint.radius_m == 50.0


def test_no_limits_mean_all_heights_without_a_report(geojson: Build) -> None:
    """Limits left out are no limits, by the convention."""
    reading = read_zones(geojson(), "mine.geojson")
    volume = reading.zones[0].volumes[0]
    assert (volume.floor.value_m, volume.ceiling.value_m) == (-math.inf, math.inf)
    assert reading.reports[0].outcome is Outcome.READ


def test_a_limit_without_a_datum_is_no_limit(geojson: Build) -> None:
    """A ceiling that does not say above what restricts all heights, and is reported (F-A13)."""
    reading = read_zones(geojson(ceiling_m=50), "mine.geojson")
    assert reading.zones[0].volumes[0].ceiling.value_m == math.inf
    assert "datum" in reading.reports[0].reasons[0]


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("restricton", "restriction"), ("ceiling_M", "ceiling_m"), ("radius-m", "radius_m")]
)
def test_a_misspelt_property_is_reported_with_the_one_meant(geojson: Build, misspelt: str, meant: str) -> None:
    """An unknown property that looks like a known one is named in the report."""
    reading = read_zones(geojson(**{misspelt: 5}), "mine.geojson")
    assert any(misspelt in reason and meant in reason for reason in reading.reports[0].reasons)


def test_other_properties_are_left_alone(geojson: Build) -> None:
    """Colours and remarks of a map program are not worth a report."""
    reading = read_zones(geojson(fill="#ff0000", stroke_width=2), "mine.geojson")
    assert reading.reports[0].outcome is Outcome.READ


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "LineString", "coordinates": [[15, 48], [15.1, 48]]}, "LineString"),
        ({"type": "Point", "coordinates": [15, 48]}, "radius"),
        ({"type": "Polygon", "coordinates": []}, "no coordinates"),
        ({"type": "Polygon", "coordinates": [[[15, 48], [15.1, 48], [15, 48]]]}, "2 distinct"),
        ({"type": "Polygon", "coordinates": [[[15, 48], "x", [15.1, 48.1], [15, 48]]]}, "position 1"),
        ({"type": "Polygon", "coordinates": [[[15, 48], [200, 99], [15.1, 48.1], [15, 48]]]}, "not on Earth"),
        ({"type": "GeometryCollection", "geometries": []}, "encloses nothing"),
        ("POLYGON(...)", "a string"),
    ],
)
def test_a_wrong_geometry_names_the_feature_and_the_mend(geojson: Build, geometry: Any, words: str) -> None:
    """A feature that cannot be placed refuses the document and says which feature, what, and how to mend."""
    with pytest.raises(InputError) as caught:
        read_zones(geojson(geometry), "mine.geojson")
    problem = caught.value.problems[0]
    assert problem.place == "features[0] (A)"
    assert words in problem.what
    assert problem.mend


def test_a_missing_place_of_no_restriction_loses_nothing(geojson: Build) -> None:
    """A feature that restricts nothing may be broken without refusing the document; it is reported."""
    reading = read_zones(geojson("nowhere", restriction="NO_RESTRICTION"), "mine.geojson")
    assert reading.zones == ()
    assert reading.reports[0].outcome is Outcome.REJECTED
    assert reading.uncovered == ()


def test_an_empty_collection_is_no_zones_and_an_empty_array_is_refused() -> None:
    """No zones must be said in so many words: an empty answer of a failing server is not that."""
    assert read_zones(b'{"type": "FeatureCollection", "features": []}', "mine.geojson").zones == ()
    with pytest.raises(InputError, match="empty"):
        read_zones(b"[]", "mine.geojson")


def test_one_feature_alone_is_a_document(square: list[list[float]]) -> None:
    """A single GeoJSON Feature without a collection is read."""
    feature = {
        "type": "Feature",
        "id": 7,
        "properties": {"restriction": "CONDITIONAL"},
        "geometry": {"type": "Polygon", "coordinates": [square]},
    }
    reading = read_zones(json.dumps(feature).encode(), "mine.geojson")
    assert [zone.identifier for zone in reading.zones] == ["7"]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("EPSG:4326", True),
        ("urn:ogc:def:crs:EPSG::3857", False),
        ("EPSG:4230", False),
    ],
)
def test_coordinates_of_another_system_are_refused(geojson: Build, name: str, read: bool) -> None:
    """Degrees of another datum lie a hundred metres off, and look as good: unknown is unsafe (F-A13)."""
    document = json.loads(geojson()) | {"crs": {"type": "name", "properties": {"name": name}}}
    data = json.dumps(document).encode()
    if read:
        assert len(read_zones(data, "mine.geojson").zones) == 1
    else:
        with pytest.raises(InputError, match="crs"):
            read_zones(data, "mine.geojson")
