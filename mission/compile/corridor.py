"""The ground that a flight needs, which no exclusion polygon may touch."""

import shapely


class Corridor:
    """Everything within `clearance_m` of what is flown. Distances are exact: no buffer is drawn."""

    def __init__(self, flown: shapely.Geometry, clearance_m: float) -> None:
        self.flown = flown
        self.clearance_m = clearance_m
        shapely.prepare(flown)

    def touches(self, polygon: shapely.Geometry) -> bool:
        """Return whether a geometry comes into the corridor."""
        return bool(shapely.dwithin(self.flown, polygon, self.clearance_m))


def nowhere() -> Corridor:
    """Return the corridor of no flight: nothing touches it."""
    return Corridor(shapely.Point(), 0.0)
