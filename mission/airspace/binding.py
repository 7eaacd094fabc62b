"""Which zones bind a flight, by what they demand, when they apply and how high they reach."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from mission.airspace.applicability import applies_during
from mission.airspace.height import GroundBelow, HeightBand, binds_band
from mission.airspace.hours_text import describe_hours
from mission.model.airspace import GeoZone, Restriction, ZoneVolume
from mission.model.geo import Height
from mission.model.time import TimeWindow
from mission.policy import Policy

_DEMANDS = {
    Restriction.PROHIBITED: "flight is prohibited",
    Restriction.REQ_AUTHORISATION: "flight needs an authorisation, and none is held",
    Restriction.USPACE: "flight needs a U-space authorisation, and none is held",
    Restriction.CONDITIONAL: "flight has conditions, and they are not known to be met",
}


@dataclass(frozen=True, slots=True)
class BindingZone:
    """A zone that a flight must keep out of.

    Attributes:
        zone: the zone.
        volumes: those of its volumes that may meet the flight's heights; at least one.
        why: a sentence for people: what it demands, when and between which heights.
    """

    zone: GeoZone
    volumes: tuple[ZoneVolume, ...]
    why: str


def demands_clearance(zone: GeoZone, policy: Policy) -> bool:
    """Whether a zone keeps this operator out: nothing opens PROHIBITED, NO_RESTRICTION keeps nobody out."""
    if zone.restriction is Restriction.NO_RESTRICTION:
        return False
    if zone.restriction in (Restriction.REQ_AUTHORISATION, Restriction.USPACE):
        return zone.identifier not in policy.authorised_zone_ids
    if zone.restriction is Restriction.CONDITIONAL:
        return zone.identifier not in policy.conditions_met_zone_ids
    return True


def applying_zones(zones: Iterable[GeoZone], window: TimeWindow, policy: Policy) -> tuple[GeoZone, ...]:
    """Return the zones that keep this operator out at any moment of a window, the policy's margin kept."""
    margin = timedelta(seconds=policy.zone_time_margin_s)
    return tuple(zone for zone in zones if demands_clearance(zone, policy) and applies_during(zone, window, margin))


def binding_zones(
    zones: Iterable[GeoZone],
    band: HeightBand,
    home_amsl_m: float,
    below: Callable[[ZoneVolume], GroundBelow],
    policy: Policy,
) -> tuple[BindingZone, ...]:
    """Return those of `zones` that bind a flight somewhere in a band of heights, in their order.

    The policy's margin of height is kept. Time is not looked at (see `applying_zones`), nor is place (see
    `ZoneIndex` and `footprint_polygon`).

    Args:
        zones: zones that keep the operator out.
        band: heights above home.
        home_amsl_m: elevation of home.
        below: what is known of the ground where the flight may meet a volume.
        policy: for the margin.
    """
    found = []
    for zone in zones:
        volumes = tuple(
            volume
            for volume in zone.volumes
            if binds_band(volume, band, home_amsl_m, below(volume), policy.zone_height_margin_m)
        )
        if volumes:
            found.append(BindingZone(zone, volumes, _why(zone, volumes)))
    return tuple(found)


def _why(zone: GeoZone, volumes: tuple[ZoneVolume, ...]) -> str:
    heights = dict.fromkeys(f"{_limit(volume.floor)} to {_limit(volume.ceiling)}" for volume in volumes)
    return (
        f"zone {zone.identifier} ({zone.name}): {_DEMANDS[zone.restriction]}; "
        f"applies {describe_hours(zone)}; heights {', '.join(heights)}"
    )


def _limit(limit: Height) -> str:
    if math.isinf(limit.value_m):
        return "unlimited" if limit.value_m > 0.0 else "ground"
    return f"{limit.value_m:.0f} m {limit.datum.value}"
