"""Hostile and damaged zone documents, format by format: an InputError or a report, and never less restricted space.

What the other files of this folder test by example is searched here. The default run is short; marked `slow` the same
properties are searched with a hundred times as many examples.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.airspace.applicability import applies_during
from mission.airspace.documents import read_zones
from mission.airspace.reading import DocumentCaps, Outcome, ZoneReading
from mission.errors import InputError, InputProblem
from mission.model.airspace import GeoZone, Restriction, ZoneVolume
from mission.model.geo import Height
from mission.model.time import TimeWindow

Golden = Callable[[str], bytes]
NAMES = ("ed269.json", "ed318.json", "operator.geojson", "uasfm.json", "operator.kml", "openair.txt")
JSON_NAMES = NAMES[:4]
QUICK = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(QUICK, max_examples=4000)
MOMENTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=7 * step) for step in range(0, 1300, 11)]
"""Every three days for a year, at all hours."""


def survive(data: bytes) -> ZoneReading | None:
    """Return the reading, None for an InputError that says where and how to mend; anything else is a failure."""
    problems: tuple[InputProblem, ...]
    try:
        reading = read_zones(data, "fuzz")
    except InputError as error:
        problems = error.problems
    else:
        there = {zone.identifier for zone in reading.zones}
        assert {r.feature_id for r in reading.reports if r.outcome in (Outcome.READ, Outcome.REPAIRED)} <= there
        assert not reading.uncovered
        return reading
    assert problems
    assert all(problem.file == "fuzz" and problem.place and problem.mend for problem in problems)
    return None


# ---- size ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cap", ["max_bytes", "max_features", "max_vertices", "max_ring_vertices", "max_depth"])
def test_every_cap_holds_in_every_format(golden: Golden, name: str, cap: str) -> None:
    """A document one over a cap is refused, whichever format it is in (F-X9, F-A12)."""
    if cap == "max_depth" and name == "openair.txt":
        pytest.skip("OpenAir does not nest")
    with pytest.raises(InputError):
        read_zones(golden(name), name, caps=DocumentCaps(**{cap: 1}))


@pytest.mark.parametrize(
    ("opening", "closing"),
    [(b'{"a":', b"}"), (b"[", b"]"), (b"<a>", b"</a>"), (b'{"features":[', b"]}")],
)
@pytest.mark.parametrize("depth", [33, 5_000, 200_000])
def test_depth_is_capped_before_the_stack_is(opening: bytes, closing: bytes, depth: int) -> None:
    """Thousands of levels end in a refusal, not in the interpreter (F-X9)."""
    inner = b"1" if closing != b"</a>" else b""
    assert survive(opening * depth + inner + closing * depth) is None


@pytest.mark.parametrize("inner", [b"", b"<kml/>", None])
def test_an_archive_in_an_archive_is_not_unpacked(golden: Golden, inner: bytes | None) -> None:
    """One level is read; what lies deeper, or is nothing, is refused (F-X8)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("doc.kml", golden("operator.kml"))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("doc.kml", buffer.getvalue() if inner is None else inner)
    reading = survive(outer.getvalue())
    assert reading is None or (inner == b"<kml/>" and not reading.zones)


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE kml SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE kml [<!ENTITY % x SYSTEM "http://example.org/x">%x;]>',
    ],
)
def test_no_entity_grows_or_reaches_out(golden: Golden, prologue: bytes) -> None:
    """Billion laughs, a local file and a foreign DTD are refused by their declaration (F-X10)."""
    declaration, _, rest = golden("operator.kml").partition(b"?>")
    assert survive(declaration + b"?>" + prologue + rest) is None


# ---- bytes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_document_cut_off_anywhere_never_crashes(golden: Golden, name: str) -> None:
    """A transfer that ended early: for JSON and XML always a refusal, for lines what was whole (F-A8)."""
    data = golden(name).rstrip()
    for length in range(0, len(data), 13):
        reading = survive(data[:length])
        assert reading is None or name == "openair.txt"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_an_encoding_changes_no_zone(golden: Golden, name: str, encoding: str) -> None:
    """Byte order marks and wide characters give the same zones or a refusal, never fewer zones (F-A8, I-20)."""
    text = golden(name).decode("utf-8-sig")
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip(f"{encoding} has not all of its characters")
    reading = survive(data)
    if reading is not None:
        plain = read_zones(golden(name), "fuzz")
        assert [zone.volumes for zone in reading.zones] == [zone.volumes for zone in plain.zones]


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """Return a document with some bytes cut, doubled or replaced."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(changed)))
        length = data.draw(st.integers(0, 60))
        piece = st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"NaN", b"-Infinity", b"1e999", b"99999", b"null", b"]]", b"<", b"&a;", b"\xef\xbb\xbf"]),
            st.just(bytes(changed[start : start + length])).map(lambda piece: piece * 2),
        )
        changed[start : start + length] = data.draw(piece)
    return bytes(changed)


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(data=st.data())
def test_damaged_bytes_never_crash(golden: Golden, name: str, data: st.DataObject) -> None:
    """A reading or an InputError, whatever was damaged (F-A8)."""
    survive(damaged(golden(name), data))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@LONG
@given(data=st.data())
def test_damaged_bytes_never_crash_searched_long(golden: Golden, name: str, data: st.DataObject) -> None:
    """The same, a hundred times as long (F-A8)."""
    survive(damaged(golden(name), data))


# ---- values: never less restricted space -------------------------------------------------------------


LIMITS = {
    "lowerLimit", "upperLimit", "lowerVerticalReference", "upperVerticalReference", "uomDimensions",
    "lower", "upper", "lowerReference", "upperReference", "uom",
    "floor_m", "ceiling_m", "floor_datum", "ceiling_datum", "CEILING", "UNIT",
}  # fmt: skip
HOURS = {
    "applicability", "limitedApplicability", "permanent", "startDateTime", "endDateTime", "schedule", "day",
    "startTime", "endTime", "startEvent", "endEvent",
}  # fmt: skip
RESTRICTIONS = {"restriction"}
JUNK: list[Any] = ["?", "", None, [], {}, True, False, "NaN", "-", "1,5", "1_2", "١٢", "0x1F", "2026-13-45", ["?"]]
JUNK += [float("inf"), {"a": 1}]


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all members that say heights, hours or restriction."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        if key in LIMITS | HOURS | RESTRICTIONS:
            yield (*path, key)
        yield from places_of(member, (*path, key))


def with_junk(document: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Return a JSON document with one member replaced."""
    if not path:
        return junk
    key, *rest = path
    changed = dict(document) if isinstance(document, dict) else list(document)
    changed[key] = with_junk(document[key], tuple(rest), junk)
    return changed


def no_less(was: GeoZone, now: GeoZone, *, but_hours_of: bool) -> None:
    """Fail where a zone restricts less than it did: lower, higher, at other times, or more weakly."""
    assert len(now.volumes) >= len(was.volumes)
    for before, after in zip(was.volumes, now.volumes, strict=False):
        assert after.footprint == before.footprint
        assert _reaches(after, before)
    assert (now.restriction is Restriction.NO_RESTRICTION) <= (was.restriction is Restriction.NO_RESTRICTION)
    if not but_hours_of:
        return
    for moment in MOMENTS:
        window = TimeWindow(moment, moment)
        assert applies_during(now, window) or not applies_during(was, window)


def _reaches(after: ZoneVolume, before: ZoneVolume) -> bool:
    def same(one: Height, other: Height) -> bool:
        return one.datum is other.datum

    low = after.floor.value_m == -float("inf") or (
        same(after.floor, before.floor) and after.floor.value_m <= before.floor.value_m
    )
    high = after.ceiling.value_m == float("inf") or (
        same(after.ceiling, before.ceiling) and after.ceiling.value_m >= before.ceiling.value_m
    )
    return low and high


def junk_never_frees(golden: Golden, name: str, data: st.DataObject) -> None:
    """Put junk in place of one member, and compare with the document before."""
    document = json.loads(golden(name).decode("utf-8-sig"))
    path = data.draw(st.sampled_from(list(places_of(document))))
    junk = data.draw(st.sampled_from(JUNK))
    text = json.dumps(with_junk(document, path, junk)).replace("Infinity", "1e999")
    before, after = read_zones(golden(name), "fuzz"), survive(text.encode())
    if after is None:
        return
    if name == "uasfm.json":  # a cell of unknown ceiling is one zone at all heights in place of two
        assert {z.volumes[0].footprint for z in before.zones} <= {z.volumes[0].footprint for z in after.zones}
        return
    kept = {zone.identifier: zone for zone in after.zones}
    for zone in before.zones:
        no_less(zone, kept[zone.identifier], but_hours_of=bool(HOURS & set(path)))


@pytest.mark.parametrize("name", JSON_NAMES)
@QUICK
@given(data=st.data())
def test_junk_for_heights_hours_or_restriction_frees_nothing(golden: Golden, name: str, data: st.DataObject) -> None:
    """Unknown limits reach farther, unknown hours apply always, unknown restrictions forbid (I-20, F-A7, F-A13)."""
    junk_never_frees(golden, name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", JSON_NAMES)
@LONG
@given(data=st.data())
def test_junk_frees_nothing_searched_long(golden: Golden, name: str, data: st.DataObject) -> None:
    """The same, a hundred times as long (I-20)."""
    junk_never_frees(golden, name, data)


@pytest.mark.parametrize("junk", ["", "?", "NaN", "-1e999 ft", "99999", "1,5", "FL", "FL ?", "AGL", "\x00", "9" * 500])
@pytest.mark.parametrize("line", ["AL GND", "AH 2500ft AMSL", "AL FL 65", "AL 300 AGL", "AH 1500", "AC R"])
def test_junk_in_a_line_of_openair_frees_nothing(golden: Golden, line: str, junk: str) -> None:
    """A limit that cannot be read is none, a class that cannot be read forbids (I-20, F-A13)."""
    text = golden("openair.txt").decode()
    assert line in text
    before = read_zones(golden("openair.txt"), "fuzz")
    after = survive(text.replace(line, f"{line[:2]} {junk}", 1).encode())
    if after is None or junk == "99999":
        return  # a number in feet is a limit, if an odd one
    kept = {zone.identifier: zone for zone in after.zones}
    for zone in before.zones:
        no_less(zone, kept[zone.identifier], but_hours_of=False)


@pytest.mark.parametrize("number", ["99999", "99999.0", '"99999"'])
@pytest.mark.parametrize("unit", ["M", "FT"])
def test_a_ceiling_of_99999_is_no_ceiling(
    ed269: Callable[..., bytes], ed269_zone: Callable[..., dict[str, Any]], number: str, unit: str
) -> None:
    """The formats' way to write "unlimited", as a number or as text, in either unit (F-A13)."""
    document = ed269(ed269_zone({"upperLimit": 120, "uomDimensions": unit}))
    data = document.replace(b'"upperLimit": 120', f'"upperLimit": {number}'.encode())
    (zone,) = read_zones(data, "fuzz").zones
    assert zone.volumes[0].ceiling.value_m == float("inf")


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize("name", JSON_NAMES)
def test_numbers_that_are_none_are_refused(golden: Golden, name: str, literal: bytes) -> None:
    """JSON has neither NaN nor Infinity; a coordinate or limit of that kind refuses the document (F-A8)."""
    first_number = re.compile(rb"(?<=: )-?\d+(\.\d+)?(?=[,\n])")
    data, replaced = first_number.subn(literal, golden(name), count=1)
    assert replaced
    assert survive(data) is None
