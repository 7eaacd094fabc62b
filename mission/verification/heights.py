"""Heights of a path in every datum, and what the rules say of them. Datums are never mixed: NaN is unknown."""

from dataclasses import dataclass

import numpy as np

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.terrain import Terrain
from mission.model.airspace import ZoneVolume
from mission.model.geo import GeoPoint, Height, VerticalDatum
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import BoolArray, FloatArray
from mission.verification.path import PIECE_M, FlownPath
from mission.verification.rules import ELEVATION_TOLERANCE_M, RuleCode, broken

TERRAIN_RADIUS_M = PIECE_M / 2.0 + 25.0
"""From a piece's middle, all of it and the navigation error beside it."""


@dataclass(frozen=True, eq=False)
class Heights:
    """The least and greatest height of every piece in each datum, (n,) metres; NaN where it is unknown.

    A piece that touches the ground has no lower end: the ground may be lower than its item says.
    """

    low_m: dict[VerticalDatum, FloatArray]
    high_m: dict[VerticalDatum, FloatArray]
    ground_low_amsl_m: FloatArray
    ground_high_amsl_m: FloatArray

    @classmethod
    def of(cls, path: FlownPath, home_amsl_m: float, terrain: Terrain, geoid: GeoidGrid | None) -> "Heights":
        """Work out the heights of a path above a terrain; `geoid` None leaves ellipsoid heights unknown."""
        middle = path.pieces.at(np.full(len(path.pieces), 0.5))
        ground_low, ground_high = terrain.elevation_range_amsl_m(middle[:, 0], middle[:, 1], TERRAIN_RADIUS_M)
        low = np.where(path.touches_ground, -np.inf, path.low_home_m) + home_amsl_m
        high = path.high_home_m + home_amsl_m
        undulation = (
            np.full(len(path.pieces), np.nan) if geoid is None else geoid.undulations_m(middle[:, 0], middle[:, 1])
        )
        return cls(
            low_m={
                VerticalDatum.AMSL: low,
                VerticalDatum.AGL: low - ground_high,
                VerticalDatum.WGS84: low + undulation,
            },
            high_m={
                VerticalDatum.AMSL: high,
                VerticalDatum.AGL: high - ground_low,
                VerticalDatum.WGS84: high + undulation,
            },
            ground_low_amsl_m=ground_low,
            ground_high_amsl_m=ground_high,
        )

    def within(self, volume: ZoneVolume, margin_m: float) -> BoolArray:
        """Whether each piece may be between a volume's floor and ceiling; unknown is yes.

        Args:
            volume: its limits are in their own datums; HOME is no datum for a zone, so it is unknown.
            margin_m: by how much the path's band is widened.
        """
        floor, ceiling = volume.floor, volume.ceiling
        mistaken = (
            floor.value_m == np.inf
            or ceiling.value_m == -np.inf
            or (floor.datum is ceiling.datum and floor.value_m > ceiling.value_m)
        )
        if mistaken:
            return np.ones(len(self.ground_low_amsl_m), dtype=np.bool_)
        # NaN compares as false, so what is unknown is neither below nor above.
        below = self._in(self.high_m, floor) + margin_m < floor.value_m
        above = self._in(self.low_m, ceiling) - margin_m > ceiling.value_m
        within: BoolArray = ~(below | above)
        return within

    def _in(self, heights_m: dict[VerticalDatum, FloatArray], limit: Height) -> FloatArray:
        unknown = np.full(len(self.ground_low_amsl_m), np.nan)
        return heights_m.get(limit.datum, unknown)


def check_heights(path: FlownPath, heights: Heights, policy: Policy) -> list[Finding]:
    """Judge a path against the ground: known, not too high above it, not into it."""
    unknown = ~(np.isfinite(heights.ground_low_amsl_m) & np.isfinite(heights.ground_high_amsl_m))
    findings = []
    if unknown.any():
        worst = int(np.flatnonzero(unknown)[0])
        findings.append(
            broken(
                RuleCode.TERRAIN_UNKNOWN,
                f"The ground below {int(unknown.sum())} of {len(unknown)} pieces of the path is unknown.",
                item=int(path.item[worst]),
                place=path.place(worst, 0.5),
                time=path.time(worst),
            )
        )
    high_agl = heights.high_m[VerticalDatum.AGL]
    over = np.where(np.isnan(high_agl), -np.inf, high_agl)
    if (over > policy.max_height_agl_m).any():
        worst = int(over.argmax())
        findings.append(
            broken(
                RuleCode.HEIGHT_TOO_HIGH,
                f"Item {int(path.item[worst])} flies up to {over[worst]:.1f} m above ground, "
                f"over the limit of {policy.max_height_agl_m:g} m.",
                measured=float(over[worst]),
                limit=policy.max_height_agl_m,
                unit="m AGL",
                item=int(path.item[worst]),
                place=path.place(worst, 0.5),
                time=path.time(worst),
            )
        )
    findings.extend(_check_ground(path, heights))
    return findings


def _check_ground(path: FlownPath, heights: Heights) -> list[Finding]:
    """Level flight must be above the highest ground near, a hover not below all of it.

    Where the vehicle takes off or lands it finds the ground by itself; only a gross error counts.
    """
    low_amsl = path.low_home_m - path.high_home_m + heights.high_m[VerticalDatum.AMSL]
    ground = np.where(
        path.level & ~path.touches_ground,
        heights.ground_high_amsl_m,
        heights.ground_low_amsl_m - np.where(path.touches_ground, ELEVATION_TOLERANCE_M, 0.0),
    )
    above = low_amsl - ground
    above = np.where(np.isnan(above), np.inf, above)
    if not (above < 0.0).any():
        return []
    worst = int(above.argmin())
    return [
        broken(
            RuleCode.HEIGHT_BELOW_GROUND,
            f"Item {int(path.item[worst])} flies at {low_amsl[worst]:.1f} m AMSL where the ground may reach "
            f"{heights.ground_high_amsl_m[worst]:.1f} m.",
            measured=float(low_amsl[worst]),
            limit=float(ground[worst]),
            unit="m AMSL",
            item=int(path.item[worst]),
            place=path.place(worst, 0.5),
            time=path.time(worst),
        )
    ]


def check_home(home: GeoPoint, home_amsl_m: float, terrain: Terrain) -> list[Finding]:
    """Judge the elevation that home is said to have against the terrain; unknown terrain is judged elsewhere."""
    low, high = terrain.elevation_range_amsl_m(
        np.array([home.latitude_deg]), np.array([home.longitude_deg]), TERRAIN_RADIUS_M
    )
    off = max(float(low[0]) - home_amsl_m, home_amsl_m - float(high[0]))
    if np.isfinite(home_amsl_m) and not off > ELEVATION_TOLERANCE_M:
        return []
    return [
        broken(
            RuleCode.HOME_ELEVATION,
            f"Home is said to be at {home_amsl_m:.1f} m AMSL; the ground there is between {low[0]:.1f} and "
            f"{high[0]:.1f} m.",
            place=home,
            measured=off,
            limit=ELEVATION_TOLERANCE_M,
            unit="m",
        )
    ]
