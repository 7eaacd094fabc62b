"""Zone documents of any supported format → zones, recognised by content and not by name."""

import re
from collections.abc import Mapping

from mission.airspace import ed269, ed318, geojson, kml, openair, uasfm
from mission.airspace.assembly import Read, assemble
from mission.airspace.bounds import GeoBounds
from mission.airspace.fields import shown
from mission.airspace.json_text import kind_of, parse_json
from mission.airspace.kmz import unpack_kmz
from mission.airspace.reading import DEFAULT_CAPS, DocumentCaps, DocumentScope, ZoneReading
from mission.airspace.xml_tree import parse_xml

_ACCEPTED = "Give ED-269, ED-318, GeoJSON, KML, KMZ, OpenAir or a UAS facility map."
_ZIP_MAGIC = b"PK\x03\x04"
_BLANK = b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"


def read_zones(
    data: bytes,
    document: str,
    *,
    caps: DocumentCaps = DEFAULT_CAPS,
    expected_region: GeoBounds | None = None,
    accept_uncovered: bool = False,
) -> ZoneReading:
    """Read a zone document.

    Args:
        data: the document's bytes.
        document: its name, for reports and errors.
        caps: limits on its size.
        expected_region: where its zones should lie. Zones are otherwise compared with the box of their
            country, if they name one. A zone outside that lies inside with its axes swapped is REJECTED, and
            both places are restricted.
        accept_uncovered: read on although restricted space of some features cannot be placed. Such a reading
            lists them in `ZoneReading.uncovered`, and must not be flown by without a person's consent.

    Returns:
        Its zones, and a report on every feature.

    Raises:
        InputError: not a zone document, broken as a whole, over a cap, all of it with swapped axes, or, unless
            `accept_uncovered`, with a feature whose place cannot be told. Nothing of it may then be used: the
            last good reading stays in force (fault F-A8).
    """
    scope = DocumentScope(document, "", caps, expected_region)
    if len(data) > caps.max_bytes:
        raise scope.broken("document", f"{len(data)} bytes", f"Split it: at most {caps.max_bytes} are read.")
    return assemble(scope, _read(data, scope), accept_uncovered=accept_uncovered)


def _read(data: bytes, scope: DocumentScope) -> list[Read]:
    """Tell archives, XML, JSON and OpenAir apart by their first characters, and read."""
    if data.startswith(_ZIP_MAGIC):
        data = unpack_kmz(data, scope)
    start = data.lstrip(_BLANK)[:2].replace(b"\0", b"")  # UTF-16 writes "<" and "{" with a zero byte
    if start.startswith(b"<"):
        scope.format = "KML"
        return kml.read_kml(parse_xml(data, scope.document, scope.caps), scope)
    if start.startswith((b"{", b"[")):
        return _read_json(parse_json(data, scope.document, scope.caps), scope)
    text = _legacy_text(data)
    if openair.is_openair(text):
        scope.format = "OpenAir"
        return openair.read_openair(text, scope)
    raise scope.broken("document", "it is no zone document of a known format", _ACCEPTED)


def _legacy_text(data: bytes) -> str:
    """Return text in UTF-8, else in Windows' western code page, in which every byte of OpenAir has a meaning."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _read_json(root: object, scope: DocumentScope) -> list[Read]:
    """Tell the JSON formats apart by their shape, and read."""
    path = "features"
    if isinstance(root, list):
        entries: object = root
        path = "document"
        root = {}
    elif not isinstance(root, Mapping):
        raise scope.broken("document", f"it is {kind_of(root)}", _ACCEPTED)
    elif "UASZoneList" in root:
        entries = root["UASZoneList"]
        path = "UASZoneList"
    elif "features" in root:
        entries = root["features"]
    elif root.get("type") == "Feature" or ("identifier" in root and "geometry" in root):
        entries = [root]
        path = "document"
    else:
        raise scope.broken("document", "it has neither features nor UASZoneList", _ACCEPTED)
    _refuse_other_crs(root, scope)
    if not isinstance(entries, list):
        raise scope.broken(path, f"it is {kind_of(entries)}", "Write an array.")
    if not entries and root.get("type") != "FeatureCollection":
        raise scope.broken(path, "it is empty", "If there are no zones, say so by an empty FeatureCollection.")
    scope.check_features(len(entries))
    return _read_entries(root, entries, path, scope)


def _refuse_other_crs(root: Mapping[str, object], scope: DocumentScope) -> None:
    """Raise InputError where an old GeoJSON names coordinates other than WGS84 degrees: they would be misplaced."""
    named = root.get("crs")
    if named is not None and not re.search(r"CRS:?84|EPSG:+4326\b", str(named), re.IGNORECASE):
        raise scope.broken("crs", f"coordinates are in {shown(named)}", "Convert them to WGS84 (EPSG:4326).")


def _read_entries(root: Mapping[str, object], entries: list[object], path: str, scope: DocumentScope) -> list[Read]:
    members = [entry for entry in entries if isinstance(entry, Mapping)]
    collection = root.get("type") == "FeatureCollection"
    if not collection and not any(member.get("type") == "Feature" for member in members):
        scope.format = "ED-269"
        scope.version = ed269.document_version(root)
        return ed269.read_ed269_zones(entries, path, scope)
    properties = [member["properties"] for member in members if isinstance(member.get("properties"), Mapping)]
    if any("identifier" in held and "restriction" in held for held in properties):
        scope.format = "ED-269"
        return ed269.read_ed269_features(entries, scope)
    if uasfm.is_uasfm(members):
        scope.format = "UASFM"
        return uasfm.read_uasfm_features(entries, scope)
    if ed318.is_ed318(root, members):
        scope.format = "ED-318"
        ed318.read_metadata(root, scope)
        return ed318.read_ed318_features(entries, scope)
    scope.format = "GeoJSON"
    return geojson.read_geojson_features(entries, scope)
