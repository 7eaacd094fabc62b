"""Which zones lie near a place: a tree over their boxes."""

from collections.abc import Sequence

import shapely

from mission.airspace.bounds import GeoBounds
from mission.airspace.footprint import footprint_bounds
from mission.model.airspace import GeoZone


class ZoneIndex:
    """Zones by place, safe at the antimeridian. Immutable."""

    def __init__(self, zones: Sequence[GeoZone]) -> None:
        self.zones = tuple(zones)
        rectangles = [
            (number, box)
            for number, zone in enumerate(self.zones)
            for volume in zone.volumes
            for box in footprint_bounds(volume.footprint).boxes()
        ]
        self._owners = [number for number, _ in rectangles]
        self._tree = shapely.STRtree([shapely.box(*box) for _, box in rectangles])

    def near(self, bounds: GeoBounds) -> tuple[GeoZone, ...]:
        """Return the zones whose boxes meet `bounds`, in their own order; may hold some that only come close."""
        found = {self._owners[hit] for box in bounds.boxes() for hit in self._tree.query(shapely.box(*box)).tolist()}
        return tuple(self.zones[number] for number in sorted(found))
