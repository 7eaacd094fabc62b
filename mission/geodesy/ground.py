"""What is known of heights at one site: the ground, and the geoid below it."""

from dataclasses import dataclass, field

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.srtm import SrtmTerrain
from mission.geodesy.terrain import Terrain, UnknownTerrain, terrain_of
from mission.model.geo import ElevationRange, GeoPoint


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The ground that a day is planned over and verified against: one and the same for both.

    Attributes:
        terrain: the ground.
        geoid: None = unknown, and then limits above the ellipsoid bind at all heights.
    """

    terrain: Terrain = field(default_factory=UnknownTerrain)
    geoid: GeoidGrid | None = None

    @property
    def mapped(self) -> bool:
        """Whether the ground is known place by place, not only as one range for the whole area."""
        return isinstance(self.terrain, SrtmTerrain)

    def elevation_amsl_m(self, place: GeoPoint) -> float:
        """Return the best estimate of the ground's elevation at a place; NaN where there is no better than a range."""
        return self.terrain.elevation_amsl_m(place.latitude_deg, place.longitude_deg)


def ground_of(relief: ElevationRange | None) -> Ground:
    """Return all that a site without a map knows: the range of its ground, or nothing."""
    return Ground(terrain_of(relief))
