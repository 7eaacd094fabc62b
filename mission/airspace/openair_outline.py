"""The outline of an OpenAir airspace: points, arcs and circles → positions.

Arcs are drawn as polygons that never cut into the airspace: around an arc that bulges outwards, and by chords
of an arc that bulges inwards. Coordinates are (longitude, latitude) in degrees.
"""

import math
import re
from dataclasses import dataclass, field

from pyproj import Geod

from mission.airspace.fields import number

Position = tuple[float, float]

NAUTICAL_MILE_M = 1_852.0
_ARC_STEP_DEG = 3.0
_CENTIMETRE_DEG = 1e-7
_LARGEST_RADIUS_NM = 1_000.0
_RADIUS_TOLERANCE = 0.05
"""Ends of an arc differ this much in their distance from its centre at most; more is a typing error."""

_GEOD = Geod(ellps="WGS84")
_AXIS = r"(\d{1,3}(?:\.\d+)?)(?::(\d{1,2}(?:\.\d+)?))?(?::(\d{1,2}(?:\.\d+)?))?\s*"
_POINT = re.compile(_AXIS + r"([NS])[\s,]*" + _AXIS + r"([EW])", re.IGNORECASE | re.ASCII)


class OutlineError(Exception):
    """A drawing command that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class _Arc:
    center: Position
    start_m: float
    end_m: float
    start_deg: float
    sweep_deg: float  # positive clockwise


def parse_point(text: str) -> Position:
    """Return longitude, latitude from e.g. ``54:25:00 N 010:40:00 E`` or ``54:25.5N 010:40.2E``.

    Raises:
        OutlineError: not a position.
    """
    match = _POINT.fullmatch(text.strip())
    if match is None:
        raise OutlineError(f"{text[:60]!r} is not a position")
    groups = match.groups()
    latitude, longitude = _degrees(groups[:3]), _degrees(groups[4:7])
    if latitude > 90.0 or longitude > 180.0:
        raise OutlineError(f"{text[:60]!r} is not on Earth")
    south, west = groups[3].upper() == "S", groups[7].upper() == "W"
    return (-longitude if west else longitude, -latitude if south else latitude)


def _degrees(parts: tuple[str | None, ...]) -> float:
    degrees, minutes, seconds = (float(part) if part else 0.0 for part in parts)
    if minutes >= 60.0 or seconds >= 60.0:
        raise OutlineError("it has 60 minutes or seconds, or more")
    return degrees + minutes / 60.0 + seconds / 3600.0


@dataclass(slots=True)
class Outline:
    """What the drawing commands of one airspace have drawn so far.

    `clockwise` and `center` are OpenAir's variables D and X; they begin anew with each airspace.
    """

    clockwise: bool = True
    center: Position | None = None
    pieces: list[Position | _Arc] = field(default_factory=list)

    def set_variable(self, text: str) -> None:
        """Set X (centre) or D (direction); other variables draw nothing."""
        name, _, value = text.partition("=")
        name, value = name.strip().upper(), value.strip()
        if name == "X":
            self.center = parse_point(value)
        elif name == "D":
            if value not in ("+", "-"):
                raise OutlineError(f"direction {value[:20]!r} is neither + nor -")
            self.clockwise = value == "+"

    def add_point(self, point: Position) -> None:
        """Add a corner."""
        self.pieces.append(point)

    def circle(self, text: str) -> tuple[Position, float]:
        """Return centre and radius in metres of a DC command, its radius in nautical miles."""
        return self._centered(), _radius_m(text)

    def add_arc(self, command: str, text: str) -> None:
        """Add an arc: DA ``radius, start angle, end angle``, or DB ``first point, last point``."""
        center = self._centered()
        if command == "DA":
            parts = [part.strip() for part in text.split(",")]
            if len(parts) != 3:
                raise OutlineError("an arc DA needs radius, start and end angle")
            radius_m = _radius_m(parts[0])
            start_deg, end_deg = _angle(parts[1]), _angle(parts[2])
            self._append_arc(center, (radius_m, radius_m), start_deg, end_deg)
            return
        ends = [parse_point(part) for part in text.split(",")]
        if len(ends) != 2:
            raise OutlineError("an arc DB needs two points")
        (first_deg, first_m), (last_deg, last_m) = (_polar(center, end) for end in ends)
        if abs(first_m - last_m) > _RADIUS_TOLERANCE * max(first_m, last_m):
            raise OutlineError(f"the ends of an arc lie {first_m:.0f} m and {last_m:.0f} m from its centre")
        if max(first_m, last_m) > _LARGEST_RADIUS_NM * NAUTICAL_MILE_M:
            raise OutlineError("an arc's radius is more than 1000 nautical miles")
        self.pieces.append(ends[0])
        self._append_arc(center, (first_m, last_m), first_deg, last_deg)
        self.pieces.append(ends[1])

    def ring(self) -> list[Position]:
        """Return the positions of an open ring that encloses what was drawn."""
        chords = [position for piece in self.pieces for position in _by_chords(piece)]
        clockwise = _turns_clockwise(chords)
        positions: list[Position] = []
        for piece in self.pieces:
            bulges_out = isinstance(piece, _Arc) and (piece.sweep_deg > 0.0) == clockwise
            for position in _around(piece) if bulges_out and isinstance(piece, _Arc) else _by_chords(piece):
                if not positions or not _same_place(positions[-1], position):
                    positions.append(position)
        while len(positions) > 1 and _same_place(positions[0], positions[-1]):
            positions.pop()
        return positions

    def _centered(self) -> Position:
        if self.center is None:
            raise OutlineError("there is no centre (V X=) before it")
        return self.center

    def _append_arc(self, center: Position, radii_m: tuple[float, float], start_deg: float, end_deg: float) -> None:
        turn = (end_deg - start_deg) % 360.0 if self.clockwise else -((start_deg - end_deg) % 360.0)
        sweep_deg = turn or (360.0 if self.clockwise else -360.0)
        self.pieces.append(_Arc(center, radii_m[0], radii_m[1], start_deg, sweep_deg))


def _same_place(first: Position, second: Position) -> bool:
    """Whether two positions are within a centimetre: an arc's end computed, and the same end published."""
    return abs(first[0] - second[0]) < _CENTIMETRE_DEG and abs(first[1] - second[1]) < _CENTIMETRE_DEG


def _radius_m(text: str) -> float:
    value = _angle(text)
    if not 0.0 < value <= _LARGEST_RADIUS_NM:
        raise OutlineError(f"radius {text[:20]!r} is not one in nautical miles")
    return value * NAUTICAL_MILE_M


def _angle(text: str) -> float:
    words = text.split(maxsplit=1)
    value = number(words[0]) if words else None
    if value is None:
        raise OutlineError(f"{text[:20]!r} is not a number")
    return value


def _polar(center: Position, point: Position) -> tuple[float, float]:
    """Return azimuth in degrees and distance in metres from a centre."""
    azimuth, _, distance = _GEOD.inv(*center, *point)
    return float(azimuth), float(distance)


def _place(center: Position, azimuth_deg: float, distance_m: float) -> Position:
    longitude, latitude, _ = _GEOD.fwd(*center, azimuth_deg, distance_m)
    return float(longitude), float(latitude)


def _steps(arc: _Arc) -> int:
    return max(1, math.ceil(abs(arc.sweep_deg) / _ARC_STEP_DEG))


def _on_arc(arc: _Arc, share: float, factor: float = 1.0) -> Position:
    radius_m = arc.start_m + share * (arc.end_m - arc.start_m)
    return _place(arc.center, arc.start_deg + share * arc.sweep_deg, radius_m * factor)


def _by_chords(piece: Position | _Arc) -> list[Position]:
    if not isinstance(piece, _Arc):
        return [piece]
    steps = _steps(piece)
    return [_on_arc(piece, i / steps) for i in range(steps + 1)]


def _around(arc: _Arc) -> list[Position]:
    """Return the arc's ends and, between them, corners whose sides touch it from outside."""
    steps = _steps(arc)
    # A hundredth of a percent more than tangent: radii of the two ends may differ by rounding of seconds.
    factor = 1.0001 / math.cos(math.radians(abs(arc.sweep_deg) / steps / 2.0))
    corners = [_on_arc(arc, (i + 0.5) / steps, factor) for i in range(steps)]
    return [_on_arc(arc, 0.0), *corners, _on_arc(arc, 1.0)]


def _turns_clockwise(ring: list[Position]) -> bool:
    """Whether a ring runs clockwise seen from above; longitudes are taken relative to its first."""
    if not ring:
        return True
    first = ring[0][0]
    flat = [((longitude - first + 180.0) % 360.0, latitude) for longitude, latitude in ring]
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(flat, [*flat[1:], flat[0]], strict=True))
    return doubled < 0.0
