"""The airspace of a hub: who binds, why a place cannot be used, and what would help."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.geodesy.ground import ground_of
from mission.model.airspace import Restriction
from mission.model.time import TimeWindow
from mission.policy import Policy
from mission.routing import Blocked
from mission.sky import Airspace, Sky


def sky(world: Any, *zones: Any, known_relief: bool = True, **policy: Any) -> Sky:
    """The sky over the hub for an hour."""
    site = world.site()
    window = TimeWindow(world.start, world.start + timedelta(hours=1))
    rules = replace(Policy(cruise_height_home_m=40.0), **policy)
    ground = ground_of(site.relief if known_relief else None)
    return Airspace(site.hubs[0], zones, rules, ground).sky(window)


def ids(found: Any) -> list[str]:
    """Identifiers of binding zones."""
    return [binding.zone.identifier for binding in found]


def test_a_free_place_meets_no_objection(world: Any) -> None:
    """Farther than the clearance from every zone."""
    assert sky(world, world.zone("Z-1", 500.0, 0.0)).objection_to(world.place(500.0, 125.0), "drop") is None


def test_an_objection_names_zone_demand_hours_and_when_it_is_clear(world: Any) -> None:
    """A person can decide from the sentence alone; the margin in time counts."""
    objection = sky(world, world.zone("Z-1", 500.0, 0.0, applicability=world.hours(-1.0, 3.0))).objection_to(
        world.place(500.0, 0.0), "its drop"
    )
    assert objection is not None
    assert objection.reason.startswith("its drop lies in prohibited zone 'Zone Z-1' (Z-1), in force ")
    assert "08:00" in objection.reason
    assert "12:00" in objection.reason
    assert objection.remedy == "Clear after 2026-06-15 12:05Z"
    assert objection.zone_ids == ("Z-1",)


@pytest.mark.parametrize(
    ("restriction", "remedy"),
    [
        (Restriction.PROHIBITED, "Choose another drop point"),
        (Restriction.REQ_AUTHORISATION, "Obtain an authorisation from Town hall"),
        (Restriction.CONDITIONAL, "Meet its conditions"),
    ],
)
def test_a_zone_without_an_end_has_the_remedy_of_its_kind(world: Any, restriction: Any, remedy: str) -> None:
    """Whom to ask, what to meet, or to go elsewhere."""
    objection = sky(world, world.zone("Z-1", 500.0, 0.0, restriction=restriction)).objection_to(
        world.place(500.0, 0.0), "drop"
    )
    assert objection is not None
    assert objection.remedy.startswith(remedy)


def test_the_nearest_of_several_zones_is_told_and_all_are_named(world: Any) -> None:
    """Mending one of two does not help: both are in the list, the nearer first."""
    near, far = world.zone("Z-1", 500.0, 112.0), world.zone("Z-2", 500.0, -117.0)
    objection = sky(world, far, near).objection_to(world.place(500.0, 0.0), "drop")
    assert objection is not None
    assert "is 12 m from" in objection.reason
    assert "20 m are kept" in objection.reason
    assert objection.zone_ids == ("Z-1", "Z-2")


def test_a_low_zone_binds_where_a_vehicle_descends_and_not_where_it_cruises(world: Any) -> None:
    """A ceiling of 5 m is far below the cruise: the route crosses it, no parcel comes down in it."""
    low = sky(world, world.zone("Z-1", 500.0, 0.0, ceiling_m=5.0))
    (layer,) = low.layers
    assert (ids(layer.column), ids(layer.en_route)) == (["Z-1"], [])
    assert low.objection_to(world.place(500.0, 0.0), "drop") is not None
    assert not isinstance(low.ways(world.place(0.0, 0.0), world.place(1000.0, 0.0)), Blocked)


def test_over_unknown_ground_a_height_above_it_restricts_every_height(world: Any) -> None:
    """Unknown data is unsafe data: 300 m above an unknown ground may be right here."""
    high = world.zone("Z-1", 500.0, 0.0, floor_m=300.0, ceiling_m=900.0)
    assert ids(sky(world, high).binding) == []
    assert ids(sky(world, high, known_relief=False).layers[0].en_route) == ["Z-1"]


def test_what_is_not_in_force_within_the_window_does_not_bind_but_the_margin_does(world: Any) -> None:
    """Five minutes before and after count as in force."""
    for first_h, last_h, binds in ((-2.0, -0.1, False), (-2.0, -0.05, True), (1.05, 2.0, True), (1.2, 2.0, False)):
        zone = world.zone("Z-1", 500.0, 0.0, applicability=world.hours(first_h, last_h))
        assert bool(sky(world, zone).binding) is binds, (first_h, last_h)


def test_a_place_walled_in_is_blocked_and_the_walls_are_named(world: Any) -> None:
    """A result, not an exception."""
    walls = [world.zone("N", 800, 0, half_north_m=20, half_east_m=300)]
    walls += [world.zone("S", 300, 0, half_north_m=20, half_east_m=300)]
    walls += [world.zone(n, 550, e, half_north_m=260, half_east_m=20) for n, e in (("E", 280), ("W", -280))]
    blocked = sky(world, *walls).ways(world.place(0.0, 0.0), world.place(550.0, 0.0))
    assert isinstance(blocked, Blocked)
    assert set(blocked.zone_ids) <= {"N", "S", "E", "W"}
    assert blocked.zone_ids


METRES = st.floats(-1500.0, 1500.0)


@given(st.lists(st.tuples(METRES, METRES, st.floats(30.0, 200.0)), max_size=5), METRES, METRES)
@settings(max_examples=40)
def test_a_route_keeps_the_policys_clearance_and_starts_and_ends_where_asked(
    world: Any, squares: list[Any], north_m: float, east_m: float
) -> None:
    """By another ruler; a matrix entry is the length of just that route."""
    zones = [world.zone(f"Z-{n}", *square) for n, square in enumerate(squares)]
    above = sky(world, *zones)
    start, goal = world.place(0.0, 0.0), world.place(north_m, east_m)
    ways = above.ways(start, goal)
    length_m = above.matrix([start, goal], {})[0, 1]
    if isinstance(ways, Blocked):
        assert np.isinf(length_m)
        return
    (way,) = ways
    assert (way.points[0], way.points[-1]) == (start, goal)
    assert length_m == pytest.approx(way.length_m, abs=0.01)
    assert all(world.distance_m(list(way.points), zone) >= 20.0 - 0.5 for zone in zones)
