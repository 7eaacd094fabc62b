"""ED-318 (EUROCAE, UAS geographical zones as GeoJSON with layers) documents.

Dirt seen in the wild and read: names as plain strings, `null` members, the zone nested in
``properties.UASZone`` with empty strings (Spain), ``datasetMetadata`` for ``metadata`` (Ireland).
"""

from collections.abc import Mapping, Sequence

from mission.airspace.assembly import Draft, Read, volumes_of
from mission.airspace.fields import (
    UNLIMITED_DOWN,
    UNLIMITED_UP,
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
)
from mission.airspace.geojson import geometry_footprints
from mission.airspace.json_text import kind_of
from mission.airspace.periods import read_applicability
from mission.airspace.reading import DocumentScope, Feature
from mission.model.airspace import ZoneVolume
from mission.model.geo import Height

_OWN_PROPERTIES = ("variant", "limitedApplicability", "UASZone")
_OWN_GEOMETRY = ("layer", "extent")


def is_ed318(root: Mapping[str, object], members: Sequence[Mapping[object, object]]) -> bool:
    """Whether a feature collection is ED-318: it has its metadata, or a feature has one of its own members."""
    if isinstance(root.get("metadata"), Mapping) or isinstance(root.get("datasetMetadata"), Mapping):
        return True
    for member in members:
        properties, geometry = member.get("properties"), member.get("geometry")
        if isinstance(properties, Mapping) and any(key in properties for key in _OWN_PROPERTIES):
            return True
        if isinstance(geometry, Mapping) and any(key in geometry for key in _OWN_GEOMETRY):
            return True
    return False


def read_metadata(root: Mapping[str, object], scope: DocumentScope) -> None:
    """Set the version to the date of issue.

    Raises:
        InputError: a date of the metadata is not text. Whoever wrote that did not write ED-318, and then the
            zones mean nothing certain either.
    """
    for key in ("metadata", "datasetMetadata"):
        metadata = root.get(key)
        if not isinstance(metadata, Mapping):
            continue
        for name in ("issued", "validFrom", "validTo"):
            value = metadata.get(name)
            if value is not None and not isinstance(value, str):
                what = f"it is {kind_of(value)}, not a date and time"
                raise scope.broken(f"{key}.{name}", what, "Write an ISO 8601 date and time with its offset.")
            scope.version = scope.version or plain_text(value, 60)


def read_ed318_features(entries: Sequence[object], scope: DocumentScope) -> list[Read]:
    """Read the features of an ED-318 collection."""
    return [_read_feature(entry, Feature(scope, f"features[{index}]")) for index, entry in enumerate(entries)]


def _read_feature(entry: object, feature: Feature) -> Read:
    properties = entry.get("properties") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(properties, Mapping):
        what = "it is no feature with properties"
        feature.reject(what, "Give it properties and a geometry, or remove it.", covered=False)
        return feature, None
    nested = properties.get("UASZone")
    if isinstance(nested, Mapping):
        properties = {**properties, **nested}
    country = identify(feature, properties.get("identifier") or entry.get("id"), properties.get("country"))
    volumes = _read_volumes(entry.get("geometry"), None, feature)
    conditions = plain_text(properties.get("restrictionConditions"))
    message = plain_text(properties.get("message"))
    draft = Draft(
        restriction=read_restriction(properties.get("type"), feature),
        volumes=volumes,
        name=plain_text(properties.get("name"), 300),
        applicability=read_applicability(properties.get("limitedApplicability"), feature),
        reasons=code_list(properties.get("reason")),
        authority=read_authorities(properties.get("zoneAuthority")),
        message=" ".join(part for part in (message, conditions) if part),
        country=country,
    )
    return feature, draft


def _read_volumes(geometry: object, outer_layer: object, feature: Feature) -> tuple[ZoneVolume, ...]:
    """Return the volumes of a layered geometry; members of a collection may share its layer."""
    layer = outer_layer
    radius_m: float | None = None
    if isinstance(geometry, Mapping):
        layer = geometry.get("layer") or outer_layer
        members = geometry.get("geometries")
        if geometry.get("type") == "GeometryCollection" and isinstance(members, list):
            return tuple(volume for member in members for volume in _read_volumes(member, layer, feature))
        extent = geometry.get("extent")
        radius_m = number(extent.get("radius")) if isinstance(extent, Mapping) else None
    footprints = geometry_footprints(geometry, feature, radius_m)
    return volumes_of(footprints, *_read_layer(layer, feature))


def _read_layer(layer: object, feature: Feature) -> tuple[Height, Height]:
    if not isinstance(layer, Mapping):
        feature.repair("it has no vertical layer: applies at all heights")
        return UNLIMITED_DOWN, UNLIMITED_UP
    metres = read_unit(layer.get("uom"), feature, default_m=1.0)
    floor = read_floor(layer.get("lower"), metres, layer.get("lowerReference"), feature)
    ceiling = read_ceiling(layer.get("upper"), metres, layer.get("upperReference"), feature)
    return ordered_limits(floor, ceiling, feature)
