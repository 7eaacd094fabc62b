"""A day's folder that a test can spoil, and the `stork` command in this process."""

import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from operations.cli import app

Json = dict[str, Any]

SITE: Json = {
    "format": "stork.site/1",
    "id": "meadow",
    "name": "Meadow",
    "hubs": [{"id": "hub", "name": "Hub", "latitude_deg": 48.40, "longitude_deg": 15.62, "ground_amsl_m": 190.0}],
    "alternates": [
        {"id": "alt", "name": "Green", "latitude_deg": 48.403, "longitude_deg": 15.623, "ground_amsl_m": 190.0}
    ],
    "relief": {"minimum_amsl_m": 186.0, "maximum_amsl_m": 204.0},
    "policy": {"operator_id": "AUTtest0001", "cruise_height_home_m": 40.0},
}
FLEET: Json = {
    "format": "stork.fleet/1",
    "types": [
        {
            "id": "quad",
            "max_payload_kg": 2.5,
            "parcel_slots": 1,
            "empty_mass_kg": 5.0,
            "cruise_speed_m_s": 15.0,
            "climb_speed_m_s": 3.0,
            "descent_speed_m_s": 2.0,
            "battery_wh": 400.0,
            "hover_power_w": 700.0,
        }
    ],
    "vehicles": [
        {
            "id": f"drone-{n}",
            "type": "quad",
            "hub": "hub",
            "system_id": n,
            "connection_url": f"udpin://127.0.0.1:1454{n}",
        }
        for n in (1, 2)
    ],
}
ORDERS: Json = {
    "format": "stork.orders/1",
    "orders": [
        {"id": "A-1", "mass_kg": 1.0, "drop": {"latitude_deg": 48.405, "longitude_deg": 15.62, "name": "North"}},
        {"id": "A-2", "mass_kg": 1.0, "drop": {"latitude_deg": 48.40, "longitude_deg": 15.63, "name": "East"}},
    ],
}
ZONES: Json = {"type": "FeatureCollection", "features": []}
DAY: Json = {
    "format": "stork.day/1",
    "name": "A day in the meadow",
    "site": "site.json",
    "fleet": "fleet.json",
    "orders": "orders.json",
    "zones": ["zones.geojson"],
    "start": "2026-06-15T09:00:00Z",
    "operating_hours": 2,
}


@dataclass
class DayFolder:
    """The five documents of one day; change them, then `write` them."""

    path: Path
    day: Json = field(default_factory=lambda: deepcopy(DAY))
    site: Json = field(default_factory=lambda: deepcopy(SITE))
    fleet: Json = field(default_factory=lambda: deepcopy(FLEET))
    orders: Json = field(default_factory=lambda: deepcopy(ORDERS))
    zones: Json = field(default_factory=lambda: deepcopy(ZONES))

    def write(self) -> Path:
        """Write all documents and return the day's."""
        self.path.mkdir(exist_ok=True)
        for name in ("day.json", "site.json", "fleet.json", "orders.json", "zones.geojson"):
            (self.path / name).write_text(json.dumps(getattr(self, name.partition(".")[0])), encoding="utf-8")
        return self.path / "day.json"

    def order(self, order_id: str, north_deg: float, east_deg: float, **more: Any) -> None:
        """Add an order to a drop so many degrees from the hub."""
        drop = {"latitude_deg": 48.40 + north_deg, "longitude_deg": 15.62 + east_deg}
        self.orders["orders"].append({"id": order_id, "mass_kg": 1.0, "drop": drop, **more})

    def zone(self, zone_id: str, ring: list[tuple[float, float]], **properties: Any) -> None:
        """Add a prohibited zone, ground to 120 m, with this ring of (degrees north, degrees east) of the hub."""
        corners = [[15.62 + east, 48.40 + north] for north, east in [*ring, ring[0]]]
        heights = {"floor_m": 0, "floor_datum": "AGL", "ceiling_m": 120, "ceiling_datum": "AGL"}
        told = {"id": zone_id, "name": f"Zone {zone_id}", "restriction": "PROHIBITED", **heights, **properties}
        geometry = {"type": "Polygon", "coordinates": [corners]}
        self.zones["features"].append({"type": "Feature", "properties": told, "geometry": geometry})


@dataclass(frozen=True)
class Ended:
    """How a command ended: its code, what it printed, and the JSON object on its last line, if it is one."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """The last line; NaN and infinity are not JSON."""
        found = json.loads(self.out.splitlines()[-1], parse_constant=_no_constant)
        assert isinstance(found, dict)
        return found


def _no_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


Stork = Callable[..., Ended]


@pytest.fixture
def day_folder(tmp_path: Path) -> DayFolder:
    """A day with one hub, two vehicles, two orders and no zone: everything in it can be served."""
    return DayFolder(tmp_path / "day")


@pytest.fixture
def stork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stork:
    """Run a `stork` command with arguments as they are typed, in an empty working folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def run(*arguments: object) -> Ended:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


def square(north_deg: float, east_deg: float, half_deg: float = 0.001) -> list[tuple[float, float]]:
    """Return the ring of a square, degrees north and east of the hub."""
    n, e, h = north_deg, east_deg, half_deg
    return [(n - h, e - h), (n - h, e + h), (n + h, e + h), (n + h, e - h)]


@pytest.fixture
def zone_square() -> Callable[..., list[tuple[float, float]]]:
    """Return `square` to tests."""
    return square


@pytest.fixture
def metres_apart() -> Callable[[float, float], bool]:
    """Whether two figures are equal to a centimetre."""
    return lambda a, b: math.isclose(a, b, abs_tol=0.01)
