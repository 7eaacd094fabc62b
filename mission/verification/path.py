"""The path that the items make a PX4 multicopter fly, in space, height and time.

TAKEOFF climbs straight up where the vehicle stands, then goes to its position. A waypoint is approached in a
straight line; when both place and height change, the height may be anything in between on all of the leg.
LAND goes level to its position and descends. Frame-2 commands take place where the vehicle is.

Time is a span. It begins with what the planned speeds give in still air and without corners; it ends with a
slow estimate: `SLOW_FACTOR`, a loss at every corner and at touch-down.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, Mission
from mission.verification.ellipsoid import (
    BoolArray,
    FloatArray,
    IntArray,
    Pieces,
    divided,
    geodesic_between_m,
)
from mission.verification.items import ItemPlace
from mission.verification.rules import MAX_HOLD_S, SLOWEST_SHARE

SLOW_FACTOR = 1.15
CORNER_LOSS_S = 6.0
"""Braking to a stop and speeding up again, 10 m/s at 3.5 m/s²: PX4 slows at most corners."""
TAKEOFF_LOSS_S = 10.0
TOUCHDOWN_LOSS_S = 30.0
"""PX4 descends at MPC_LAND_SPEED 0.7 m/s for the last 10 m, then waits to be sure that it has landed."""
PIECE_M = 200.0


@dataclass(frozen=True, slots=True)
class CruisePerformance:
    """The speeds that the flight was planned with, metres per second."""

    cruise_speed_m_s: float
    climb_speed_m_s: float
    descent_speed_m_s: float

    def __post_init__(self) -> None:
        if not min(self.cruise_speed_m_s, self.climb_speed_m_s, self.descent_speed_m_s) > 0.0:
            raise ValueError("speeds must be positive")


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight piece of flight that one item makes. Times are seconds after departure, early and late."""

    item: int
    start: ItemPlace
    end: ItemPlace
    early_s: tuple[float, float]
    late_s: tuple[float, float]
    touches_ground: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """A place where the vehicle waits for a hand-over: which item, where, and how long at most, in seconds."""

    item: int
    place: ItemPlace
    wait_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A mission as it would be flown."""

    legs: tuple[Leg, ...]
    gates: tuple[Gate, ...]


class _Flight:
    """Where the vehicle is and what time it is, while the items are read one by one."""

    def __init__(self, at: ItemPlace, on_ground: bool, performance: CruisePerformance) -> None:
        self.at = at
        self.on_ground = on_ground
        self.performance = performance
        self.speed_m_s = performance.cruise_speed_m_s
        self.early_s = 0.0
        self.late_s = 0.0
        self.legs: list[Leg] = []

    def stay(self, item: int, seconds: float) -> None:
        self._add(item, self.at, seconds, seconds * SLOW_FACTOR)

    def wait(self, item: int, at_most_s: float) -> None:
        # A gate is passed as soon as the hand-over is decided: at once, at the earliest.
        self._add(item, self.at, 0.0, at_most_s * SLOW_FACTOR)

    def go(self, item: int, to: ItemPlace, loss_s: float = 0.0) -> None:
        length = geodesic_between_m(self.at.latitude_deg, self.at.longitude_deg, to.latitude_deg, to.longitude_deg)
        rise = to.height_home_m - self.at.height_home_m
        vertical_speed = self.performance.climb_speed_m_s if rise > 0 else self.performance.descent_speed_m_s
        level_s, vertical_s = length / self.speed_m_s, abs(rise) / vertical_speed
        self._add(
            item,
            to,
            max(level_s, vertical_s),
            SLOW_FACTOR * (level_s + vertical_s) + CORNER_LOSS_S + loss_s,
        )

    def _add(self, item: int, to: ItemPlace, early_s: float, late_s: float, ground: bool = False) -> None:
        early, late = self.early_s + early_s, self.late_s + late_s
        self.legs.append(
            Leg(
                item,
                self.at,
                to,
                (self.early_s, early),
                (self.late_s, late),
                touches_ground=ground or self.on_ground,
            )
        )
        self.at, self.early_s, self.late_s = to, early, late

    def take_off(self, item: int, to: ItemPlace) -> None:
        above = ItemPlace(self.at.latitude_deg, self.at.longitude_deg, to.height_home_m)
        self.go(item, above, TAKEOFF_LOSS_S)
        self.on_ground = False
        if above != to:
            self.go(item, to)

    def land(self, item: int, to: ItemPlace) -> None:
        above = ItemPlace(to.latitude_deg, to.longitude_deg, self.at.height_home_m)
        if above != self.at:
            self.go(item, above)
        self.on_ground = True
        self.go(item, to, TOUCHDOWN_LOSS_S)


def read_path(
    mission: Mission,
    places: tuple[ItemPlace | None, ...],
    performance: CruisePerformance,
    start: GeoPoint | None,
    start_height_home_m: float,
) -> Reading:
    """Return what the items make the vehicle fly, from home or from `start` in the air.

    Items without a usable place, and impossible times and speeds, are passed over: they have their own findings.
    """
    begin = mission.home if start is None else start
    height = 0.0 if start is None else start_height_home_m
    flight = _Flight(
        ItemPlace(begin.latitude_deg, begin.longitude_deg, height),
        on_ground=start is None,
        performance=performance,
    )
    gates: list[Gate] = []
    for index, (item, place) in enumerate(zip(mission.items, places, strict=True)):
        command = item.command
        hold_s = item.param1 if 0.0 < item.param1 <= MAX_HOLD_S else 0.0
        if command == MavCommand.NAV_DELAY:
            gates.append(Gate(index, flight.at, hold_s))
            flight.wait(index, hold_s)
        elif command == MavCommand.DO_CHANGE_SPEED:
            if item.param2 >= SLOWEST_SHARE * performance.cruise_speed_m_s:
                flight.speed_m_s = min(item.param2, performance.cruise_speed_m_s)
        elif place is None:
            continue
        elif command == MavCommand.NAV_TAKEOFF:
            flight.take_off(index, place)
        elif command == MavCommand.NAV_LAND:
            flight.land(index, place)
        else:
            # From the ground, PX4 climbs first; the leg begins on the ground all the same.
            flight.go(index, place)
            flight.on_ground = False
            if command == MavCommand.NAV_LOITER_TIME:
                gates.append(Gate(index, flight.at, hold_s))
                flight.wait(index, hold_s)
            elif hold_s > 0.0:
                flight.stay(index, hold_s)
    return Reading(tuple(flight.legs), tuple(gates))


@dataclass(frozen=True, eq=False)
class FlownPath:
    """A path as arrays over short pieces, in order of flight.

    Attributes:
        pieces: where.
        item: (n,) mission item, or index in a track.
        low_home_m, high_home_m: (n,) heights above home.
        level: (n,) whether the leg moves sideways by more than a hover does.
        touches_ground: (n,) whether the leg begins or ends on the ground.
        early_s, late_s: (n,) first and last moment at which the vehicle may be there, seconds since the epoch.
    """

    pieces: Pieces
    item: IntArray
    low_home_m: FloatArray
    high_home_m: FloatArray
    level: BoolArray
    touches_ground: BoolArray
    early_s: FloatArray
    late_s: FloatArray

    @cached_property
    def length_m(self) -> FloatArray:
        """(n,) chord lengths, metres."""
        length: FloatArray = np.sqrt(((self.pieces.end_m - self.pieces.start_m) ** 2).sum(axis=1))
        return length

    def place(self, piece: int, share: float) -> GeoPoint:
        """Return a point of a piece."""
        lat, lon = self.pieces.at(np.full(len(self.pieces), share))[piece]
        return GeoPoint(float(lat), float(lon))

    def time(self, piece: int) -> datetime:
        """Return the first moment at a piece, UTC."""
        return datetime.fromtimestamp(float(self.early_s[piece]), tz=UTC)


LEVEL_M = 1.0


def flown_path(legs: tuple[Leg, ...], departure: datetime, delay_allowance: timedelta) -> FlownPath:
    """Cut legs into pieces of at most `PIECE_M` and date them.

    Args:
        legs: at least one.
        departure: aware; the earliest time of take-off (or of turning away, in the air).
        delay_allowance: by how much the departure may be late.
    """
    start = np.array([(leg.start.latitude_deg, leg.start.longitude_deg) for leg in legs])
    end = np.array([(leg.end.latitude_deg, leg.end.longitude_deg) for leg in legs])
    heights = np.array([(leg.start.height_home_m, leg.end.height_home_m) for leg in legs])
    early = np.array([leg.early_s for leg in legs])
    late = np.array([leg.late_s for leg in legs])
    piece_start, piece_end, leg, begins, ends = divided(start, end, PIECE_M)
    zero_s = departure.timestamp()
    length = np.array(
        [
            geodesic_between_m(float(a[0]), float(a[1]), float(b[0]), float(b[1]))
            for a, b in zip(start, end, strict=True)
        ]
    )
    return FlownPath(
        pieces=Pieces(piece_start, piece_end),
        item=np.array([one.item for one in legs])[leg],
        low_home_m=heights.min(axis=1)[leg],
        high_home_m=heights.max(axis=1)[leg],
        level=(length > LEVEL_M)[leg],
        touches_ground=np.array([one.touches_ground for one in legs])[leg],
        early_s=zero_s + early[leg, 0] + (early[leg, 1] - early[leg, 0]) * begins,
        late_s=zero_s + delay_allowance.total_seconds() + late[leg, 0] + (late[leg, 1] - late[leg, 0]) * ends,
    )
