"""Resolution: nobody is left in conflict, the running do not move, and nobody waits longer than he must."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.deconfliction import (
    NoSlot,
    Request,
    Separation,
    Slot,
    Traffic,
    Way,
    conflicts,
    find_slot,
    first_clear_s,
    forbidden_delays,
    losses,
    resolve,
)

SEPARATION = Separation()
RANDOM = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLUMN = [(0.0, 0.0, 0.0, 0.0), (20.0, 0.0, 0.0, 60.0), (80.0, 900.0, 0.0, 60.0), (110.0, 900.0, 0.0, 0.0)]
"""Up, 900 m east, down."""


def asks(flights: Any, drawn: list[Any], pads: list[str] | None = None, **more: Any) -> list[Request]:
    """Return a request for each flight drawn."""
    names = pads or [""] * len(drawn)
    made = [flights.trajectory(f"F{n}", p, pad) for n, (p, pad) in enumerate(zip(drawn, names, strict=True))]
    return [Request(each.flight_id, (Way(each),), more.get("latest_s", 900.0)) for each in made]


@given(data=st.data())
@RANDOM
def test_the_forbidden_delays_are_those_that_conflict_and_no_others(flights: Any, data: st.DataObject) -> None:
    """Every tried delay inside the interval is a loss of separation by the formula of detection; outside none is."""
    one, other = (flights.trajectory(n, data.draw(flights.flown())).pieces[:1] for n in "ab")
    (low,), (high,) = forbidden_delays(one, other, SEPARATION)
    trials = [*np.linspace(-200.0, 200.0, 81)]
    if high > low:
        inner = min(0.01, (high - low) / 4)
        trials += [low - 0.01, low + inner, (low + high) / 2, high - inner, high + 0.01]
    for delay_s in trials:
        late = other.copy()
        late[:, :2] += delay_s
        for slack_m, certain in ((0.02, True), (0.0, False)):
            less = Separation(SEPARATION.horizontal_m - slack_m, SEPARATION.vertical_m - slack_m)
            lost = bool(losses(one, late, less).lost[0])
            if certain and lost:
                assert low <= delay_s <= high
        if not low <= delay_s <= high:
            assert not lost


@pytest.mark.parametrize(
    ("forbidden", "latest_s", "delay_s"),
    [
        ([], 100.0, 0.0),
        ([(-5.0, 0.0)], 100.0, 0.0),
        ([(-5.0, 0.1)], 100.0, 1.0),
        ([(5.0, 9.0)], 100.0, 0.0),
        ([(-1.0, 4.5), (4.9, 7.0), (7.0, 9.0)], 100.0, 7.0),
        ([(4.9, 7.0), (-1.0, 4.5)], 100.0, 7.0),
        ([(-1.0, 50.0), (3.0, 4.0)], 49.0, None),
        ([(-1.0, np.inf)], 1e9, None),
    ],
)
def test_the_least_clear_delay(forbidden: list[Any], latest_s: float, delay_s: float | None) -> None:
    """Whole seconds, open intervals in any order, None beyond the latest."""
    assert first_clear_s(forbidden, latest_s) == delay_s


@given(data=st.data())
@RANDOM
def test_nothing_is_left_and_every_request_is_answered_once(flights: Any, data: st.DataObject) -> None:
    """By detection and by a sampler; running flights keep their times; pads included."""
    drawn = data.draw(st.lists(flights.flown(), min_size=1, max_size=7))
    pads = data.draw(st.lists(st.sampled_from(["", "a", "b"]), min_size=len(drawn), max_size=len(drawn)))
    latest_s = data.draw(st.sampled_from([0.0, 20.0, 900.0]))
    running = [flights.trajectory("R", data.draw(flights.flown()))]
    requests = asks(flights, drawn, pads, latest_s=latest_s)
    found = resolve(requests, SEPARATION, running)
    assert sorted([s.flight_id for s in found.slots] + [n.flight_id for n in found.refused]) == [
        request.flight_id for request in requests
    ]
    held = [*running, *(slot.trajectory for slot in found.slots)]
    assert conflicts(held, SEPARATION) == []
    assert flights.Sampler(SEPARATION).pairs([flights.points_of(each) for each in held], slack_m=1e-3) == set()
    assert all(0.0 <= slot.delay_s <= latest_s for slot in found.slots)
    for refused in found.refused:
        assert refused.blocked_by
        assert f"within {latest_s:.0f} s" in refused.reason


@given(data=st.data())
@RANDOM
def test_all_at_once_is_the_same_as_one_by_one(flights: Any, data: st.DataObject) -> None:
    """First come, first served: each takes the least delay that those before it leave, and no one waits for a later."""
    drawn = data.draw(st.lists(flights.flown(), min_size=1, max_size=7))
    requests = asks(flights, drawn)
    traffic = Traffic(SEPARATION)
    one_by_one: list[tuple[str, float | None]] = []
    for request in requests:
        found = find_slot(traffic, request)
        if isinstance(found, Slot):
            traffic.hold(found.trajectory)
        one_by_one.append((request.flight_id, found.delay_s if isinstance(found, Slot) else None))
    at_once = resolve(requests, SEPARATION)
    assert [(s.flight_id, s.delay_s) for s in at_once.slots] == [each for each in one_by_one if each[1] is not None]


@given(data=st.data())
@RANDOM
def test_no_shorter_delay_would_have_done(flights: Any, data: st.DataObject) -> None:
    """Every whole second before the one given is a conflict with something held."""
    drawn = data.draw(st.lists(flights.flown(), min_size=2, max_size=5))
    *held, asking = (flights.trajectory(f"F{n}", points) for n, points in enumerate(drawn))
    traffic = Traffic(SEPARATION)
    traffic.hold_all(held)
    found = find_slot(traffic, Request("new", (Way(asking),), 60.0))
    tried = range(int(found.delay_s)) if isinstance(found, Slot) else range(61)
    wider = Separation(SEPARATION.horizontal_m + 2e-3, SEPARATION.vertical_m + 2e-3)
    for delay_s in tried:
        assert any(conflicts([each, asking.delayed(delay_s)], wider) for each in held)


def test_the_first_to_come_keeps_its_time_and_the_second_waits(flights: Any) -> None:
    """Two of one hub to one drop, asked for at one moment: the second leaves when the first is out of its way.

    50 m before the drop it is 3⅓ s from it, and by then the first must have sunk by 12 m at 2 m/s: 9⅓ s. The pad
    wants more.
    """
    requests = asks(flights, [COLUMN, COLUMN], ["hub", ""])
    first, second = resolve(requests, SEPARATION).slots
    assert (first.delay_s, second.delay_s) == (0.0, 10.0)
    first, second = resolve(asks(flights, [COLUMN, COLUMN], ["hub", "hub"]), SEPARATION).slots
    assert (first.delay_s, second.delay_s) == (0.0, SEPARATION.pad_interval_s)


def test_the_higher_priority_goes_first_whenever_it_comes(flights: Any) -> None:
    """The one that came first waits; equals keep the order in which they asked."""
    low, same, high = (
        Request(name, (Way(flights.trajectory(name, COLUMN)),), 900.0, priority)
        for name, priority in (("low", 0), ("same", 0), ("high", 5))
    )
    delays = {slot.flight_id: slot.delay_s for slot in resolve([low, same, high], SEPARATION).slots}
    assert delays["high"] == 0.0 < delays["low"] < delays["same"]


def test_a_running_flight_does_not_move_for_any_priority(flights: Any) -> None:
    """It is in the air."""
    running = flights.trajectory("running", COLUMN)
    asking = Request("high", (Way(flights.trajectory("high", COLUMN)),), 900.0, 99)
    (slot,) = resolve([asking], SEPARATION, [running]).slots
    assert slot.delay_s > 0.0


def test_another_height_is_taken_where_it_costs_less_than_the_wait(flights: Any) -> None:
    """A long hover in the way: 12 m higher is worth ten seconds; where the wait is shorter, the flight waits."""
    for hover_s, way, delay_s in ((300.0, 1, 0.0), (5.0, 0, None)):
        hover = flights.trajectory("hover", [(40.0, 500.0, 0.0, 60.0), (55.0 + hover_s, 500.0, 0.0, 60.0)])
        wanted = flights.trajectory("asking", COLUMN)
        request = Request("asking", (Way(wanted), Way(wanted.raised(12.0), cost_s=10.0)), 900.0)
        (slot,) = resolve([request], SEPARATION, [hover]).slots
        assert slot.way == way
        assert conflicts([hover, slot.trajectory], SEPARATION) == []
        if delay_s is not None:
            assert slot.delay_s == delay_s


def test_what_is_closed_by_others_is_kept_clear_of(flights: Any) -> None:
    """Delays that an operational intent of somebody else forbids, with no flight of ours about."""
    request = Request("F", (Way(flights.trajectory("F", COLUMN), closed=((-10.0, 42.0),)),), 900.0)
    (slot,) = resolve([request], SEPARATION).slots
    assert slot.delay_s == 42.0


def test_a_refusal_names_what_is_in_the_way(flights: Any) -> None:
    """It cannot wait, and says for whom it would have to."""
    running = flights.trajectory("running", COLUMN)
    asking = Request("late", (Way(flights.trajectory("late", COLUMN)),), 3.0)
    (refused,) = resolve([asking], SEPARATION, [running]).refused
    assert refused == NoSlot("late", "no clear slot within 3 s on its way", ("running",))


def test_a_slot_that_is_freed_is_free(flights: Any) -> None:
    """Landed or called off: its volume, its time and its pad are another's at once (invariant I-29)."""
    traffic = Traffic(SEPARATION)
    request = Request("next", (Way(flights.trajectory("next", COLUMN, "hub")),), 900.0)
    place = traffic.hold(flights.trajectory("first", COLUMN, "hub"))
    assert isinstance(held := find_slot(traffic, request), Slot)
    assert held.delay_s > 0.0
    assert traffic.free(place).flight_id == "first"
    assert len(traffic) == 0
    assert isinstance(clear := find_slot(traffic, request), Slot)
    assert clear.delay_s == 0.0


def test_a_raised_flight_climbs_longer_and_hands_over_at_the_same_height(flights: Any) -> None:
    """Out, down to 6 m, hover, up, back, down: 12 m more at 3 m/s up and 2 m/s down, four times."""
    corners = [
        *((0, 0, 0, 0), (20, 0, 0, 60), (80, 900, 0, 60), (107, 900, 0, 6), (117, 900, 0, 6)),
        *((135, 900, 0, 60), (195, 0, 0, 60), (225, 0, 0, 0)),
    ]
    flight = flights.trajectory("F", corners, "hub")
    raised = flight.raised(12.0)
    assert [height for *_, height in flights.points_of(raised)] == pytest.approx([0, 72, 72, 6, 6, 72, 72, 0])
    assert raised.end_s - flight.end_s == pytest.approx(4.0 + 6.0 + 4.0 + 6.0)
    assert [each.moment_s for each in raised.movements] == pytest.approx([0.0, 245.0])
    assert flights.points_of(raised.raised(-12.0)) == [pytest.approx(corner) for corner in corners]
    with pytest.raises(ValueError, match="cannot be raised by -60"):
        flight.raised(-60.0)
