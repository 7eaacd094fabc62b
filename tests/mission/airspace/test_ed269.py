"""ED-269 documents: roots, dirt seen in the wild, and what must never shrink."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from mission.airspace.documents import read_zones
from mission.airspace.reading import Outcome
from mission.errors import InputError
from mission.model.airspace import PERMANENT, CircleFootprint, PolygonFootprint, Restriction, Weekday
from mission.model.geo import Height, VerticalDatum

Zone = Callable[..., dict[str, Any]]
Document = Callable[..., bytes]


def test_a_clean_zone_is_read_as_published(ed269: Document, ed269_zone: Zone) -> None:
    """Every field of a clean zone arrives, with heights in their own datum and no report."""
    reading = read_zones(ed269(ed269_zone()), "a.json")
    (zone,) = reading.zones
    assert reading.format == "ED-269"
    assert [report.outcome for report in reading.reports] == [Outcome.READ]
    assert (zone.identifier, zone.name, zone.country) == ("Z1", "Zone one", "AUT")
    assert zone.restriction is Restriction.PROHIBITED
    assert zone.reasons == ("AIR_TRAFFIC",)
    assert zone.applicability == PERMANENT
    (volume,) = zone.volumes
    assert volume.floor == Height(0.0, VerticalDatum.AGL)
    assert volume.ceiling == Height(120.0, VerticalDatum.AGL)
    assert isinstance(volume.footprint, PolygonFootprint)
    assert [(point.longitude_deg, point.latitude_deg) for point in volume.footprint.ring] == [
        (15.0, 48.0),
        (15.1, 48.0),
        (15.1, 48.1),
        (15.0, 48.1),
    ]


@pytest.mark.parametrize("root", ["features", "UASZoneList", "array", "alone", "bom", "utf-16"])
def test_every_root_seen_in_the_wild_is_read(ed269_zone: Zone, root: str) -> None:
    """A zone is found under each root, with or without a byte order mark, and in UTF-16."""
    zone = ed269_zone()
    documents = {
        "features": json.dumps({"title": "T", "features": [zone]}).encode(),
        "UASZoneList": json.dumps({"formatVersion": "1", "UASZoneList": [zone]}).encode(),
        "array": json.dumps([zone]).encode(),
        "alone": json.dumps(zone).encode(),
        "bom": json.dumps([zone]).encode("utf-8-sig"),
        "utf-16": json.dumps([zone]).encode("utf-16"),
    }
    reading = read_zones(documents[root], "a.json")
    assert [found.identifier for found in reading.zones] == ["Z1"]


def test_feet_become_metres_and_keep_their_datum(ed269: Document, ed269_zone: Zone) -> None:
    """A limit in feet AMSL is converted exactly and stays AMSL (F-A13)."""
    limits = {"uomDimensions": "FT", "upperLimit": 1000, "upperVerticalReference": "AMSL"}
    (zone,) = read_zones(ed269(ed269_zone(limits)), "a.json").zones
    assert zone.volumes[0].ceiling == Height(304.8, VerticalDatum.AMSL)


@pytest.mark.parametrize("unit", ["M", "FT"])
def test_99999_means_no_ceiling(ed269: Document, ed269_zone: Zone, unit: str) -> None:
    """The value 99999 stands for no ceiling, in either unit."""
    (zone,) = read_zones(ed269(ed269_zone({"upperLimit": 99999, "uomDimensions": unit})), "a.json").zones
    assert zone.volumes[0].ceiling.value_m == math.inf


@pytest.mark.parametrize(
    "dirt",
    [
        {"upperVerticalReference": None, "lowerVerticalReference": None},
        {"upperVerticalReference": "ABOVE", "lowerVerticalReference": ""},
        {"uomDimensions": None},
        {"upperLimit": None, "lowerLimit": None},
        {"upperLimit": "high", "lowerLimit": []},
        {"upperLimit": 10, "lowerLimit": 50},
    ],
)
def test_unknown_heights_mean_all_heights(ed269: Document, ed269_zone: Zone, dirt: dict[str, Any]) -> None:
    """A limit without a value, unit or datum, or upside down, restricts all heights and is reported (F-A13)."""
    reading = read_zones(ed269(ed269_zone(dirt)), "a.json")
    volume = reading.zones[0].volumes[0]
    assert (volume.floor.value_m, volume.ceiling.value_m) == (-math.inf, math.inf)
    assert reading.reports[0].outcome is Outcome.REPAIRED
    assert reading.zones[0].repairs == reading.reports[0].reasons


def test_limits_as_strings_are_read_and_reported(ed269: Document, ed269_zone: Zone) -> None:
    """A numeric string is a number, and the report says that it was text."""
    reading = read_zones(ed269(ed269_zone({"upperLimit": "150"})), "a.json")
    assert reading.zones[0].volumes[0].ceiling == Height(150.0, VerticalDatum.AGL)
    assert "'150'" in reading.reports[0].reasons[0]


def test_an_unknown_restriction_is_prohibited(ed269: Document, ed269_zone: Zone) -> None:
    """A restriction that is not known is the hardest one, never none."""
    reading = read_zones(ed269(ed269_zone(restriction="MAYBE")), "a.json")
    assert reading.zones[0].restriction is Restriction.PROHIBITED
    assert reading.reports[0].outcome is Outcome.REPAIRED


def test_a_circle_keeps_its_centre_and_radius(ed269: Document, ed269_zone: Zone) -> None:
    """A circle arrives as a circle."""
    projection = {"type": "Circle", "center": [15.0, 48.0], "radius": 1000}
    (zone,) = read_zones(ed269(ed269_zone({"horizontalProjection": projection})), "a.json").zones
    footprint = zone.volumes[0].footprint
    assert isinstance(footprint, CircleFootprint)
    assert (footprint.center.latitude_deg, footprint.radius_m) == (48.0, 1000.0)


def test_a_schedule_is_read_with_its_days_and_times(ed269: Document, ed269_zone: Zone) -> None:
    """Days and aware times arrive from `schedule` and from `dailyPeriod`."""
    row = {"day": ["MON", "FRI"], "startTime": "06:00:00.00Z", "endTime": "14:00:00+02:00"}
    for key in ("schedule", "dailyPeriod"):
        period = {"permanent": "NO", "startDateTime": "2026-01-01T00:00:00Z", key: [row]}
        (zone,) = read_zones(ed269(ed269_zone(applicability=[period])), "a.json").zones
        (window,) = zone.applicability[0].schedule
        assert window.days == {Weekday.MON, Weekday.FRI}
        assert str(window.end) == "14:00:00+02:00"


@pytest.mark.parametrize(
    "period",
    [
        {"permanent": "NO", "startDateTime": "2026-01-01T00:00:00"},
        {"permanent": "NO", "startDateTime": "tomorrow"},
        {"permanent": "NO", "startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"},
        {"schedule": [{"day": ["MON"], "startTime": "06:00:00", "endTime": "14:00:00Z"}]},
        {"schedule": [{"day": ["MOO"], "startTime": "06:00:00Z", "endTime": "14:00:00Z"}]},
        {"schedule": [{"day": ["MON"]}]},
        {"schedule": [{"day": ["MON"], "startTime": "24:00Z", "endTime": "06:00:00Z"}]},
        "always",
    ],
)
def test_unclear_times_apply_always(ed269: Document, ed269_zone: Zone, period: Any) -> None:
    """A naive or unreadable time makes the zone apply always, and is reported (F-A7)."""
    reading = read_zones(ed269(ed269_zone(applicability=[period])), "a.json")
    assert reading.zones[0].applicability == PERMANENT
    assert reading.reports[0].outcome is Outcome.REPAIRED
    assert "applies always" in reading.reports[0].reasons[0]


def test_midnight_may_be_written_24_00_and_fractions_count(ed269: Document, ed269_zone: Zone) -> None:
    """An end of 24:00 is midnight, and half a second of restricted time is not lost."""
    rows = [
        {"day": ["SAT"], "startTime": "22:00:00Z", "endTime": "24:00:00Z"},
        {"day": ["SUN"], "startTime": "22:00:00Z", "endTime": "23:59:59.5Z"},
    ]
    (zone,) = read_zones(ed269(ed269_zone(applicability=[{"schedule": rows}])), "a.json").zones
    assert [str(window.end) for window in zone.applicability[0].schedule] == [
        "00:00:00+00:00",
        "23:59:59.500000+00:00",
    ]


@pytest.mark.parametrize("coordinates", [[], [[]], [[], []], None, {}])
def test_a_polygon_of_nothing_is_not_called_read(ed269: Document, ed269_zone: Zone, coordinates: Any) -> None:
    """A polygon without positions refuses the document rather than leave a zone out (F-A12)."""
    projection = {"type": "Polygon", "coordinates": coordinates}
    with pytest.raises(InputError):
        read_zones(ed269(ed269_zone({"horizontalProjection": projection})), "a.json")


def test_ids_that_stand_twice_become_different_ids(ed269: Document, ed269_zone: Zone) -> None:
    """Neither of two zones with one id keeps it, so that an authorisation must name the one it is for."""
    reading = read_zones(ed269(ed269_zone(), ed269_zone(restriction="NO_RESTRICTION")), "a.json")
    assert [zone.identifier for zone in reading.zones] == ["Z1#1", "Z1#2"]
    assert [report.feature_id for report in reading.reports] == ["Z1#1", "Z1#2"]


def test_estonian_map_shading_is_skipped_and_reported() -> None:
    """Estonia's `hidden` and `EERZout` features are no zones; each is reported as skipped."""
    ring = [[25.0, 58.8], [25.1, 58.8], [25.1, 58.85], [25.0, 58.8]]
    limits = {
        "uomDimensions": "M",
        "lowerLimit": 0,
        "lowerVerticalReference": "AGL",
        "upperLimit": 120,
        "upperVerticalReference": "AGL",
    }

    def feature(identifier: str, hidden: bool) -> dict[str, Any]:
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {
                "identifier": identifier,
                "restriction": "PROHIBITED",
                "hidden": hidden,
                "geometry": limits,
            },
        }

    features = [feature("EE1", False), feature("EE2", True), feature("EERZout", False)]
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    reading = read_zones(data, "ee.json")
    assert [zone.identifier for zone in reading.zones] == ["EE1"]
    assert [report.outcome for report in reading.reports] == [Outcome.READ, Outcome.SKIPPED, Outcome.SKIPPED]


def test_a_zone_without_geometry_refuses_the_document(ed269: Document, ed269_zone: Zone) -> None:
    """Restricted space that cannot be placed refuses the document, naming zone, place and mend (F-A8)."""
    with pytest.raises(InputError) as caught:
        read_zones(ed269(ed269_zone(), ed269_zone(identifier="Z2", geometry=[])), "a.json")
    (problem,) = caught.value.problems
    assert (problem.file, problem.place) == ("a.json", "features[1] (Z2)")
    assert "no geometry" in problem.what


def test_a_document_with_lost_space_is_read_only_knowingly(ed269: Document, ed269_zone: Zone) -> None:
    """`accept_uncovered` reads on, and the reading says whose space is missing."""
    data = ed269(ed269_zone(), ed269_zone(identifier="Z2", geometry=[]))
    reading = read_zones(data, "a.json", accept_uncovered=True)
    assert [zone.identifier for zone in reading.zones] == ["Z1"]
    assert [report.feature_id for report in reading.uncovered] == ["Z2"]
