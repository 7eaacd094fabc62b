"""A day cut where zones begin and cease to bind: within an epoch the same zones bind throughout."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mission.model.time import TimeWindow
from mission.sky.airspace import Airspace
from mission.sky.sky import Sky


@dataclass(frozen=True)
class Epoch:
    """A span in which the same zones bind at every hub.

    Attributes:
        start: the first moment of it.
        skies: by hub, as they are from `start` until the next epoch.
    """

    start: datetime
    skies: Mapping[str, Sky]

    @property
    def binding_ids(self) -> dict[str, frozenset[str]]:
        """By hub, the zones that bind."""
        return {hub_id: sky.binding_ids for hub_id, sky in self.skies.items()}


def epochs(airspaces: Mapping[str, Airspace], span: TimeWindow) -> list[Epoch]:
    """Return the epochs of a span in order, at least one; the first begins with it."""
    moments = {span.earliest}.union(*(airspace.changes(span) for airspace in airspaces.values()))
    found: list[Epoch] = []
    for moment in sorted(moments):
        at = TimeWindow(moment, moment)
        epoch = Epoch(moment, {hub_id: airspace.sky(at) for hub_id, airspace in airspaces.items()})
        if not found or found[-1].binding_ids != epoch.binding_ids:
            found.append(epoch)
    return found
