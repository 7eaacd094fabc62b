"""Boxes of latitude and longitude, and roughly where countries are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeoBounds:
    """A box in WGS84 degrees. `west_deg` > `east_deg` means that the box crosses the antimeridian.

    Raises:
        ValueError: a limit is out of range or not finite, or south lies north of north.
    """

    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float

    def __post_init__(self) -> None:
        if not -90.0 <= self.south_deg <= self.north_deg <= 90.0:
            raise ValueError(f"latitudes {self.south_deg}..{self.north_deg} are not a box on this Earth")
        if not (-180.0 <= self.west_deg <= 180.0 and -180.0 <= self.east_deg <= 180.0):
            raise ValueError(f"longitudes {self.west_deg}..{self.east_deg} are outside -180..180")

    def longitude_spans(self) -> tuple[tuple[float, float], ...]:
        """Return one span of longitude, or two where the box crosses the antimeridian; each west ≤ east."""
        if self.west_deg <= self.east_deg:
            return ((self.west_deg, self.east_deg),)
        return ((self.west_deg, 180.0), (-180.0, self.east_deg))

    def boxes(self) -> tuple[tuple[float, float, float, float], ...]:
        """Return (west, south, east, north) rectangles that do not cross the antimeridian."""
        return tuple((west, self.south_deg, east, self.north_deg) for west, east in self.longitude_spans())

    def overlaps(self, other: "GeoBounds") -> bool:
        """Whether the two closed boxes share a point."""
        if self.south_deg > other.north_deg or other.south_deg > self.north_deg:
            return False
        return any(
            west <= other_east and other_west <= east
            for west, east in self.longitude_spans()
            for other_west, other_east in other.longitude_spans()
        )


# Rounded outwards to whole degrees: coast waters and border zones lie inside. Metropolitan parts only, for which
# reason a zone outside its box is merely noted, and called swapped only when swapping brings it inside.
COUNTRY_BOUNDS: dict[str, GeoBounds] = {
    "ALB": GeoBounds(39, 18, 43, 22),
    "AND": GeoBounds(42, 1, 43, 2),
    "AUT": GeoBounds(46, 9, 50, 18),
    "BEL": GeoBounds(49, 2, 52, 7),
    "BGR": GeoBounds(41, 22, 45, 29),
    "BIH": GeoBounds(42, 15, 46, 20),
    "CHE": GeoBounds(45, 5, 48, 11),
    "CYP": GeoBounds(34, 31, 36, 35),
    "CZE": GeoBounds(48, 11, 52, 19),
    "DEU": GeoBounds(47, 5, 56, 16),
    "DNK": GeoBounds(54, 7, 58, 16),
    "ESP": GeoBounds(27, -19, 45, 5),
    "EST": GeoBounds(57, 21, 60, 29),
    "FIN": GeoBounds(59, 18, 71, 32),
    "FRA": GeoBounds(41, -6, 52, 10),
    "GBR": GeoBounds(49, -9, 62, 3),
    "GRC": GeoBounds(34, 19, 42, 30),
    "HRV": GeoBounds(42, 13, 47, 20),
    "HUN": GeoBounds(45, 16, 49, 23),
    "IRL": GeoBounds(51, -11, 56, -5),
    "ISL": GeoBounds(63, -25, 67, -13),
    "ITA": GeoBounds(35, 6, 48, 19),
    "LIE": GeoBounds(47, 9, 48, 10),
    "LTU": GeoBounds(53, 20, 57, 27),
    "LUX": GeoBounds(49, 5, 51, 7),
    "LVA": GeoBounds(55, 20, 59, 29),
    "MCO": GeoBounds(43, 7, 44, 8),
    "MLT": GeoBounds(35, 14, 37, 15),
    "NLD": GeoBounds(50, 3, 54, 8),
    "NOR": GeoBounds(57, 4, 72, 32),
    "POL": GeoBounds(48, 14, 55, 25),
    "PRT": GeoBounds(32, -32, 43, -6),
    "ROU": GeoBounds(43, 20, 49, 30),
    "SRB": GeoBounds(42, 18, 47, 24),
    "SVK": GeoBounds(47, 16, 50, 23),
    "SVN": GeoBounds(45, 13, 47, 17),
    "SWE": GeoBounds(55, 10, 70, 25),
    "UKR": GeoBounds(44, 22, 53, 41),
}
