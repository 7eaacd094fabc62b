"""Operational intents as ASTM F3548-21 has them: where a flight says it will be, and whose volumes it stays out of."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.deconfliction import (
    Conformance,
    FlightFrame,
    IntentEvent,
    IntentState,
    OperationalIntent,
    Request,
    Separation,
    Trajectory,
    Volume4D,
    Way,
    check,
    closed_delays,
    conforms,
    gives_way,
    intent_of,
    next_state,
    overlap,
    resolve,
    volumes_of,
)
from mission.deconfliction.f3548 import OFF_NOMINAL
from mission.errors import InputError, InvariantError
from mission.geodesy.geoid import GeoidGrid, GeoidMissing
from mission.model.airspace import CircleFootprint, PolygonFootprint
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow
from mission.planner import plan_day

GEOID_M = 44.0
GEOID = GeoidGrid(np.full((19, 36), GEOID_M))
RANDOM = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def box(world: Any, north_m: float = 0.0, *, low_m: float = 200.0, high_m: float = 300.0, **hours: float) -> Volume4D:
    """Return a square of 200 m, an hour long from the day's start unless told otherwise."""
    ring = tuple(world.place(north_m + n, e) for n, e in ((-100, -100), (-100, 100), (100, 100), (100, -100)))
    begin = world.start + timedelta(hours=hours.get("begin_h", 0.0))
    end = world.start + timedelta(hours=hours.get("end_h", 1.0))
    return Volume4D(PolygonFootprint(ring), low_m, high_m, TimeWindow(begin, end))


def intent(*volumes: Volume4D, **more: Any) -> OperationalIntent:
    """Return somebody else's Accepted intent."""
    return replace(OperationalIntent("I-1", "other", IntentState.ACCEPTED, 0, volumes), **more)


def frame(world: Any) -> FlightFrame:
    """Return a frame around the hub from the day's start."""
    return FlightFrame(world.place(0.0, 0.0), world.start)


def test_a_plan_becomes_an_accepted_intent_in_heights_above_the_ellipsoid(world: Any) -> None:
    """Ground at 190 m AMSL, geoid 44 m: from 6 m below the pad to 6 m above the cruise; 5 s early to 60 s late."""
    (flight,) = plan_day(world.day([world.order("A-1", 1000.0, 0.0)])).flights
    made = intent_of(flight.plan, frame(world), GEOID, manager="us", priority=3)
    assert isinstance(made, OperationalIntent)
    assert (made.state, made.manager, made.priority) == (IntentState.ACCEPTED, "us", 3)
    assert min(each.lower_wgs84_m for each in made.volumes) == pytest.approx(190.0 + GEOID_M - 6.0, abs=0.1)
    assert max(each.upper_wgs84_m for each in made.volumes) == pytest.approx(230.0 + GEOID_M + 6.0, abs=0.1)
    assert min(each.window.earliest for each in made.volumes) == flight.plan.departure - timedelta(seconds=5)
    assert max(each.window.latest for each in made.volumes) == flight.plan.arrival + timedelta(seconds=60)
    assert check(made, world.start) == ()


def test_without_a_geoid_there_is_no_intent(world: Any) -> None:
    """AMSL written as W84 would be 44 m off, and nobody would see it."""
    (flight,) = plan_day(world.day([world.order("A-1", 1000.0, 0.0)])).flights
    assert isinstance(intent_of(flight.plan, frame(world), None, manager="us"), GeoidMissing)


def test_a_hub_of_unknown_elevation_is_no_place_to_compare_heights_from(world: Any) -> None:
    """An error that names the hub and what to give; so is a flight on another continent."""
    (flight,) = plan_day(world.day([world.order("A-1", 1000.0, 0.0)])).flights
    nowhere = replace(flight.plan.sortie.hub, ground_amsl_m=float("nan"))
    plan = replace(flight.plan, sortie=replace(flight.plan.sortie, hub=nowhere))
    with pytest.raises(InputError, match="hub hub: ground_amsl_m is nan"):
        frame(world).trajectory_of(plan)
    with pytest.raises(InputError, match="Plan each region in a frame of its own"):
        FlightFrame(GeoPoint(0.0, 0.0), world.start).trajectory_of(flight.plan)


@given(data=st.data())
@RANDOM
def test_a_flight_is_in_its_volumes_wherever_it_may_be_within_its_margins(
    world: Any, flights: Any, data: st.DataObject
) -> None:
    """At any moment, up to 25 m aside, 6 m above or below, 5 s early or 60 s late; judged in degrees."""
    here, limits = frame(world), Conformance()
    points = data.draw(flights.flown())
    flight: Trajectory = flights.trajectory("F", points)
    own = intent(*volumes_of(flight, here, GEOID, limits))
    share, aside, bearing = (data.draw(st.floats(0.0, most)) for most in (1.0, limits.horizontal_m, 6.28))
    above_m, late_s = data.draw(st.floats(-6.0, 6.0)), data.draw(st.floats(-5.0, 60.0))
    moment_s = points[0][0] + share * (points[-1][0] - points[0][0])
    east, north, height = flights.Sampler(Separation()).where(points, np.array([moment_s]))[0]
    seen = np.array([[east + aside * np.sin(bearing), north + aside * np.cos(bearing)]])
    (place,) = here.plane.to_geo(seen)
    moment = here.moment(moment_s + late_s)
    assert conforms(own, place, height + GEOID_M + above_m, moment)
    assert not conforms(own, place, float("nan"), moment)
    assert not conforms(own, place, height + GEOID_M + 200.0, moment)
    assert not conforms(own, place, height + GEOID_M, here.moment(points[-1][0] + 61.0))


@given(data=st.data())
@RANDOM
def test_flights_whose_volumes_do_not_overlap_are_separated(world: Any, flights: Any, data: st.DataObject) -> None:
    """Half a separation around each: 50 m and 12 m between both, seen by a sampler."""
    here, exact = frame(world), Conformance(early_s=0.0, late_s=0.0)
    one, other = data.draw(flights.flown()), data.draw(flights.flown())
    mine, theirs = (volumes_of(flights.trajectory("F", points), here, GEOID, exact) for points in (one, other))
    if flights.Sampler(Separation()).too_close(one, other, slack_m=0.1):
        assert any(overlap(a, b) for a in mine for b in theirs)


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({}, True),
        ({"north_m": 199.98}, True),
        ({"north_m": 201.0}, False),
        ({"low_m": 299.98, "high_m": 400.0}, True),
        ({"low_m": 300.0, "high_m": 400.0}, False),
        ({"begin_h": 1.0, "end_h": 2.0}, True),
        ({"begin_h": 1.01, "end_h": 2.0}, False),
    ],
)
def test_volumes_overlap_in_space_and_time_from_a_centimetre_on(world: Any, change: Any, shared: bool) -> None:
    """GEN0500: two centimetres are found; touching in height is none; a shared moment is shared time."""
    assert overlap(box(world), box(world, **change)) is shared
    assert overlap(box(world, **change), box(world)) is shared


def test_circles_overlap_like_circles(world: Any) -> None:
    """Radii of 100 m: apart at 201 m, one in the other at 10 m, and in one that is far larger."""
    window = TimeWindow(world.start, world.start)
    one, near, apart = (
        Volume4D(CircleFootprint(world.place(north_m, 0.0), 100.0), 0.0, 10.0, window) for north_m in (0.0, 10.0, 202.0)
    )
    assert overlap(one, near)
    assert not overlap(one, apart)
    assert overlap(Volume4D(CircleFootprint(world.place(500.0, 0.0), 600.0), 0.0, 10.0, window), apart)


def test_an_outline_that_crosses_itself_counts_as_its_hull(world: Any) -> None:
    """A bow tie from somebody else: what it may have meant is not less than what it says."""
    ring = tuple(world.place(n, e) for n, e in ((-100, -100), (100, 100), (-100, 100), (100, -100)))
    tie = replace(box(world), outline=PolygonFootprint(ring))
    north = replace(box(world), outline=CircleFootprint(world.place(80.0, 0.0), 5.0))
    assert overlap(tie, north)


def test_a_flight_waits_until_a_foreign_intent_is_over_or_leaves_before_it(world: Any, flights: Any) -> None:
    """The intervals that an intent closes are exact, and resolution keeps out of them."""
    here = frame(world)
    flight = flights.trajectory("F", [(600.0, -500.0, 0.0, 250.0), (660.0, 500.0, 0.0, 250.0)])
    own = volumes_of(flight, here, GeoidGrid(np.zeros((19, 36))), Conformance(early_s=0.0, late_s=0.0))
    foreign = intent(box(world, begin_h=0.0, end_h=0.5), priority=1)
    closed = closed_delays(own, 0, [foreign])
    assert closed == ((-660.0, 1200.0),)
    (slot,) = resolve([Request("F", (Way(flight, closed=closed),), 3600.0)], Separation()).slots
    assert slot.delay_s == 1200.0
    late = volumes_of(slot.trajectory, here, GeoidGrid(np.zeros((19, 36))), Conformance(early_s=0.0, late_s=0.0))
    assert closed_delays(late, 0, [foreign]) == ((-1860.0, 0.0),)  # an open interval: at 0 it is clear
    (refused,) = resolve([Request("F", (Way(flight, closed=closed),), 60.0)], Separation()).refused
    assert refused.flight_id == "F"


@pytest.mark.parametrize(
    ("state", "priority", "equal_may_overlap", "yields"),
    [
        (IntentState.ACCEPTED, 1, True, True),
        (IntentState.ACTIVATED, 0, False, True),
        (IntentState.ACTIVATED, 0, True, False),
        (IntentState.ACTIVATED, -1, False, False),
        (IntentState.NONCONFORMING, -1, True, True),
        (IntentState.CONTINGENT, -1, True, True),
        (IntentState.ENDED, 9, False, False),
    ],
)
def test_who_gives_way_to_whom(
    world: Any, state: IntentState, priority: int, equal_may_overlap: bool, yields: bool
) -> None:
    """Higher before lower (F-A16), equals as the regulator says, and everybody to what is out of its volumes."""
    other = intent(box(world), state=state, priority=priority)
    assert gives_way(0, other, equal_may_overlap=equal_may_overlap) is yields
    assert bool(closed_delays([box(world)], 0, [other], equal_may_overlap=equal_may_overlap)) is yields


def broken(world: Any) -> list[tuple[OperationalIntent, datetime, str]]:
    """Return intents that may not be shared, when, and by which requirement."""
    many = PolygonFootprint(
        tuple(world.place(100.0 * np.cos(a), 100.0 * np.sin(a)) for a in np.linspace(0, 6.28, 5001))
    )
    crowded = replace(box(world), outline=many)
    day = timedelta(days=1)
    return [
        (intent(box(world), off_nominal_volumes=(box(world),)), world.start, "OPIN0015"),
        (intent(crowded, crowded), world.start, "OPIN0020"),
        (intent(box(world)), world.start - 31 * day, "OPIN0030"),
        (intent(box(world)), world.start + timedelta(hours=1, seconds=6), "USS0105"),
        (intent(), world.start, "USS0105"),
    ]


@pytest.mark.parametrize("which", range(5))
def test_what_the_standard_forbids_is_found_by_its_name(world: Any, which: int) -> None:
    """One requirement each; just within its limits, none."""
    shared, now, requirement = broken(world)[which]
    assert [finding.requirement for finding in check(shared, now)] == [requirement]
    within = intent(box(world), state=IntentState.CONTINGENT, off_nominal_volumes=(box(world),))
    for moment in (world.start - timedelta(days=30), world.start + timedelta(hours=1, seconds=5)):
        assert check(within, moment) == ()


def test_states_follow_the_table_and_nothing_else() -> None:
    """There is no way back from Contingent or Ended, and no event that a living intent does not know but two."""
    for event in IntentEvent:
        with pytest.raises(InvariantError, match=f"Ended knows no {event}"):
            next_state(IntentState.ENDED, event)
        if event not in {IntentEvent.ACTIVATE, IntentEvent.END}:
            assert next_state(IntentState.CONTINGENT, event) is IntentState.CONTINGENT
    for state in set(IntentState) - {IntentState.ENDED}:
        assert next_state(state, IntentEvent.END) is IntentState.ENDED
        assert next_state(state, IntentEvent.LOST_CONTROL) is IntentState.CONTINGENT
        assert next_state(state, IntentEvent.LEFT_VOLUMES) in OFF_NOMINAL
    assert next_state(IntentState.NONCONFORMING, IntentEvent.BACK_IN_VOLUMES) is IntentState.ACTIVATED


@pytest.mark.parametrize(("low_m", "high_m"), [(10.0, 9.0), (float("nan"), 9.0), (0.0, float("inf"))])
def test_heights_that_are_none_make_no_volume(world: Any, low_m: float, high_m: float) -> None:
    """Upside down, unknown, endless."""
    with pytest.raises(ValueError, match=r"wgs84_m|ellipsoid"):
        box(world, low_m=low_m, high_m=high_m)
