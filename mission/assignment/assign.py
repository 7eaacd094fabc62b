"""Orders → sorties on vehicles, in two phases that hold the battery of every single trip.

PyVRP groups orders into sorties, and a search under the exact energy shortens them; earliest-deadline list
scheduling lays them onto vehicles. A second plan, by cheapest insertion alone, is made beside it, and the
better of both is kept: more orders served first, then less distance flown.
"""

from collections.abc import Sequence
from datetime import timedelta

from mission.assignment.parts import parts_by_hub_and_angle
from mission.assignment.polish import SortieSearch
from mission.assignment.problem import AssignmentProblem
from mission.assignment.reinsertion import rank, reinsert
from mission.assignment.result import Assignment, PlannedSortie
from mission.assignment.screening import Screening, refuse_unplaced, screen
from mission.assignment.sorties import propose_sorties, split
from mission.assignment.timetable import Placement, Timetable
from mission.assignment.trips import TripJudge

DEFAULT_ITERATIONS = 500
"""Of PyVRP and of the search after it, per part of at most `parts.LARGEST_PART` orders."""
ITERATIONS_PER_ORDER = 50
"""Small problems are solved long before the iterations run out: no more than these for each order."""


def assign(problem: AssignmentProblem, *, seed: int = 0, max_iterations: int = DEFAULT_ITERATIONS) -> Assignment:
    """Serve as many orders as the fleet can, in sorties of short total length, and refuse the others by name.

    Same problem, seed and iterations, same answer: no clock stops the search.

    Args:
        problem: what is asked.
        seed: for the search, ≥ 0.
        max_iterations: of each search, per part of a large problem; time grows in proportion.

    Returns:
        Every order of the problem exactly once, in a sortie or refused. Never more orders refused than by
        cheapest insertion alone, and with as many served, never a longer way.
    """
    judge = TripJudge(problem)
    screening = screen(judge)
    if not screening.servable:
        return _answer(Timetable(judge), screening)
    greedy = plan_by_insertion(judge, screening.servable)
    searched, fleet_is_short = _plan_by_search(judge, screening.servable, seed, max_iterations)
    best = min(searched, greedy, key=rank)
    if fleet_is_short:
        best = reinsert(best, screening.servable, seed=seed, iterations=max_iterations // 2)
    return _answer(best, screening)


def plan_by_insertion(judge: TripJudge, orders: Sequence[int]) -> Timetable:
    """Return the plain plan: each order in turn, most urgent first, where it adds the least distance."""
    timetable = Timetable(judge)
    for order in _most_urgent_first(judge, orders):
        timetable.insert(order)
    return timetable


def _plan_by_search(judge: TripJudge, orders: Sequence[int], seed: int, max_iterations: int) -> tuple[Timetable, bool]:
    """Return the plan of both searches, and whether vehicles were too few to fly all its sorties in time."""
    sorties: list[tuple[int, ...]] = []
    parts = parts_by_hub_and_angle(judge, orders)
    for part in parts:
        iterations = min(max_iterations, ITERATIONS_PER_ORDER * len(part))
        for base, stops in propose_sorties(judge, part, seed=seed, max_iterations=iterations):
            sorties.extend(split(judge, base, stops))
    iterations = min(max_iterations * len(parts), ITERATIONS_PER_ORDER * len(orders))
    sorties = SortieSearch(judge, orders, seed).shorten(sorties, iterations)
    return lay(judge, sorties)


def lay(judge: TripJudge, sorties: Sequence[tuple[int, ...]]) -> tuple[Timetable, bool]:
    """Lay sorties onto vehicles, earliest deadline first; orders of those that fit nowhere are inserted singly.

    Returns:
        The timetable, and whether any sortie fitted nowhere.
    """
    timetable = Timetable(judge)
    unplaced: list[int] = []
    for stops in sorted(sorties, key=lambda stops: _urgency(judge, stops)):
        if not timetable.place(stops):
            unplaced.extend(stops)
    for order in _most_urgent_first(judge, unplaced):
        timetable.insert(order)
    return timetable, bool(unplaced)


def _most_urgent_first(judge: TripJudge, orders: Sequence[int]) -> list[int]:
    return sorted(orders, key=lambda order: _urgency(judge, (order,)))


def _urgency(judge: TripJudge, stops: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
    """Latest departure, then fewest vehicles that could fly it, then the given order."""
    latest_ms, able = -1, 0
    for trip in judge.trips(stops):
        latest_ms = max(latest_ms, trip.latest_ms)
        able += judge.base_of_vehicle.count(trip.base)
    return latest_ms, able, stops


def _answer(timetable: Timetable, screening: Screening) -> Assignment:
    problem = timetable.judge.problem
    served = {stop for placement in timetable.placements() for stop in placement.trip.stops}
    refusals = dict(screening.refusals)
    for index in screening.servable:
        if index not in served:
            refusals[index] = refuse_unplaced(timetable, index)
    ordinals = [0] * len(problem.vehicles)
    sorties = []
    for placement in timetable.placements():
        sorties.append(_sortie(problem, placement, ordinals[placement.vehicle]))
        ordinals[placement.vehicle] += 1
    return Assignment(
        sorties=tuple(sorted(sorties, key=lambda sortie: (sortie.departure, sortie.vehicle_id))),
        refusals=tuple(refusals[index] for index in sorted(refusals)),
    )


def _sortie(problem: AssignmentProblem, placement: Placement, ordinal: int) -> PlannedSortie:
    trip, vehicle = placement.trip, problem.vehicles[placement.vehicle]
    departure = problem.now + timedelta(milliseconds=placement.departure_ms)
    return PlannedSortie(
        vehicle_id=vehicle.vehicle_id,
        hub_id=vehicle.hub_id,
        ordinal=ordinal,
        order_ids=tuple(problem.orders[stop].order_id for stop in trip.stops),
        departure=departure,
        arrival=departure + timedelta(milliseconds=trip.duration_ms),
        handovers=tuple(departure + timedelta(seconds=offset) for offset in trip.handover_offsets_s),
        length_m=trip.length_m,
        energy_wh=trip.energy_wh,
    )
