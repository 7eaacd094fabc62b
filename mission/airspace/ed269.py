"""ED-269 (EUROCAE, UAS geographical zones) documents, as published in Europe.

Roots seen: ``{title, features: [zone…]}``, ``{formatVersion, createdAt, UASZoneList: [zone…]}``, a bare array of
zones, one zone alone, and GeoJSON features whose properties are the zone (Estonia).
"""

import re
from collections.abc import Mapping, Sequence

from mission.airspace.assembly import Draft, Read, volumes_of
from mission.airspace.fields import (
    code_list,
    identify,
    number,
    ordered_limits,
    plain_text,
    read_authorities,
    read_ceiling,
    read_floor,
    read_restriction,
    read_unit,
    shown,
)
from mission.airspace.json_text import kind_of
from mission.airspace.periods import read_applicability
from mission.airspace.reading import DocumentScope, Feature
from mission.airspace.rings import read_circle, read_polygon
from mission.model.airspace import Footprint, ZoneVolume
from mission.model.geo import Height

_ESTONIAN_WORLD_MASK = "EERZout"
"""Estonia's viewer shades the world outside Estonia with this feature; it is no zone."""


def read_ed269_zones(entries: Sequence[object], path: str, scope: DocumentScope) -> list[Read]:
    """Read plain ED-269 zones; `path` is where the array stands in the document, e.g. ``features``."""
    return [_read_zone(entry, Feature(scope, f"{path}[{index}]")) for index, entry in enumerate(entries)]


def read_ed269_features(entries: Sequence[object], scope: DocumentScope) -> list[Read]:
    """Read GeoJSON features whose properties are ED-269 zones."""
    read: list[Read] = []
    for index, entry in enumerate(entries):
        feature = Feature(scope, f"features[{index}]")
        properties = entry.get("properties") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(properties, Mapping):
            read.append((_not_a_zone(entry, feature), None))
            continue
        if properties.get("hidden") is True or properties.get("identifier") == _ESTONIAN_WORLD_MASK:
            identify(feature, properties.get("identifier"))
            feature.skipped = "it is shading of the publisher's map, not a zone"
            read.append((feature, None))
            continue
        limits = properties.get("geometry")
        volume = {**limits} if isinstance(limits, Mapping) else {}
        volume["horizontalProjection"] = entry.get("geometry")
        read.append(_read_zone({**properties, "geometry": [volume]}, feature))
    return read


def document_version(root: Mapping[str, object]) -> str:
    """Return a document's creation date or version: ``createdAt``, else a date in its title, else its version."""
    created = plain_text(root.get("createdAt"), 60)
    title = plain_text(root.get("title"), 300)
    dated = re.search(r"\d{4}-\d{1,2}-\d{1,2}(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?", title)
    return created or (dated.group() if dated else "") or plain_text(root.get("formatVersion"), 60)


def _not_a_zone(entry: object, feature: Feature) -> Feature:
    feature.reject(f"it is {kind_of(entry)}, not a zone", "Remove it or write the zone.", covered=False)
    return feature


def _read_zone(entry: object, feature: Feature) -> Read:
    if not isinstance(entry, Mapping):
        return _not_a_zone(entry, feature), None
    country = identify(feature, entry.get("identifier"), entry.get("country"))
    restriction = read_restriction(entry.get("restriction"), feature)
    conditions = plain_text(entry.get("restrictionConditions"))
    message = plain_text(entry.get("message"))
    draft = Draft(
        restriction=restriction,
        volumes=_read_volumes(entry.get("geometry"), feature),
        name=plain_text(entry.get("name"), 300),
        applicability=read_applicability(entry.get("applicability"), feature),
        reasons=code_list(entry.get("reason")),
        authority=read_authorities(entry.get("zoneAuthority")),
        message=" ".join(part for part in (message, conditions) if part),
        country=country,
    )
    return feature, draft


def _read_volumes(geometry: object, feature: Feature) -> tuple[ZoneVolume, ...]:
    entries = geometry if isinstance(geometry, list) else [geometry]
    if not entries:
        feature.reject("it has no geometry", "Give it a geometry, or remove the zone.", covered=False)
    volumes: list[ZoneVolume] = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            what = f"its geometry is {kind_of(entry)}"
            feature.reject(what, "Give an array of airspace volumes.", covered=False)
            continue
        floor, ceiling = _read_limits(entry, feature)
        volumes.extend(volumes_of(_read_projection(entry.get("horizontalProjection"), entry, feature), floor, ceiling))
    return tuple(volumes)


def _read_limits(entry: Mapping[object, object], feature: Feature) -> tuple[Height, Height]:
    metres = read_unit(entry.get("uomDimensions"), feature)
    floor = read_floor(entry.get("lowerLimit"), metres, entry.get("lowerVerticalReference"), feature)
    ceiling = read_ceiling(entry.get("upperLimit"), metres, entry.get("upperVerticalReference"), feature)
    return ordered_limits(floor, ceiling, feature)


def _read_projection(projection: object, volume: Mapping[object, object], feature: Feature) -> Sequence[Footprint]:
    if not isinstance(projection, Mapping):
        what = f"its horizontal projection is {kind_of(projection)}"
        feature.reject(what, "Give a Polygon or a Circle.", covered=False)
        return ()
    kind = plain_text(projection.get("type"), 20).lower()
    if kind == "circle":
        if plain_text(volume.get("uomDimensions"), 10).upper() == "FT":
            # Feeds disagree on whether the unit of heights holds for the radius; metres is the larger circle.
            feature.repair("the radius of a circle in a zone in feet is taken as metres")
        return read_circle(projection.get("center"), number(projection.get("radius")), feature)
    if kind == "polygon":
        return read_polygon(projection.get("coordinates"), feature)
    if kind == "multipolygon" and isinstance(projection.get("coordinates"), list):
        parts = projection["coordinates"]
        return [footprint for part in parts for footprint in read_polygon(part, feature)]
    what = f"its horizontal projection is of type {shown(projection.get('type'))}"
    feature.reject(what, "Give a Polygon or a Circle.", covered=False)
    return ()
