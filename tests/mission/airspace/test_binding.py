"""Which zones bind: what they demand against what the operator holds."""

from datetime import UTC, datetime, timedelta

import pytest

from mission.airspace.binding import BindingZone, applying_zones, binding_zones
from mission.airspace.height import UNKNOWN_GROUND, GroundBelow, HeightBand
from mission.model.airspace import (
    PERMANENT,
    ApplicabilityPeriod,
    CircleFootprint,
    GeoZone,
    Restriction,
    ZoneSource,
    ZoneVolume,
)
from mission.model.geo import ElevationRange, GeoPoint, Height, VerticalDatum
from mission.model.time import TimeWindow
from mission.policy import Policy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FLIGHT = TimeWindow(NOON, NOON + timedelta(minutes=20))
BAND = HeightBand(0.0, 60.0)
FLAT = GroundBelow(ElevationRange(400.0, 400.0))
EVERYTHING_HELD = Policy(
    authorised_zone_ids=frozenset({"Z"}),
    conditions_met_zone_ids=frozenset({"Z"}),
)


def zone(
    restriction: Restriction,
    applicability: tuple[ApplicabilityPeriod, ...] = PERMANENT,
    floors_m: tuple[float, ...] = (0.0,),
) -> GeoZone:
    """Return zone Z with one volume for each floor above ground."""
    circle = CircleFootprint(GeoPoint(48.0, 15.0), 100.0)
    ceiling = Height(1000.0, VerticalDatum.AGL)
    volumes = tuple(ZoneVolume(circle, Height(floor_m, VerticalDatum.AGL), ceiling) for floor_m in floors_m)
    return GeoZone("Z", "Zoo", restriction, volumes, ZoneSource("t", "test"), applicability)


def binding(zones: tuple[GeoZone, ...], policy: Policy, below: GroundBelow = FLAT) -> tuple[BindingZone, ...]:
    """Return which of some zones bind the flight."""
    return binding_zones(applying_zones(zones, FLIGHT, policy), BAND, 400.0, lambda _: below, policy)


@pytest.mark.parametrize(
    ("restriction", "binds_nobody_special", "binds_holder"),
    [
        (Restriction.PROHIBITED, True, True),
        (Restriction.REQ_AUTHORISATION, True, False),
        (Restriction.USPACE, True, False),
        (Restriction.CONDITIONAL, True, False),
        (Restriction.NO_RESTRICTION, False, False),
    ],
)
def test_restrictions_bind_unless_their_demand_is_met(
    restriction: Restriction, binds_nobody_special: bool, binds_holder: bool
) -> None:
    """An authorisation opens what needs one, met conditions open what has some, nothing opens PROHIBITED."""
    subject = (zone(restriction),)
    assert bool(binding(subject, Policy())) is binds_nobody_special
    assert bool(binding(subject, EVERYTHING_HELD)) is binds_holder


def test_an_authorisation_does_not_meet_conditions() -> None:
    """The two lists of the policy do not stand in for each other."""
    held = Policy(authorised_zone_ids=frozenset({"Z"}))
    assert binding((zone(Restriction.CONDITIONAL),), held)


def test_a_zone_out_of_hours_does_not_bind_beyond_the_time_margin() -> None:
    """Zones bind within their hours and the policy's margin around them (F-A6)."""
    near = (ApplicabilityPeriod(end=NOON - timedelta(seconds=299)),)
    far = (ApplicabilityPeriod(end=NOON - timedelta(seconds=300)),)
    prohibited = Restriction.PROHIBITED
    assert binding((zone(prohibited, near),), Policy())
    assert not binding((zone(prohibited, far),), Policy())


def test_only_the_volumes_in_the_band_are_given() -> None:
    """A zone with a low and a high volume binds a low flight by the low one, and says between which heights."""
    subject = zone(Restriction.PROHIBITED, floors_m=(0.0, 500.0))
    (found,) = binding((subject,), Policy())
    assert found.volumes == subject.volumes[:1]
    assert "prohibited" in found.why
    assert "applies always" in found.why
    assert "0 m AGL to 1000 m AGL" in found.why


def test_unknown_relief_binds_all_volumes_above_ground() -> None:
    """Where the ground is unknown so is every height above it (F-A13)."""
    subject = zone(Restriction.PROHIBITED, floors_m=(0.0, 500.0))
    (found,) = binding((subject,), Policy(), below=UNKNOWN_GROUND)
    assert found.volumes == subject.volumes
