"""Zones in height: every limit in its own datum, and unknown is all heights (F-A13)."""

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.terrain import FlatTerrain, ReliefTerrain, Terrain, UnknownTerrain
from mission.model.airspace import GeoZone, Restriction, ZoneVolume
from mission.model.geo import ElevationRange, Height, VerticalDatum

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town

AMSL, AGL, WGS84, HOME = VerticalDatum.AMSL, VerticalDatum.AGL, VerticalDatum.WGS84, VerticalDatum.HOME
UNLIMITED = math.inf


def over_the_corner(scene: "Scene", town: "Town", floor: Height, ceiling: Height) -> "Scene":
    """Return the scene with one zone more, right at the corner, between two heights."""
    stacked = town.zone("stacked", town.circle(*town.CORNER_EN, 30.0), floor=floor, ceiling=ceiling)
    return scene.but(zones=(stacked,))


@pytest.mark.parametrize(
    ("floor_m", "datum", "binds"),
    [
        # The cruise is at 60 m above home, 260 m AMSL, 60 m above ground; the policy's margin is 10 m.
        (269.0, AMSL, True),
        (271.0, AMSL, False),
        (69.0, AGL, True),
        (71.0, AGL, False),
        (1000.0, HOME, True),  # HOME is no datum for an authority's zone
        (1000.0, WGS84, True),  # no geoid, no height
    ],
)
def test_a_floor_above_the_flight_frees_it_only_in_a_known_datum(
    scene: "Scene", town: "Town", floor_m: float, datum: VerticalDatum, binds: bool
) -> None:
    """The floor is compared in its own datum, with the margin; what is unknown binds."""
    stacked = over_the_corner(scene, town, Height(floor_m, datum), Height(UNLIMITED, datum))
    assert stacked.codes() == (["ZONE_ENTERED"] if binds else [])


@pytest.mark.parametrize(
    ("ceiling_m", "datum", "binds"),
    [(251.0, AMSL, True), (249.0, AMSL, False), (51.0, AGL, True), (49.0, AGL, False), (-1000.0, HOME, True)],
)
def test_a_ceiling_below_the_flight_frees_it_only_in_a_known_datum(
    scene: "Scene", town: "Town", ceiling_m: float, datum: VerticalDatum, binds: bool
) -> None:
    """The same downwards."""
    stacked = over_the_corner(scene, town, Height(-UNLIMITED, datum), Height(ceiling_m, datum))
    assert stacked.codes() == (["ZONE_ENTERED"] if binds else [])


def test_a_low_zone_binds_where_the_vehicle_comes_down(scene: "Scene", town: "Town") -> None:
    """A zone up to 30 m above ground at the drop is flown over, but not delivered into."""
    low = town.zone("low", town.circle(*town.DROP_EN, 30.0), ceiling=Height(30.0, AGL))
    assert scene.with_zone(low).codes() == ["ZONE_ENTERED"]
    assert over_the_corner(scene, town, Height(0.0, AGL), Height(30.0, AGL)).codes() == []


def test_ground_that_is_not_flat_widens_heights_above_ground(scene: "Scene", town: "Town") -> None:
    """60 m above home may be 75 m above a hollow 15 m deep: a floor of 71 m binds then."""
    floor = Height(71.0, AGL)
    flat = over_the_corner(scene, town, floor, Height(UNLIMITED, AGL))
    hollow: Terrain = ReliefTerrain(ElevationRange(185.0, 200.0))
    assert "ZONE_ENTERED" not in flat.codes()
    assert "ZONE_ENTERED" in flat.but(terrain=hollow).codes()
    assert "ZONE_ENTERED" in flat.but(terrain=UnknownTerrain()).codes()


def test_a_hill_lowers_the_flight_into_a_zone_below(scene: "Scene", town: "Town") -> None:
    """60 m above home may be 45 m above a hill 15 m high: a ceiling of 49 m binds then."""
    flat = over_the_corner(scene, town, Height(-UNLIMITED, AGL), Height(49.0, AGL))
    assert "ZONE_ENTERED" not in flat.codes()
    assert "ZONE_ENTERED" in flat.but(terrain=ReliefTerrain(ElevationRange(200.0, 215.0))).codes()


def test_a_floor_above_the_sea_needs_no_terrain(scene: "Scene", town: "Town") -> None:
    """AMSL against AMSL."""
    high = over_the_corner(scene, town, Height(300.0, AMSL), Height(UNLIMITED, AMSL))
    assert "ZONE_ENTERED" not in high.but(terrain=UnknownTerrain()).codes()


def test_a_floor_above_the_ellipsoid_needs_a_geoid(scene: "Scene", town: "Town") -> None:
    """260 m AMSL over a geoid at 44 m is 304 m above the ellipsoid."""
    geoid = GeoidGrid(np.full((19, 36), 44.0))
    for floor_m, found in ((313.0, ["ZONE_ENTERED"]), (315.0, [])):
        stacked = over_the_corner(scene, town, Height(floor_m, WGS84), Height(UNLIMITED, WGS84))
        assert stacked.but(geoid=geoid).codes() == found


@pytest.mark.parametrize(
    ("floor", "ceiling"),
    [
        (Height(500.0, AGL), Height(400.0, AGL)),
        (Height(math.inf, AMSL), Height(math.inf, AMSL)),
        (Height(-math.inf, AMSL), Height(-math.inf, AMSL)),
    ],
)
def test_limits_that_make_no_sense_bind_at_all_heights(
    scene: "Scene", town: "Town", floor: Height, ceiling: Height
) -> None:
    """A floor above its ceiling, or nowhere, is not understood."""
    assert over_the_corner(scene, town, floor, ceiling).codes() == ["ZONE_ENTERED"]


def test_every_volume_of_a_zone_counts(scene: "Scene", town: "Town") -> None:
    """Of two volumes the second is in the way; the zone is named once."""
    first = town.zone("two", town.circle(0.0, 900.0, 30.0))
    second = town.zone("two", town.circle(*town.CORNER_EN, 30.0))
    zone = GeoZone("two", "Two", Restriction.PROHIBITED, (*first.volumes, *second.volumes), first.source)
    verdict = scene.but(zones=(zone,)).verdict()
    assert [(f.code, f.zone_id) for f in verdict.findings] == [("ZONE_ENTERED", "two")]


@pytest.mark.parametrize(
    ("restriction", "binds_without", "binds_with"),
    [
        (Restriction.PROHIBITED, True, True),
        (Restriction.REQ_AUTHORISATION, True, False),
        (Restriction.USPACE, True, False),
        (Restriction.CONDITIONAL, True, True),
        (Restriction.NO_RESTRICTION, False, False),
    ],
)
def test_an_authorisation_opens_only_what_asks_for_one(
    scene: "Scene", town: "Town", restriction: Restriction, binds_without: bool, binds_with: bool
) -> None:
    """A prohibited zone stays shut, and conditions are not authorisations."""
    from dataclasses import replace

    gate = town.zone("gate", town.circle(*town.CORNER_EN, 30.0), restriction=restriction)
    asked = scene.but(zones=(gate,))
    held = asked.but(policy=replace(scene.policy, authorised_zone_ids=frozenset({"gate"})))
    assert (asked.codes() != [], held.codes() != []) == (binds_without, binds_with)


def test_met_conditions_open_a_conditional_zone(scene: "Scene", town: "Town") -> None:
    """And nothing else."""
    from dataclasses import replace

    policy = replace(scene.policy, conditions_met_zone_ids=frozenset({"gate"}))
    for restriction, found in ((Restriction.CONDITIONAL, []), (Restriction.PROHIBITED, ["ZONE_ENTERED"])):
        gate = town.zone("gate", town.circle(*town.CORNER_EN, 30.0), restriction=restriction)
        assert scene.but(zones=(gate,), policy=policy).codes() == found


def test_a_volume_without_limits_binds(scene: "Scene", town: "Town") -> None:
    """From below the sea to the sky."""
    whole = ZoneVolume(town.circle(*town.CORNER_EN, 30.0), Height(-UNLIMITED, AMSL), Height(UNLIMITED, AMSL))
    zone = GeoZone("whole", "Whole", Restriction.PROHIBITED, (whole,), town.zone("x", whole.footprint).source)
    assert scene.but(zones=(zone,), terrain=FlatTerrain(200.0)).codes() == ["ZONE_ENTERED"]
