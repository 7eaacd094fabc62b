"""The fence keeps the vehicle out of every zone in reach, also where the path does not go."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.model.airspace import ApplicabilityPeriod, GeoZone, Restriction
from mission.model.geo import Height, VerticalDatum
from mission.model.mission import MavCommand, MissionItem
from mission.model.verdict import Severity

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town

EXCLUSION = MavCommand.FENCE_POLYGON_EXCLUSION
WOOD = ((900.0, 500.0), (1100.0, 500.0), (1100.0, 700.0), (900.0, 700.0))
Corners = tuple[tuple[float, float], ...]


def wooded(scene: "Scene", town: "Town", *exclusions: Corners) -> "Scene":
    """Return the scene with one zone, the wood, far from the path, and exclusions as given."""
    items: tuple[MissionItem, ...] = ()
    for corners in exclusions:
        items += town.fence_polygon(EXCLUSION, [town.at(*corner) for corner in corners])
    return scene.but(zones=(town.zone("wood", town.ring(*WOOD)),), fence=scene.fence + items, fenced=False)


def opened(scene: "Scene") -> list[tuple[str, str]]:
    """Return codes and zones of the findings."""
    return [(finding.code, finding.zone_id) for finding in scene.verdict().findings]


def test_a_zone_in_the_inclusion_that_no_exclusion_holds_is_found(scene: "Scene", town: "Town") -> None:
    """A wood of 4 ha is open: its size, and a place in it, are told (I-5)."""
    (finding,) = wooded(scene, town).verdict().findings
    assert (finding.code, finding.zone_id, finding.severity) == ("FENCE_MISSES_ZONE", "wood", Severity.ERROR)
    assert finding.measured == pytest.approx(40_000.0, rel=0.01)
    assert finding.place is not None
    south_west, _, north_east, _ = (town.at(*corner) for corner in WOOD)
    assert south_west.latitude_deg < finding.place.latitude_deg < north_east.latitude_deg
    assert south_west.longitude_deg < finding.place.longitude_deg < north_east.longitude_deg


def test_a_zone_that_an_exclusion_holds_is_closed(scene: "Scene", town: "Town") -> None:
    """Exactly the zone's corners, rounded to 1e-7°, are enough."""
    assert opened(wooded(scene, town, WOOD)) == []


def test_a_zone_that_two_exclusions_hold_together_is_closed(scene: "Scene", town: "Town") -> None:
    """Two halves that share an edge leave nothing between them."""
    west = ((900.0, 500.0), (1000.0, 500.0), (1000.0, 700.0), (900.0, 700.0))
    east = ((1000.0, 500.0), (1100.0, 500.0), (1100.0, 700.0), (1000.0, 700.0))
    assert opened(wooded(scene, town, west, east)) == []
    gap = tuple((x + 1.0, y) if x == 1000.0 else (x, y) for x, y in east)
    assert opened(wooded(scene, town, west, gap)) == [("FENCE_MISSES_ZONE", "wood")]


def test_an_exclusion_that_cuts_a_corner_is_found(scene: "Scene", town: "Town") -> None:
    """A triangle of 10 m is let go of: 50 m² less its rim."""
    cut = ((910.0, 500.0), (1100.0, 500.0), (1100.0, 700.0), (900.0, 700.0), (900.0, 510.0))
    (finding,) = wooded(scene, town, cut).verdict().findings
    assert finding.code == "FENCE_MISSES_ZONE"
    assert 30.0 < (finding.measured or 0.0) < 50.0


def test_an_exclusion_inscribed_in_a_circle_is_found(scene: "Scene", town: "Town") -> None:
    """An octagon drawn inside a circle leaves eight slivers; drawn around it, none."""
    round_zone = town.zone("tower", town.circle(1000.0, 600.0, 80.0))
    for radius_m, expected in ((80.0, [("FENCE_MISSES_ZONE", "tower")]), (80.0 / math.cos(math.pi / 8) + 0.1, [])):
        octagon = [
            town.at(1000.0 + radius_m * math.cos(k * math.pi / 4), 600.0 + radius_m * math.sin(k * math.pi / 4))
            for k in range(8)
        ]
        fence = scene.fence + town.fence_polygon(EXCLUSION, octagon)
        assert opened(scene.but(zones=(round_zone,), fence=fence, fenced=False)) == expected


def test_a_zone_beyond_the_inclusion_is_out_of_reach(scene: "Scene", town: "Town") -> None:
    """The autopilot does not go there by itself; the part that reaches in must be closed."""
    beyond = town.zone("beyond", town.box(2001.0, 0.0, 2500.0, 500.0))
    assert opened(scene.but(zones=(beyond,), fenced=False)) == []
    reaching = town.zone("reaching", town.box(1990.0, 0.0, 2500.0, 500.0))
    assert opened(scene.but(zones=(reaching,), fenced=False)) == [("FENCE_MISSES_ZONE", "reaching")]


def zones_out_of_reach(town: "Town") -> dict[str, GeoZone]:
    """Return zones that the flight need not be fenced from, by why."""
    agl, wood = VerticalDatum.AGL, town.ring(*WOOD)
    later = ApplicabilityPeriod(datetime(2026, 11, 20, 14, tzinfo=UTC), None)
    return {
        "below": town.zone("below", wood, ceiling=Height(30.0, agl)),
        "above": town.zone("above", wood, floor=Height(100.0, agl)),
        "later": town.zone("later", wood, applicability=(later,)),
        "advice": town.zone("advice", wood, restriction=Restriction.NO_RESTRICTION),
        "authorised": town.zone("authorised", wood, restriction=Restriction.REQ_AUTHORISATION),
    }


@pytest.mark.parametrize("why", ["below", "above", "later", "advice", "authorised"])
def test_a_zone_that_does_not_bind_level_flight_need_not_be_fenced(scene: "Scene", town: "Town", why: str) -> None:
    """Under it, over it, before it, not forbidden, or allowed to this operator."""
    policy = replace(scene.policy, authorised_zone_ids=frozenset({"authorised"}))
    zone = zones_out_of_reach(town)[why]
    assert opened(scene.but(zones=(zone,), policy=policy, fenced=False)) == []


@pytest.mark.parametrize(
    ("why", "limit"),
    [
        ("below", Height(55.0, VerticalDatum.AGL)),
        ("above", Height(65.0, VerticalDatum.AGL)),
        ("above", Height(100.0, VerticalDatum.WGS84)),
    ],
)
def test_a_zone_within_the_margin_of_height_must_be_fenced(
    scene: "Scene", town: "Town", why: str, limit: Height
) -> None:
    """5 m under or over the cruise, or at a height that nobody here can compare (F-A13)."""
    zone = zones_out_of_reach(town)[why]
    volume = zone.volumes[0]
    bent = replace(volume, ceiling=limit) if why == "below" else replace(volume, floor=limit)
    bound = replace(zone, volumes=(bent,))
    assert opened(scene.but(zones=(bound,), fenced=False)) == [("FENCE_MISSES_ZONE", why)]


def test_a_zone_that_begins_during_the_flight_must_be_fenced(scene: "Scene", town: "Town") -> None:
    """Whatever part of the path is flown then: the fence has no hours, and is held for all of the flight (F-A7)."""
    soon = ApplicabilityPeriod(datetime(2026, 11, 20, 10, 9, tzinfo=UTC), None)
    zone = replace(zones_out_of_reach(town)["later"], applicability=(soon,))
    assert opened(scene.but(zones=(zone,), fenced=False)) == [("FENCE_MISSES_ZONE", "later")]


def test_a_zone_that_the_flight_passes_under_cannot_be_fenced(scene: "Scene", town: "Town") -> None:
    """It binds one leg's height and another leg passes under it: an exclusion would stop the flight there."""
    floor = Height(75.0, VerticalDatum.AGL)
    climbing = scene.with_item(3, z=70.0)  # the leg to the drop, half a kilometre from both zones
    over = town.zone("over", town.box(200.0, -50.0, 400.0, 100.0), floor=floor)
    beside = town.zone("beside", town.box(200.0, 300.0, 400.0, 450.0), floor=floor)
    assert opened(climbing.but(zones=(over, beside), fenced=False)) == [("FENCE_MISSES_ZONE", "beside")]
    assert opened(scene.but(zones=(over, beside), fenced=False)) == []


def test_in_the_air_an_open_zone_is_a_warning(scene: "Scene", town: "Town") -> None:
    """A diversion takes the best fence there is, and does not wait for a better one (F-A5)."""
    site = town.at(1500.0, 900.0)
    items = (town.item(MavCommand.NAV_WAYPOINT, site, 60.0), town.item(MavCommand.NAV_LAND, site, 0.0))
    airborne = {"start": town.at(1500.0, 600.0), "start_height_home_m": 60.0, "drops": {}, "landing_sites": (site,)}
    verdict = wooded(scene, town).but(items=items, **airborne).verdict()
    assert [(f.code, f.severity) for f in verdict.findings] == [("FENCE_MISSES_ZONE", Severity.WARNING)]
    assert verdict.ok


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    east=st.floats(600.0, 1900.0),
    north=st.floats(-250.0, 1100.0),
    half=st.floats(5.0, 150.0),
    kept=st.floats(-40.0, 40.0).filter(lambda metres: abs(metres) > 1.0),
)
def test_an_exclusion_closes_a_zone_exactly_when_it_holds_it(
    scene: "Scene", town: "Town", east: float, north: float, half: float, kept: float
) -> None:
    """Squares drawn larger close it, squares drawn smaller leave it open, unless it is outside or flown past."""
    square = town.zone("square", town.box(east - half, north - half, east + half, north + half))
    drawn = half + kept
    if drawn < 1.0:
        return
    corners = [(east + x * drawn, north + y * drawn) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    fence = scene.fence + town.fence_polygon(EXCLUSION, [town.at(*corner) for corner in corners])
    verdict = scene.but(zones=(square,), fence=fence, fenced=False).verdict()
    codes = [finding.code for finding in verdict.findings]
    if any(code != "FENCE_MISSES_ZONE" for code in codes):
        return  # it is on the path: other rules speak first
    touches_inclusion = north - half < 1199.0 and north + half > -299.0
    assert ("FENCE_MISSES_ZONE" in codes) is (kept < 0.0 and touches_inclusion)
