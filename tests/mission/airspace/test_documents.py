"""Recognising documents, capping them, and surviving whatever comes."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.airspace.documents import read_zones
from mission.airspace.reading import DocumentCaps, Outcome
from mission.errors import InputError
from mission.model.airspace import Restriction

Golden = Callable[[str], bytes]
NAMES = ("ed269.json", "ed318.json", "operator.geojson", "uasfm.json", "operator.kml", "openair.txt")
FORMATS = dict(zip(NAMES, ("ED-269", "ED-318", "GeoJSON", "UASFM", "KML", "OpenAir"), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_formats_are_told_by_content(golden: Golden, name: str) -> None:
    """The name says nothing; blanks and a byte order mark before the content change nothing."""
    data = golden(name)
    assert read_zones(data, "unknown.bin").format == FORMATS[name]
    assert read_zones(b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf"), "unknown.bin").format == FORMATS[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_has_one_report_and_every_change_a_reason(golden: Golden, name: str) -> None:
    """Reports and zones agree: ids are unique, READ has no reasons, all else has some."""
    reading = read_zones(golden(name), name)
    reported = [report.feature_id for report in reading.reports]
    assert len(set(reported)) == len(reported)
    assert {zone.identifier for zone in reading.zones} <= set(reported)
    for report in reading.reports:
        assert bool(report.reasons) is (report.outcome is not Outcome.READ)
    assert all(zone.source.document == name for zone in reading.zones)


def test_the_golden_ed269_document_is_read(golden: Golden) -> None:
    """A byte order mark, limits as text, a circle, feet, a schedule and a bow tie, all in one document."""
    reading = read_zones(golden("ed269.json"), "ed269.json")
    aerodrome, bow_tie = reading.zones
    assert reading.version == "2026-11-01"
    assert len(aerodrome.volumes) == 2
    assert aerodrome.volumes[0].ceiling.value_m == pytest.approx(304.8)
    assert aerodrome.authority[0].contact == "+43 1 000"
    assert bow_tie.restriction is Restriction.REQ_AUTHORISATION
    assert [report.outcome for report in reading.reports] == [Outcome.REPAIRED, Outcome.REJECTED]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no zone document"),
        (b"\x00\x01\x02\x03", "no zone document"),
        (b"hello", "no zone document"),
        (b"{", "not valid JSON"),
        (b'{"a": 1}', "neither features"),
        (b'{"features": 5}', "a number"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Feature"}, 5]}', "a number"),
        (b'{"features": [], "features": []}', "twice"),
        (b'{"features": [NaN]}', "NaN"),
        (b'{"features": ["\xff"]}', "not valid"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 60 + b"]" * 60, "nested too deeply"),
        (b"[1" + b"0" * 5_000 + b"]", "cannot be read"),
        (b"PK\x03\x04 not an archive", "KMZ"),
    ],
)
def test_broken_documents_are_refused_with_the_place_and_the_mend(data: bytes, words: str) -> None:
    """Every refusal names the document, says what is wrong, and how to mend it (F-A8, F-X9)."""
    with pytest.raises(InputError, match=words) as caught:
        read_zones(data, "broken.bin")
    for problem in caught.value.problems:
        assert problem.file == "broken.bin"
        assert problem.place
        assert problem.mend


def test_documents_over_the_caps_are_refused(golden: Golden) -> None:
    """Bytes and features are counted before anything else is done with them (F-X9)."""
    with pytest.raises(InputError, match="bytes"):
        read_zones(golden("ed269.json"), "a", caps=DocumentCaps(max_bytes=100))
    for name in NAMES:
        with pytest.raises(InputError, match="features"):
            read_zones(golden(name), "a", caps=DocumentCaps(max_features=1))


def test_names_cannot_break_lines_of_a_log(geojson: Callable[..., bytes]) -> None:
    """Line breaks and control characters of a feature's words do not reach ids, names or messages (F-X6)."""
    data = geojson(id="A\n2026 launch approved", name="x\x1b[31m", message="a\u2028b")
    reading = read_zones(data, "a")
    (zone,) = reading.zones
    assert (zone.identifier, zone.name, zone.message) == ("A 2026 launch approved", "x [31m", "a b")


def test_hostile_documents_are_read_with_few_words(square: list[list[float]]) -> None:
    """Hundreds of holes, loose rings, bad positions and unknown properties give zones and a short report (F-X9)."""
    holes = [[[15.01, 48.01], [15.02, 48.01], [15.02, 48.02], [15.01, 48.01]]] * 500
    beside = [[[16.0, 48.0], [16.1, 48.0], [16.1, 48.1], [16.0, 48.0]]] * 500
    broken = [[["x", number], [1, "y"], [2, None]] for number in range(500)]
    features = [
        {
            "type": "Feature",
            "properties": {"id": "A", "restriction": "PROHIBITED"} | {f"restriction{n}": n for n in range(500)},
            "geometry": {"type": "Polygon", "coordinates": [square, *rings]},
        }
        for rings in (holes, beside, broken)
    ]
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    reading = read_zones(data, "hostile", accept_uncovered=True)
    assert [len(zone.volumes) for zone in reading.zones] == [1, 501, 1]
    assert all(len(report.reasons) <= 101 for report in reading.reports)


def survive(data: bytes) -> None:
    """Read: anything but an InputError, or a reading that holds what it says, fails."""
    for accept in (False, True):
        with contextlib.suppress(InputError):
            reading = read_zones(data, "fuzz", accept_uncovered=accept)
            zones = {zone.identifier for zone in reading.zones}
            read = {r.feature_id for r in reading.reports if r.outcome in (Outcome.READ, Outcome.REPAIRED)}
            assert read <= zones  # nothing is called read, and is then not there
            assert accept or not reading.uncovered


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b"[", b"<", b"PK\x03\x04", b"AC R\n"]))
def test_random_bytes_never_crash(data: bytes, start: bytes) -> None:
    """Whatever bytes come, only a reading or an InputError comes out (F-A8)."""
    survive(start + data)


FUZZ = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(data=st.data())
def test_damaged_documents_never_crash(golden: Golden, name: str, data: st.DataObject) -> None:
    """Valid documents with bytes cut, changed or doubled give only a reading or an InputError (F-A8)."""
    content = bytearray(golden(name))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 40))
        content[start : start + length] = data.draw(
            st.one_of(
                st.binary(max_size=8), st.sampled_from([b"null", b'"', b"1e999", b"-1", b"[]", b"{}", b"9" * 400])
            )
        )
    survive(bytes(content))


LETTERS = "aZ0 :-\né\ud800"
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(LETTERS, max_size=8)
    | st.sampled_from(["YES", "AGL", "2026-01-01T00:00:00Z", "06:00:00Z", "24:00:00+99:99", "MON", "Polygon", "Point"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(LETTERS, max_size=5), inner, max_size=4),
    max_leaves=8,
)


def replace_somewhere(value: object, draw: Callable[[st.SearchStrategy[object]], object]) -> object:
    """Return a JSON value with one of its parts, at any depth, replaced by any other value."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        return {name: replace_somewhere(held, draw) if name == key else held for name, held in value.items()}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        index = draw(st.integers(0, len(value) - 1))
        return [replace_somewhere(held, draw) if number == index else held for number, held in enumerate(value)]
    return draw(json_values)


@pytest.mark.parametrize("name", NAMES[:4])
@FUZZ
@given(data=st.data())
def test_json_of_wrong_types_never_crashes(golden: Golden, name: str, data: st.DataObject) -> None:
    """A value of any type in any place gives only a reading or an InputError (F-A8)."""
    document = json.loads(golden(name).decode("utf-8-sig"))
    survive(json.dumps(replace_somewhere(document, data.draw)).encode())


@FUZZ
@given(data=st.data())
def test_damaged_archives_never_crash(golden: Golden, data: st.DataObject) -> None:
    """A KMZ with a few bytes changed gives only a reading or an InputError (F-X8)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", golden("operator.kml"))
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    survive(bytes(content))
