"""OpenAir 1 and 2: classes, heights, times, arcs that never cut into the airspace."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from mission.airspace.documents import read_zones
from mission.airspace.openair_outline import NAUTICAL_MILE_M, OutlineError, parse_point
from mission.airspace.reading import Outcome, ZoneReading
from mission.errors import InputError
from mission.model.airspace import PERMANENT, CircleFootprint, PolygonFootprint, Restriction
from mission.model.geo import Height, VerticalDatum

GEOD = Geod(ellps="WGS84")


def read(*lines: str) -> ZoneReading:
    """Read a document of lines."""
    return read_zones("\n".join(lines).encode(), "a.txt")


def airspace(*lines: str, limits: tuple[str, str] = ("AL GND", "AH 1000ft AMSL")) -> ZoneReading:
    """Read a document of one restricted airspace."""
    return read("AC R", "AN A", *limits, *lines)


TRIANGLE = ("DP 48:00:00 N 015:00:00 E", "DP 48:00:00 N 015:10:00 E", "DP 48:10:00 N 015:10:00 E")


def outline(reading: ZoneReading) -> shapely.Polygon:
    """Return the outline in degrees of the only footprint."""
    footprint = reading.zones[0].volumes[0].footprint
    assert isinstance(footprint, PolygonFootprint)
    return shapely.Polygon([(point.longitude_deg, point.latitude_deg) for point in footprint.ring])


def test_the_golden_document_is_read(golden: Callable[[str], bytes]) -> None:
    """Class and type, limits, periods, frequency, circle and arcs of the golden document arrive."""
    reading = read_zones(golden("openair.txt"), "openair.txt")
    danger, tower, sector = reading.zones
    assert reading.format == "OpenAir"
    assert danger.identifier == "INV-R1 Invented range"
    assert danger.restriction is Restriction.REQ_AUTHORISATION
    assert danger.message == "Frequency 123.450"
    assert len(danger.applicability) == 2
    assert danger.applicability[1].end is None
    assert danger.volumes[0].floor == Height(0.0, VerticalDatum.AGL)
    assert danger.volumes[0].ceiling == Height(762.0, VerticalDatum.AMSL)
    assert isinstance(tower.volumes[0].footprint, CircleFootprint)
    assert tower.volumes[0].footprint.radius_m == 5 * NAUTICAL_MILE_M
    assert tower.volumes[0].ceiling.value_m == math.inf
    assert sector.restriction is Restriction.NO_RESTRICTION
    assert [report.outcome for report in reading.reports] == [Outcome.READ, Outcome.READ, Outcome.REPAIRED]


@pytest.mark.parametrize(
    ("commands", "restriction"),
    [
        (("AC P",), Restriction.PROHIBITED),
        (("AC D",), Restriction.REQ_AUTHORISATION),
        (("AC E",), Restriction.CONDITIONAL),
        (("AC G",), Restriction.NO_RESTRICTION),
        (("AC G", "AY R"), Restriction.REQ_AUTHORISATION),
        (("AC G", "AY P"), Restriction.PROHIBITED),
        (("AC R", "AY UKN"), Restriction.REQ_AUTHORISATION),
        (("AC XYZ",), Restriction.PROHIBITED),
        (("AC G", "AY XYZ"), Restriction.PROHIBITED),
        (("AC",), Restriction.PROHIBITED),
    ],
)
def test_the_harder_of_class_and_type_holds(commands: tuple[str, ...], restriction: Restriction) -> None:
    """What crewed aircraft need permission for needs an authorisation; an unknown class is PROHIBITED."""
    reading = read(*commands, "AN A", "AL GND", "AH UNL", *TRIANGLE)
    assert reading.zones[0].restriction is restriction


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2200ft AMSL", Height(2200 * 0.3048, VerticalDatum.AMSL)),
        ("2200 MSL", Height(2200 * 0.3048, VerticalDatum.AMSL)),
        ("500 ft AGL", Height(500 * 0.3048, VerticalDatum.AGL)),
        ("300M ASFC", Height(300.0, VerticalDatum.AGL)),
        ("UNL", Height(math.inf, VerticalDatum.AGL)),
        ("3000", Height(math.inf, VerticalDatum.AGL)),
        ("high", Height(math.inf, VerticalDatum.AGL)),
    ],
)
def test_upper_limits_keep_their_datum(text: str, expected: Height) -> None:
    """Heights are converted and keep their datum; without a datum there is no limit (F-A13)."""
    reading = airspace(*TRIANGLE, limits=("AL SFC", f"AH {text}"))
    ceiling = reading.zones[0].volumes[0].ceiling
    assert ceiling.datum is expected.datum
    assert ceiling.value_m == pytest.approx(expected.value_m)


def test_flight_levels_are_widened_by_what_pressure_can_do() -> None:
    """A flight level is no height: as a floor it is taken low, as a ceiling high (F-A13)."""
    reading = airspace(*TRIANGLE, limits=("AL FL100", "AH FL 195"))
    volume = reading.zones[0].volumes[0]
    assert volume.floor.value_m < 3048.0 - 1000.0
    assert volume.ceiling.value_m > 5943.6 + 1000.0


def test_missing_limits_are_no_limits() -> None:
    """An airspace without AL and AH is restricted at all heights, and reported."""
    reading = read("AC R", "AN A", *TRIANGLE)
    volume = reading.zones[0].volumes[0]
    assert (volume.floor.value_m, volume.ceiling.value_m) == (-math.inf, math.inf)
    assert reading.reports[0].outcome is Outcome.REPAIRED


@pytest.mark.parametrize("activation", ["2026-01-01T00:00/NONE", "always", "2026-02-01T00:00Z/2026-01-01T00:00Z"])
def test_unclear_activation_applies_always(activation: str) -> None:
    """A naive or unreadable activation time applies always (F-A7)."""
    assert airspace(f"AA {activation}", *TRIANGLE).zones[0].applicability == PERMANENT


@pytest.mark.parametrize(
    ("text", "longitude", "latitude"),
    [
        ("54:25:00 N 010:40:00 E", 10 + 40 / 60, 54 + 25 / 60),
        ("33:30:30.5S 070:15:00W", -70.25, -(33 + 30 / 60 + 30.5 / 3600)),
        ("48:30.5 N 015:30.25 E", 15 + 30.25 / 60, 48 + 30.5 / 60),
    ],
)
def test_positions_are_read(text: str, longitude: float, latitude: float) -> None:
    """Degrees, minutes and seconds, and decimal minutes, in all quarters of the Earth."""
    assert parse_point(text) == pytest.approx((longitude, latitude))


@pytest.mark.parametrize("text", ["", "48 N", "91:00:00 N 015:00:00 E", "48:60:00 N 015:00:00 E"])
def test_a_position_that_is_none_is_refused(text: str) -> None:
    """Positions off the Earth, or with 60 minutes, are typing errors."""
    with pytest.raises(OutlineError):
        parse_point(text)


@pytest.mark.parametrize(
    "line",
    ["DP 91:00:00 N 015:00:00 E", "DC 5", "DA 5,0", "DY 48:00:00 N 015:00:00 E", "QQ what", "V X=here"],
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    """An unreadable line refuses the document, with airspace and line number (F-A8)."""
    with pytest.raises(InputError, match="line 5") as caught:
        airspace(line, *TRIANGLE)
    assert caught.value.problems[0].place == "line 1 (A)"


def test_an_arc_whose_ends_do_not_fit_is_refused() -> None:
    """Ends of an arc at different distances from its centre are a typing error."""
    with pytest.raises(InputError, match="from its centre"):
        airspace("V X=48:00:00 N 015:00:00 E", "DB 48:10:00 N 015:00:00 E, 48:00:00 N 015:40:00 E", *TRIANGLE)


@given(
    clockwise=st.booleans(),
    start=st.integers(0, 359),
    sweep=st.integers(20, 340),
    radius_nm=st.floats(0.5, 20.0),
)
def test_a_sector_is_never_cut_by_its_arc(clockwise: bool, start: int, sweep: int, radius_nm: float) -> None:
    """Every point of a drawn arc, and the corner at its centre, lies in the airspace or on its border."""
    end = (start + sweep if clockwise else start - sweep) % 360
    reading = airspace(
        "V X=48:30:00 N 016:30:00 E",
        "V D=+" if clockwise else "V D=-",
        f"DA {radius_nm:.3f},{start},{end}",
        "DP 48:30:00 N 016:30:00 E",
    )
    shares = np.linspace(0.0, 1.0, 201)
    azimuths = start + shares * (sweep if clockwise else -sweep)
    many = np.ones_like(azimuths)
    radius_m = round(radius_nm, 3) * NAUTICAL_MILE_M
    longitudes, latitudes, _ = GEOD.fwd(16.5 * many, 48.5 * many, azimuths, radius_m * many)
    arc = shapely.points(longitudes, latitudes)
    assert shapely.distance(outline(reading), arc).max() < 1e-8
    assert reading.reports[0].outcome is Outcome.READ


def test_an_inward_arc_leaves_the_airspace_whole() -> None:
    """An arc that bulges into the airspace is drawn by its chords, which lie outside the bite."""
    center_lon, center_lat = 15.7, 48.5
    reading = airspace(
        "DP 48:20:00 N 015:20:00 E",
        "DP 48:40:00 N 015:20:00 E",
        "DP 48:40:00 N 015:42:00 E",
        "V X=48:30:00 N 015:42:00 E",
        "V D=-",
        "DB 48:33:00 N 015:42:00 E, 48:27:00 N 015:42:00 E",
        "DP 48:20:00 N 015:42:00 E",
    )
    shape = outline(reading)
    azimuths = np.linspace(180.0, 360.0, 181)
    radius_m = GEOD.inv(center_lon, center_lat, center_lon, 48.55)[2]
    many = np.ones_like(azimuths)
    longitudes, latitudes, _ = GEOD.fwd(center_lon * many, center_lat * many, azimuths, radius_m * many)
    assert shapely.distance(shape, shapely.points(longitudes, latitudes)).max() < 1e-8
    assert not shape.contains(shapely.Point(center_lon - 0.01, center_lat))


def test_windows_western_text_is_read() -> None:
    """A document that is not UTF-8 is read as Windows-1252, as most OpenAir is written."""
    data = "\n".join(["AC R", "AN Köln", "AL GND", "AH UNL", *TRIANGLE]).encode("cp1252")
    assert read_zones(data, "a.txt").zones[0].name == "Köln"
