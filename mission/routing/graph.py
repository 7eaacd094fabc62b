"""The taut visibility graph: which corners a shortest route may go between."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mission.routing.expansion import corner_cones, join, sweep_all
from mission.routing.jit import ACCELERATED, indexable
from mission.routing.kernels import Links
from mission.routing.mesh import Mesh
from mission.routing.sight import all_links, new_eye

Ints = NDArray[np.int64]

_BATCH = 4096
"""Corners expanded at a time: bounds the memory of the frontier."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Links in rows: row 2v holds those that leave corner v with its region on the left, 2v + 1 on the right.

    Attributes:
        first: (2n + 1,) where each row begins; targets ascend in a row.
        target: (m,) corner at the other end.
        length_m: (m,) length of the link.
        links: the rows as the scalar loops index them.
    """

    first: NDArray[np.int32]
    target: NDArray[np.int32]
    length_m: NDArray[np.float64]
    links: Links[Any]

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.first.nbytes + self.target.nbytes + self.length_m.nbytes

    def matrix(self) -> csr_array:
        """Return the (n, n) sparse matrix of link lengths."""
        count = (len(self.first) - 1) // 2
        return csr_array((self.length_m, self.target, self.first[::2]), shape=(count, count))


def build_graph(mesh: Mesh) -> Graph:
    """Return the graph by whichever way is faster here; both give the same."""
    return build_graph_compiled(mesh) if ACCELERATED else build_graph_batched(mesh)


def build_graph_compiled(mesh: Mesh) -> Graph:
    """Return the graph by one scalar expansion per corner and side."""
    first, target = all_links(new_eye(len(mesh.x), len(mesh.free)), mesh.tables)
    return _graph(mesh, first, target)


def build_graph_batched(mesh: Mesh) -> Graph:
    """Return the graph by expanding thousands of corners at a time in array operations."""
    corners = np.flatnonzero(mesh.corner)
    rows, targets = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for begin in range(0, len(corners), _BATCH):
        batch = corners[begin : begin + _BATCH]
        for side in range(2):
            cones, near = corner_cones(mesh, batch, side)
            far, _ = sweep_all(mesh, mesh.x[batch], mesh.y[batch], cones, slack_m=0.0)
            seen = join([near, far])
            rows.append(2 * batch[seen.eye] + side)
            targets.append(seen.thing.astype(np.int64))
    return _graph(mesh, *_both_ways(mesh, np.concatenate(rows), np.concatenate(targets)))


def _both_ways(mesh: Mesh, row: Ints, target: Ints) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (first, target) of the links that lead east or due north among those given, and of the same backwards."""
    count = len(mesh.x)
    dx, dy = mesh.x[target] - mesh.x[row // 2], mesh.y[target] - mesh.y[row // 2]
    eastern = np.flatnonzero((dx > 0.0) | ((dx == 0.0) & (dy > 0.0)))
    row, target, dx, dy = row[eastern], target[eastern], dx[eastern], dy[eastern]
    before, after = (
        dx * (mesh.y[neighbour[target]] - mesh.y[target]) - dy * (mesh.x[neighbour[target]] - mesh.x[target])
        for neighbour in (mesh.preceding, mesh.following)
    )
    # The region that was left of the line is right of it on the way back.
    back = 2 * target + ((before >= 0.0) & (after >= 0.0))
    # A corner straight behind another is met by the cones on both sides of it: keep each link once.
    keys = np.unique(np.concatenate([row * count + target, back * count + row // 2]))
    first = np.zeros(2 * count + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys // count, minlength=2 * count), out=first[1:])
    return first, (keys % count).astype(np.int32)


def _graph(mesh: Mesh, first: NDArray[np.int32], target: NDArray[np.int32]) -> Graph:
    origin = np.repeat(np.arange(len(mesh.x)), np.diff(first[::2]))
    dx, dy = mesh.x[target] - mesh.x[origin], mesh.y[target] - mesh.y[origin]
    return Graph(first, target, np.sqrt(dx * dx + dy * dy), Links(*indexable(first, target)))
