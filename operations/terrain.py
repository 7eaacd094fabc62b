"""A site's map of the ground: SRTM tiles and a geoid from files, whole where the day's places are, or an error."""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from mission.airspace import GeoBounds
from mission.errors import InputError, InputProblem
from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.ground import Ground
from mission.geodesy.srtm import SrtmTerrain, SrtmTile, tile_name, tiles_over
from mission.model.geo import GeoPoint
from operations.documents import TerrainDocument
from operations.reading import read_bytes

NEAR_M = 2_500.0
"""Ground must be known this far around the box that holds all places: more than routes and checks look at."""
MAX_TILE_BYTES = 3601 * 3601 * 2
"""An unpacked tile of one arc second is the largest there is."""
_DEGREE_M = 110_500.0
_TILE = re.compile(r"^([NS]\d{2}[EW]\d{3}).*\.hgt(\.zip)?$", re.IGNORECASE)


def read_ground(document: TerrainDocument, site_file: Path, places: Sequence[GeoPoint]) -> Ground:
    """Read the tiles that the places of a day need, and the geoid where one is named.

    Args:
        document: the site's ``terrain``; its paths are relative to the site's file.
        site_file: named in errors.
        places: hubs, alternates and drops.

    Raises:
        InputError: a file is broken, no tile covers some of the ground around the places, or one has voids there.
    """
    folder = site_file.parent
    available = _available([folder / name for name in document.tiles])
    box = _box_around(places)
    needed = tiles_over(box.south_deg, box.west_deg, box.north_deg, box.east_deg)
    missing = [tile_name(*corner) for corner in needed if tile_name(*corner) not in available]
    if missing:
        raise InputError(
            *(
                InputProblem(
                    str(site_file),
                    "terrain.tiles",
                    f"no tile {name}.hgt or {name}.hgt.zip, and the day needs ground of "
                    f"{box.south_deg:.2f}..{box.north_deg:.2f}, {box.west_deg:.2f}..{box.east_deg:.2f}",
                    "Add the tile, or drop `terrain` and state `relief`",
                )
                for name in missing
            )
        )
    tiles = [_read_tile(available[tile_name(*corner)]) for corner in needed]
    _require_no_voids(tiles, [available[tile_name(*corner)] for corner in needed], box)
    geoid = None
    if document.geoid is not None:
        path = folder / document.geoid
        geoid = GeoidGrid.from_npz_bytes(read_bytes(path), str(path))
    return Ground(SrtmTerrain(tiles, document.vertical_error_m), geoid)


def _available(paths: Iterable[Path]) -> dict[str, Path]:
    """Return the files of tiles by name, those of folders included; the first of a name counts."""
    found: dict[str, Path] = {}
    for path in paths:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            match = _TILE.match(file.name)
            if match is not None:
                found.setdefault(match[1].upper(), file)
            elif not path.is_dir():
                raise InputError(
                    InputProblem(str(file), "file name", "is no tile's", "Name it like N48E015.hgt or N48E015.hgt.zip")
                )
    return found


def _read_tile(path: Path) -> SrtmTile:
    data = read_bytes(path)
    if path.suffix.lower() != ".zip":
        return SrtmTile.from_hgt_bytes(path.name, data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".hgt")]
            if len(entries) != 1:
                raise ValueError(f"it holds {len(entries)} .hgt files")
            if entries[0].file_size > MAX_TILE_BYTES:
                raise ValueError(f"its tile has {entries[0].file_size} bytes")
            name, unpacked = entries[0].filename, archive.read(entries[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        problem = InputProblem(str(path), "archive", f"is no packed tile: {error}", "Pack one .hgt file alone")
        raise InputError(problem) from error
    tile = SrtmTile.from_hgt_bytes(Path(name).name, unpacked)
    said, held = _TILE.match(path.name), tile_name(tile.south_deg, tile.west_deg)
    if said is None or said[1].upper() != held:
        raise InputError(InputProblem(str(path), "archive", f"holds tile {held}", "Name the archive like its tile"))
    return tile


def _require_no_voids(tiles: Sequence[SrtmTile], paths: Sequence[Path], box: GeoBounds) -> None:
    problems = []
    for tile, path in zip(tiles, paths, strict=True):
        voids = tile.voids_within(box.south_deg, box.west_deg, box.north_deg, box.east_deg)
        if voids:
            first = voids[0]
            place = f"{first.latitude_deg:.4f}, {first.longitude_deg:.4f}"
            what = f"{len(voids)} posts have no elevation where the day flies, the first of them here"
            problems.append(InputProblem(str(path), place, what, "Give a tile whose voids are filled"))
    if problems:
        raise InputError(*problems)


def _box_around(places: Sequence[GeoPoint]) -> GeoBounds:
    """Return a box with room around all places; places on both sides of the antimeridian are not mapped."""
    south = min(place.latitude_deg for place in places) - NEAR_M / _DEGREE_M
    north = max(place.latitude_deg for place in places) + NEAR_M / _DEGREE_M
    across_deg = NEAR_M / _DEGREE_M / max(0.01, math.cos(math.radians(max(abs(south), abs(north)))))
    west = min(place.longitude_deg for place in places) - across_deg
    east = max(place.longitude_deg for place in places) + across_deg
    return GeoBounds(max(south, -90.0), max(west, -180.0), min(north, 90.0), min(east, 180.0))
