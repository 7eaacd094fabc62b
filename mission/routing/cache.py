"""Environments by content: planning for the same active zones builds them once."""

from collections import OrderedDict
from collections.abc import Sequence

from mission.routing.environment import Environment
from mission.routing.obstacle import Obstacle, content_hash


class EnvironmentCache:
    """The environments used last, at most `capacity` of them.

    One per set of zones and clearance: a set is that of one height band and one time. For use by one thread.

    Attributes:
        hits: how often an environment was there already.
        misses: how often one had to be built.
    """

    def __init__(self, capacity: int = 16) -> None:
        if capacity < 1:
            raise ValueError(f"capacity {capacity} holds nothing")
        self.capacity = capacity
        self.hits = 0
        self.misses = 0
        self._held: OrderedDict[str, Environment] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, obstacles: Sequence[Obstacle], clearance_m: float) -> Environment:
        """Return the environment of these zones, in whatever order they come; build it if it is not held.

        Raises:
            InputError: a polygon or the clearance is broken.
        """
        key = content_hash(obstacles, clearance_m)
        held = self._held.pop(key, None)
        if held is None:
            self.misses += 1
            held = Environment.build(obstacles, clearance_m)
        else:
            self.hits += 1
        self._held[key] = held
        while len(self._held) > self.capacity:
            self._held.popitem(last=False)
        return held
