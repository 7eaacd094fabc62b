"""Real and official documents: all are read, and what is known of them holds."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from mission.airspace.applicability import applies_during
from mission.airspace.bounds import GeoBounds
from mission.airspace.documents import read_zones
from mission.airspace.footprint import footprint_polygon
from mission.airspace.index import ZoneIndex
from mission.airspace.reading import Outcome, ZoneReading
from mission.errors import InputError
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import CircleFootprint, Restriction, SunEvent
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow

pytestmark = pytest.mark.real_data

AUSTRIA = "geozones/austria_ed269_288zones.json"
VIENNA = GeoPoint(48.21, 16.37)


@cache
def read(real_data: Path, name: str) -> ZoneReading:
    """Read a document of the data folder, once."""
    return read_zones((real_data / name).read_bytes(), name)


@pytest.mark.parametrize(
    ("name", "kind", "zones", "outcomes"),
    [
        (AUSTRIA, "ED-269", 288, {"READ": 287, "REPAIRED": 1}),
        ("geozones/interuss_che1_ed269_circles_schedules.json", "ED-269", 6, {"READ": 3, "REPAIRED": 3}),
        ("geozones/interuss_che_ed269_cis.json", "ED-269", 1, {"REPAIRED": 1}),
        ("geozones/shape_ed269-ch.json", "ED-269", 4, {"READ": 4}),
        ("geozones/shape_ed269-fi.json", "ED-269", 2, {"READ": 1, "REPAIRED": 1}),
        ("geozones/shape_ed269-lu.json", "ED-269", 2, {"READ": 2}),
        ("geozones/shape_eans-ee.json", "ED-269", 3, {"READ": 2, "REPAIRED": 1, "SKIPPED": 2}),
        ("geozones/bazl_che_ed318_testdata.json", "ED-318", 3, {"READ": 3}),
        ("geozones/ed318_official_Example_Collection.json", "ED-318", 2, {"READ": 2}),
        ("geozones/ed318_official_Example_GeoZone_2_Layers.json", "ED-318", 1, {"READ": 1}),
        ("geozones/ed318_official_Example_GeoZone_Circle.json", "ED-318", 1, {"READ": 1}),
        ("geozones/ed318_official_Example_GeoZone_with_extension.json", "ED-318", 1, {"READ": 1}),
        ("geozones/shape_ed318-ie.json", "ED-318", 4, {"READ": 2, "REPAIRED": 2}),
        ("openair/activation-times.txt", "OpenAir", 1, {"READ": 1}),
        ("openair/arc-cw.txt", "OpenAir", 1, {"READ": 1}),
        ("openair/circular.txt", "OpenAir", 1, {"READ": 1}),
        ("openair/polygon.txt", "OpenAir", 1, {"READ": 1}),
        ("openair/version-2-commands.txt", "OpenAir", 8, {"REPAIRED": 8}),
    ],
)
def test_every_document_is_read(real_data: Path, name: str, kind: str, zones: int, outcomes: dict[str, int]) -> None:
    """Each is recognised, all its zones arrive, and exactly the known repairs are reported."""
    reading = read(real_data, name)
    assert reading.format == kind
    assert len(reading.zones) == zones
    assert Counter(report.outcome.value for report in reading.reports) == outcomes


def test_no_document_of_the_folders_is_left_out(real_data: Path) -> None:
    """Every file of both folders is a zone document that is read, or the one that must be refused."""
    for path in sorted([*real_data.glob("geozones/*.json"), *real_data.glob("openair/*.txt")]):
        if "Invalid" not in path.name:
            assert read_zones(path.read_bytes(), path.name).zones


def test_the_official_invalid_example_is_refused(real_data: Path) -> None:
    """The deliberately invalid ED-318 example is refused, at the place that is wrong (F-A8)."""
    with pytest.raises(InputError) as caught:
        read(real_data, "geozones/ed318_official_InvalidExample_GeoZone_2_Layers.json")
    assert caught.value.problems[0].place == "metadata.validFrom"


def test_the_austrian_zones_lie_in_austria(real_data: Path) -> None:
    """No zone of 288 is found swapped or out of place; restrictions are those counted in the document."""
    reading = read(real_data, AUSTRIA)
    assert not any("region" in reason for report in reading.reports for reason in report.reasons)
    assert Counter(zone.restriction for zone in reading.zones) == {
        Restriction.REQ_AUTHORISATION: 228,
        Restriction.NO_RESTRICTION: 47,
        Restriction.CONDITIONAL: 12,
        Restriction.PROHIBITED: 1,
    }
    assert sum(zone.volumes[0].ceiling.value_m == float("inf") for zone in reading.zones) == 194


def test_one_swapped_austrian_zone_is_found(real_data: Path) -> None:
    """A real zone with its axes exchanged lies in the Indian Ocean, and is rejected (F-A10)."""
    zones = json.loads((real_data / AUSTRIA).read_text(encoding="utf-8-sig"))
    projection = zones[0]["geometry"][0]["horizontalProjection"]
    projection["coordinates"] = [[[lat, lon] for lon, lat in ring] for ring in projection["coordinates"]]
    reading = read_zones(json.dumps(zones).encode(), "a.json")
    (rejected,) = [report for report in reading.reports if report.outcome is Outcome.REJECTED]
    assert rejected.feature_id == zones[0]["identifier"]
    assert "swapped" in rejected.reasons[0]
    assert len(reading.zones) == 288


def test_read_report_and_index_of_austria_within_a_second_and_a_half(real_data: Path) -> None:
    """A megabyte of zones is ready for questions at once."""
    data = (real_data / AUSTRIA).read_bytes()
    began = time.process_time()
    reading = read_zones(data, AUSTRIA)
    index = ZoneIndex(reading.zones)
    near = index.near(GeoBounds(48.1, 16.2, 48.3, 16.6))
    assert time.process_time() - began <= 1.5
    assert 0 < len(near) < len(reading.zones)


def test_footprints_around_vienna_have_their_area(real_data: Path) -> None:
    """Every footprint near Vienna becomes a valid polygon of some area in the plane."""
    zones = ZoneIndex(read(real_data, AUSTRIA).zones).near(GeoBounds(48.1, 16.2, 48.3, 16.6))
    frame = LocalFrame(VIENNA)
    shapes = [footprint_polygon(volume.footprint, frame) for zone in zones for volume in zone.volumes]
    assert all(shape.is_valid and shape.area > 100.0 for shape in shapes)


def test_austrian_schedules_open_at_night(real_data: Path) -> None:
    """Zones with workday hours bind at Tuesday noon and not at Tuesday night."""
    noon = datetime(2026, 6, 16, 12, tzinfo=UTC)
    night = datetime(2026, 6, 16, 23, tzinfo=UTC)
    minute = timedelta(minutes=1)
    reading = read(real_data, AUSTRIA)
    by_day = {zone.identifier for zone in reading.zones if applies_during(zone, TimeWindow(noon, noon + minute))}
    by_night = {zone.identifier for zone in reading.zones if applies_during(zone, TimeWindow(night, night + minute))}
    assert by_night < by_day
    assert len(by_day - by_night) >= 8


def test_the_swiss_circles_keep_their_layers(real_data: Path) -> None:
    """Reichenbach's three rings and heights arrive as three volumes."""
    reading = read(real_data, "geozones/interuss_che1_ed269_circles_schedules.json")
    airfield = next(zone for zone in reading.zones if zone.identifier == "Flugplatz Reichenbach")
    radii = [volume.footprint.radius_m for volume in airfield.volumes if isinstance(volume.footprint, CircleFootprint)]
    assert radii == [1000.0, 2500.0, 3500.0]
    assert [volume.floor.value_m for volume in airfield.volumes] == [0.0, 50.0, 100.0]


def test_the_official_schedule_has_two_windows(real_data: Path) -> None:
    """ANY is every day, and Sunday has hours of its own."""
    (zone,) = read(real_data, "geozones/ed318_official_Example_GeoZone_2_Layers.json").zones
    daily, sunday = zone.applicability[0].schedule
    assert (len(daily.days), len(sunday.days)) == (7, 1)
    assert not isinstance(daily.start, SunEvent)


def test_the_feeds_without_limits_apply_at_all_heights(real_data: Path) -> None:
    """Finland's and Ireland's zones without limits are restricted at all heights (F-A13)."""
    for name in ("geozones/shape_ed269-fi.json", "geozones/shape_ed318-ie.json"):
        zone = read(real_data, name).zones[-1]
        assert zone.volumes[0].floor.value_m == float("-inf")
        assert zone.volumes[0].ceiling.value_m == float("inf")
