"""Documents and builders for the tests of zone documents."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def golden() -> Callable[[str], bytes]:
    """Return the bytes of a small document written for these tests."""
    return lambda name: (HERE / "documents" / name).read_bytes()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real sample data, or skip where it is absent."""
    folder = Path(os.environ.get("STORK_DATA_DIR", HERE.parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real sample data is not at {folder}: set STORK_DATA_DIR")
    return folder


Ring = list[list[Any]]
SQUARE: Ring = [[15.0, 48.0], [15.1, 48.0], [15.1, 48.1], [15.0, 48.1], [15.0, 48.0]]


@pytest.fixture
def square() -> Ring:
    """Return a closed ring of longitude, latitude in Austria."""
    return [list(position) for position in SQUARE]


@pytest.fixture
def ed269_zone() -> Callable[..., dict[str, Any]]:
    """Return a builder of one ED-269 zone; keywords replace its members, `volume` those of its volume."""

    def build(volume: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        airspace = {
            "uomDimensions": "M",
            "lowerLimit": 0,
            "lowerVerticalReference": "AGL",
            "upperLimit": 120,
            "upperVerticalReference": "AGL",
            "horizontalProjection": {"type": "Polygon", "coordinates": [SQUARE]},
        }
        zone = {
            "identifier": "Z1",
            "country": "AUT",
            "name": "Zone one",
            "type": "COMMON",
            "restriction": "PROHIBITED",
            "reason": ["AIR_TRAFFIC"],
            "applicability": [{"permanent": "YES"}],
            "geometry": [airspace | (volume or {})],
        }
        return zone | members

    return build


@pytest.fixture
def ed269() -> Callable[..., bytes]:
    """Return a builder of an ED-269 document from zones."""
    return lambda *zones: json.dumps({"title": "Test", "features": list(zones)}).encode()


@pytest.fixture
def geojson() -> Callable[..., bytes]:
    """Return a builder of a one-feature GeoJSON document; keywords are the feature's properties."""

    def build(geometry: Any = None, **properties: Any) -> bytes:
        feature = {
            "type": "Feature",
            "properties": {"id": "A", "restriction": "PROHIBITED"} | properties,
            "geometry": geometry or {"type": "Polygon", "coordinates": [SQUARE]},
        }
        return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()

    return build
