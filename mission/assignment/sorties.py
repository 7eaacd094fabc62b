"""Sorties by PyVRP: which orders fly together, and in which order, with as many sorties as it takes.

PyVRP knows loads, windows and distances, but not energy that depends on the load. It is given a range that
is too generous rather than too small, and `split` cuts what breaks the battery or would wait in the air.
PyVRP: N. A. Wouda, L. Lan, W. Kool, INFORMS Journal on Computing 36(4), 2024.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyvrp import Client, Depot, Location, ProblemData, SolveParams, VehicleType, solve
from pyvrp.search import NeighbourhoodParams
from pyvrp.stop import MaxIterations

from mission.assignment.trips import Trip, TripJudge

LENGTH_UNITS_PER_M = 10
"""PyVRP counts in integers: distances in tenths of a metre …"""
MASS_UNITS_PER_KG = 1_000_000
"""… masses in milligrams, and times in milliseconds."""
BLOCKED_UNITS = 10**9
"""A leg that this base cannot fly: longer than any range allows."""
LONGEST_RANGE_M = 10_000_000.0
"""Where the search for a base's range ends; a quarter of the way around the Earth."""


def propose_sorties(
    judge: TripJudge, orders: Sequence[int], *, seed: int, max_iterations: int
) -> list[tuple[int, tuple[int, ...]]]:
    """Group `orders` into sorties of short total length.

    Every order must be one that some base can fly alone. Same arguments, same answer.

    Returns:
        (base, stops) pairs that hold every order once. Not all of them need be flyable: see `split`.
    """
    data = _problem_data(judge, orders)
    neighbours = min(40, max(1, len(orders)))
    params = SolveParams(neighbourhood=NeighbourhoodParams(num_neighbours=neighbours))
    result = solve(data, MaxIterations(max_iterations), seed=seed, collect_stats=False, params=params)
    proposed = []
    for route in result.best.routes():
        stops = tuple(orders[activity.idx] for activity in route if activity.is_client())
        proposed.append((route.vehicle_type(), stops))
    return proposed


def split(judge: TripJudge, base: int, stops: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Cut a sequence of stops into flyable sorties, keeping its order, with the least total length.

    Dynamic programming over cuts (C. Prins, Computers & Operations Research 31(12), 2004). A stop that this
    base cannot even serve alone is left to the others as a sortie of its own.
    """
    best_m = [0.0] + [math.inf] * len(stops)
    cut_before = [0] * (len(stops) + 1)
    for end in range(1, len(stops) + 1):
        for start in range(end - 1, -1, -1):
            trip = judge.judge(base, stops[start:end])
            if isinstance(trip, Trip):
                cost_m = trip.length_m
            elif end - start == 1:
                cost_m = min((other.length_m for other in judge.trips(stops[start:end])), default=0.0)
            else:
                continue
            if best_m[start] + cost_m < best_m[end]:
                best_m[end] = best_m[start] + cost_m
                cut_before[end] = start
    parts: list[tuple[int, ...]] = []
    end = len(stops)
    while end > 0:
        parts.append(stops[cut_before[end] : end])
        end = cut_before[end]
    return parts[::-1]


def range_m(judge: TripJudge, base: int, payload_kg: float) -> float:
    """Longest hub → drop → hub flight with `payload_kg` outbound that the usable battery allows.

    Bisection to a metre; 0 where even a flight of no length costs too much.
    """
    vehicle_type = judge.bases[base].vehicle_type
    usable_wh = judge.usable_wh(vehicle_type)

    def affordable(length_m: float) -> bool:
        halves = (length_m / 2.0, length_m / 2.0)
        return judge.problem.energy_wh(vehicle_type, halves, (payload_kg, 0.0)) <= usable_wh

    if affordable(LONGEST_RANGE_M):
        return LONGEST_RANGE_M
    low_m, high_m = 0.0, LONGEST_RANGE_M
    while high_m - low_m > 1.0:
        middle_m = (low_m + high_m) / 2.0
        low_m, high_m = (middle_m, high_m) if affordable(middle_m) else (low_m, middle_m)
    return low_m


def _problem_data(judge: TripJudge, orders: Sequence[int]) -> ProblemData:
    problem = judge.problem
    hubs = len(problem.hubs)
    lightest_kg = min(judge.mass_kg[order] for order in orders)
    # PyVRP's stubs call its matrices `ndarray[int]`, which no numpy array is to a type checker.
    distances: list[Any] = []
    durations: list[Any] = []
    vehicle_types = []
    for index, base in enumerate(judge.bases):
        # Each base is a profile of its own: its hub's distances, its speed, and only the drops it can serve.
        units = _base_distances(judge, index, orders)
        distances.append(units)
        durations.append(_base_durations_ms(judge, index, units))
        vehicle_types.append(
            VehicleType(
                num_available=len(orders),
                capacity=[
                    base.vehicle_type.parcel_slots,
                    math.floor(base.vehicle_type.max_payload_kg * MASS_UNITS_PER_KG + 0.5),
                ],
                start_depot=base.hub,
                end_depot=base.hub,
                tw_early=min(
                    ready for ready, of in zip(judge.ready_ms, judge.base_of_vehicle, strict=True) if of == index
                ),
                max_distance=math.floor(range_m(judge, index, lightest_kg) * LENGTH_UNITS_PER_M),
                profile=index,
            )
        )
    clients = [
        Client(
            location=hubs + place,
            delivery=[1, math.floor(judge.mass_kg[order] * MASS_UNITS_PER_KG + 0.5)],
            tw_early=max(0, judge.window_ms[order][0]),
            tw_late=judge.window_ms[order][1],
        )
        for place, order in enumerate(orders)
    ]
    return ProblemData(
        # PyVRP reads coordinates only to draw them; the matrices say everything.
        locations=[Location(0.0, 0.0) for _ in range(hubs + len(orders))],
        clients=clients,
        depots=[Depot(location=hub) for hub in range(hubs)],
        vehicle_types=vehicle_types,
        distance_matrices=distances,
        duration_matrices=durations,
    )


def _base_distances(judge: TripJudge, index: int, orders: Sequence[int]) -> NDArray[np.int64]:
    """Distances in PyVRP's units among all hubs, then `orders`; BLOCKED_UNITS where this base cannot go."""
    problem, base = judge.problem, judge.bases[index]
    hubs = len(problem.hubs)
    matrix = next(entry.distance_m for entry in problem.distances if entry.hub_id == problem.hubs[base.hub].hub_id)
    places = np.array([0, *(order + 1 for order in orders)])
    wanted = matrix[np.ix_(places, places)]
    finite = np.where(np.isfinite(wanted), wanted, 0.0)
    units = np.where(np.isfinite(wanted), np.ceil(finite * LENGTH_UNITS_PER_M), BLOCKED_UNITS)
    units = np.minimum(units, BLOCKED_UNITS)
    unserved = [
        place + 1
        for place, order in enumerate(orders)
        if problem.orders[order].drop.method not in base.vehicle_type.methods
    ]
    units[unserved, :] = BLOCKED_UNITS
    units[:, unserved] = BLOCKED_UNITS
    full = np.full((hubs + len(orders), hubs + len(orders)), BLOCKED_UNITS, dtype=np.int64)
    rows = np.array([base.hub, *range(hubs, hubs + len(orders))])
    full[np.ix_(rows, rows)] = units.astype(np.int64)
    np.fill_diagonal(full, 0)
    return full


def _base_durations_ms(judge: TripJudge, index: int, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Milliseconds per leg: cruise, and half of what an out-and-back of no length takes."""
    vehicle_type = judge.bases[index].vehicle_type
    overhead_ms = 500.0 * judge.trip_times(vehicle_type, (0.0, 0.0))[-1]
    cruise_ms = units * (1000.0 / LENGTH_UNITS_PER_M / vehicle_type.cruise_speed_m_s)
    durations = np.round(cruise_ms + overhead_ms).astype(np.int64)
    np.fill_diagonal(durations, 0)
    return durations
