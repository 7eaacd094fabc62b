"""An optimum to compare with that shares nothing with the router but the regions it must not enter."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from mission.routing import Environment

Optimum = Callable[[Environment, NDArray[np.float64], NDArray[np.float64]], float]


def optimum_by_all_pairs(environment: Environment, start: NDArray[np.float64], goal: NDArray[np.float64]) -> float:
    """Try every straight line between every two vertices with GEOS's exact predicates, then Dijkstra."""
    if np.hypot(*(start - goal)) < 1e-6:
        return float(np.hypot(*(start - goal)))  # SciPy reads a link this short as none
    regions = environment.regions.merged
    points = np.unique(np.vstack([shapely.get_coordinates(regions), start, goal]), axis=0)
    i, j = np.triu_indices(len(points), 1)
    lines = shapely.linestrings(np.stack([points[i], points[j]], axis=1))
    clear = ~shapely.relate_pattern(regions, lines, "T********")
    lengths = np.zeros((len(points), len(points)))
    lengths[i[clear], j[clear]] = np.hypot(*(points[i] - points[j])[clear].T)
    first, last = (int(np.flatnonzero((points == end).all(axis=1))[0]) for end in (start, goal))
    return float(dijkstra(lengths, directed=False, indices=first)[last])


@pytest.fixture(scope="session")
def optimum() -> Optimum:
    """Length of the shortest route by brute force, inf where there is none."""
    return optimum_by_all_pairs
