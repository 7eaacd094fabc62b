"""`stork zones check`: the report names every feature; flying reads the same document strictly."""

import json
from pathlib import Path
from typing import Any

import pytest

SQUARE = [[15.60, 48.40], [15.61, 48.40], [15.61, 48.41], [15.60, 48.41], [15.60, 48.40]]
CROSSED = [[15.60, 48.40], [15.61, 48.41], [15.61, 48.40], [15.60, 48.41], [15.60, 48.40]]


@pytest.fixture
def document(tmp_path: Path) -> Any:
    """Write a GeoJSON document of prohibited zones with the geometries given, by id."""

    def write(**geometries: Any) -> Path:
        features = [
            {
                "type": "Feature",
                "properties": {
                    "id": zone_id,
                    "name": f"Zone {zone_id}",
                    "restriction": "PROHIBITED",
                    "floor_m": 0.0,
                    "floor_datum": "AGL",
                    "ceiling_m": 120.0,
                    "ceiling_datum": "AGL",
                },
                "geometry": ring and {"type": "Polygon", "coordinates": [ring]},
            }
            for zone_id, ring in geometries.items()
        ]
        path = tmp_path / "zones.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        return path

    return write


def test_a_clean_document_is_done(stork: Any, document: Any) -> None:
    """Exit 0, and nothing to report."""
    ended = stork("zones", "check", document(A=SQUARE), "--json")
    assert (ended.code, ended.json["zones"], ended.json["features"]) == (0, 1, [])


def test_a_crossed_ring_is_rejected_and_its_hull_restricted(stork: Any, document: Any) -> None:
    """Fault F-A9, invariant I-20: the feature is named with its mend, and its place stays restricted."""
    ended = stork("zones", "check", document(A=SQUARE, B=CROSSED), "--json")
    assert (ended.code, ended.json["zones"]) == (1, 2)
    [feature] = ended.json["features"]
    assert (feature["id"], feature["outcome"], feature["covered"]) == ("B", "REJECTED", True)
    assert "Redraw" in " ".join(feature["mends"])


def test_a_restriction_without_a_place_is_reported_and_never_flown_by(
    stork: Any, document: Any, day_folder: Any
) -> None:
    """Fault F-A8: the check shows all of the document; a plan refuses the whole of it and writes nothing."""
    path = document(A=SQUARE, LOST=None)
    checked = stork("zones", "check", path, "--json")
    assert checked.code == 1
    [feature] = checked.json["features"]
    assert (feature["id"], feature["covered"]) == ("LOST", False)
    planned = stork("plan", day_folder.write(), "--zones", path, "--out", "out")
    assert planned.code == 2
    assert "LOST" in planned.err
    assert not Path("out").exists()
