"""KML and KMZ: placemarks as zones, hostile XML and archives refused."""

import io
import math
import zipfile
from collections.abc import Callable

import pytest

from mission.airspace.documents import read_zones
from mission.airspace.reading import DocumentCaps, Outcome
from mission.errors import InputError
from mission.model.airspace import CircleFootprint, Restriction
from mission.model.geo import Height, VerticalDatum

Golden = Callable[[str], bytes]


def kmz(**members: bytes) -> bytes:
    """Return an archive of files; underscores in keyword names stand for dots."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


def test_the_golden_document_is_read(golden: Golden) -> None:
    """Polygons, circles and closed lines are zones; a point without a radius is a mark, and skipped."""
    reading = read_zones(golden("operator.kml"), "operator.kml")
    works, mast, drawn = reading.zones
    assert reading.format == "KML"
    assert works.identifier == "works"
    assert works.restriction is Restriction.PROHIBITED
    assert works.volumes[0].floor.value_m == -math.inf
    assert works.volumes[0].ceiling == Height(320.0, VerticalDatum.AMSL)
    assert mast.restriction is Restriction.REQ_AUTHORISATION
    assert isinstance(mast.volumes[0].footprint, CircleFootprint)
    assert mast.volumes[0].ceiling == Height(90.0, VerticalDatum.AGL)
    assert drawn.volumes[0].ceiling.value_m == math.inf
    assert [report.outcome for report in reading.reports] == [
        Outcome.REPAIRED,
        Outcome.READ,
        Outcome.SKIPPED,
        Outcome.REPAIRED,
    ]


def test_a_kmz_is_read_as_the_kml_inside(golden: Golden) -> None:
    """An archive gives the same zones as its KML, whatever path its member claims (F-X7)."""
    plain = read_zones(golden("operator.kml"), "a")
    packed = read_zones(kmz(doc_kml=golden("operator.kml"), icon_png=b"-"), "a")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../../etc/zones.kml", golden("operator.kml"))
    assert packed == plain
    assert read_zones(buffer.getvalue(), "a") == plain


def test_two_kml_in_one_archive_are_refused(golden: Golden) -> None:
    """No zone is left out silently because it stands in the other file."""
    data = kmz(a_kml=golden("operator.kml"), b_kml=golden("operator.kml"))
    with pytest.raises(InputError, match="2 KML files"):
        read_zones(data, "a.kmz")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """A member that unpacks to a thousand times its size, or over the cap, is not unpacked (F-X8)."""
    bomb = kmz(doc_kml=b"<kml>" + b" " * 10_000_000 + b"</kml>")
    with pytest.raises(InputError, match="times its packed size"):
        read_zones(bomb, "a.kmz")
    with pytest.raises(InputError, match="unpacks to"):
        read_zones(bomb, "a.kmz", caps=DocumentCaps(max_compression_ratio=1e9, max_unpacked_bytes=1_000_000))


def test_a_lying_archive_is_refused(golden: Golden) -> None:
    """An archive whose header understates a member's size ends in an error, not in memory (F-X8)."""
    content = b"<kml>" + b"x" * 100_000 + b"</kml>"
    data = kmz(doc_kml=content)
    size = len(content).to_bytes(4, "little")
    with pytest.raises(InputError):
        read_zones(data.replace(size, (1000).to_bytes(4, "little")), "a.kmz")


def test_an_archive_of_too_many_files_is_refused() -> None:
    """The number of files is checked before any is opened (F-X8)."""
    data = kmz(**{f"f{number}": b"" for number in range(20)})
    with pytest.raises(InputError, match="holds 20 files"):
        read_zones(data, "a.kmz", caps=DocumentCaps(max_archive_members=10))


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE kml [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE kml SYSTEM "http://example.invalid/kml.dtd">',
        b"<!DOCTYPE kml>",
    ],
)
def test_document_types_and_entities_are_refused(prologue: bytes) -> None:
    """No DTD is read, so no entity can grow or reach out (F-X10)."""
    with pytest.raises(InputError, match="document type"):
        read_zones(b'<?xml version="1.0"?>' + prologue + b"<kml>&a;</kml>", "a.kml")


def test_deep_xml_is_refused() -> None:
    """Nesting is capped (F-X9)."""
    with pytest.raises(InputError, match="nested too deeply"):
        read_zones(b"<kml>" * 1000, "a.kml")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<NetworkLink><Link/></NetworkLink>", "NetworkLink"),
        (b"", "no Placemark"),
        (b"<Placemark><name>A</name><Polygon/></Placemark>", "no outer ring"),
        (
            b"<Placemark><name>A</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
            b"15,48 15.1,x 15.1,48.1 15,48</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>",
            "position '15.1,x'",
        ),
        (
            b"<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates> </coordinates></LinearRing>"
            b"</outerBoundaryIs></Polygon></Placemark>",
            "no positions",
        ),
        (b"<Placemark>", "not valid XML"),
    ],
)
def test_kml_that_would_lose_zones_is_refused(body: bytes, words: str) -> None:
    """Zones behind a link, or that cannot be placed, refuse the document and say why (F-A8)."""
    with pytest.raises(InputError, match=words):
        read_zones(b"<kml>" + body + b"</kml>", "a.kml")


def test_other_xml_is_refused() -> None:
    """XML that is no KML is not searched for zones."""
    with pytest.raises(InputError, match="root"):
        read_zones(b"<gml/>", "a.xml")
