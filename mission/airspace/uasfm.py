"""FAA UAS Facility Map documents: the ArcGIS service's GeoJSON of grid cells with a ceiling each.

A cell lies in controlled airspace, where every flight needs an authorisation (14 CFR 107.41). Up to its CEILING
one may be had at once (LAANC); above only by further coordination. A cell therefore becomes two zones, so that
an authorisation for the one is never taken for the other: the cell up to its ceiling, and ``…-above``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mission.airspace.assembly import Draft, Read, volumes_of
from mission.airspace.fields import UNLIMITED_UP, identify, number, plain_text, read_unit, shown
from mission.airspace.geojson import geometry_footprints
from mission.airspace.reading import DocumentScope, Feature
from mission.model.airspace import Restriction, ZoneAuthority
from mission.model.geo import Height, VerticalDatum


def is_uasfm(members: Sequence[Mapping[object, object]]) -> bool:
    """Whether features are facility map cells: they have a CEILING and an airport or a unit."""
    for member in members:
        held = member.get("properties")
        if isinstance(held, Mapping) and "CEILING" in held and ("UNIT" in held or "APT1_ICAO" in held):
            return True
    return False


def read_uasfm_features(entries: Sequence[object], scope: DocumentScope) -> list[Read]:
    """Read the cells of a facility map; two zones each, or one at all heights if its ceiling is unknown."""
    read: list[Read] = []
    for index, entry in enumerate(entries):
        read.extend(_read_cell(entry, Feature(scope, f"features[{index}]")))
    return read


def _read_cell(entry: object, feature: Feature) -> list[Read]:
    properties = entry.get("properties") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(properties, Mapping):
        feature.reject("it is no feature with properties", "Remove it or write the cell.", covered=False)
        return [(feature, None)]
    cell = properties.get("GLOBALID") or properties.get("OBJECTID") or entry.get("id")
    identify(feature, cell)
    airport = plain_text(properties.get("APT1_ICAO"), 10) or plain_text(properties.get("APT1_FAAID"), 10)
    effective = plain_text(properties.get("MAP_EFF"), 40)
    footprints = geometry_footprints(entry.get("geometry"), feature, None)
    metres = read_unit(properties.get("UNIT"), feature)
    ceiling = number(properties.get("CEILING"))
    draft = Draft(
        restriction=Restriction.REQ_AUTHORISATION,
        volumes=volumes_of(footprints),
        name=f"UAS Facility Map {airport}".strip(),
        reasons=("AIR_TRAFFIC",),
        authority=(ZoneAuthority("FAA", "AUTHORIZATION"),),
        message=f"Controlled airspace at {airport or 'an airport'}; map of {effective or 'unknown date'}.",
        country="USA",
    )
    if metres is None or ceiling is None or ceiling < 0.0:
        feature.repair(f"ceiling {shown(properties.get('CEILING'))} is not known: one zone at all heights")
        return [(feature, draft)]
    top = Height(ceiling * metres, VerticalDatum.AGL)
    above = Feature(feature.scope, feature.place, f"{feature.identifier}-above", feature.region)
    above.repairs, above.faults = feature.repairs.copy(), feature.faults.copy()
    above.covered, above.swapped = feature.covered, feature.swapped
    upper = replace(draft, volumes=volumes_of(footprints, top, UNLIMITED_UP), name=f"{draft.name} above")
    if top.value_m == 0.0:
        return [(above, upper)]
    lower = replace(draft, volumes=volumes_of(footprints, Height(0.0, VerticalDatum.AGL), top))
    return [(feature, lower), (above, upper)]
