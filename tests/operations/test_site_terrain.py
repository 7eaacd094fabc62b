"""A site's map of the ground: planning and `stork verify` use one and the same, and a map with gaps is refused."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

POSTS = 1201
VOID = -32768


def tile(elevation_m: int = 190, void_at: tuple[int, int] | None = None) -> bytes:
    """Return the bytes of a plain; `void_at` is a post as row from the south and column from the west."""
    posts = np.full((POSTS, POSTS), elevation_m, dtype=">i2")
    if void_at is not None:
        posts[POSTS - 1 - void_at[0], void_at[1]] = VOID
    return posts.tobytes()


def packed(name: str, data: bytes) -> bytes:
    """Return a ZIP archive of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def mapped(day_folder: Any) -> Any:
    """A day whose site names a folder of tiles instead of stating a relief; the folder is still empty."""
    del day_folder.site["relief"]
    day_folder.site["terrain"] = {"tiles": ["tiles"], "vertical_error_m": 4.0}
    (day_folder.path / "tiles").mkdir(parents=True)
    return day_folder


@pytest.mark.parametrize("name", ["N48E015.hgt", "n48e015.hgt.zip"])
def test_a_day_is_planned_and_verified_over_its_map(mapped: Any, stork: Any, name: str) -> None:
    """Plain tiles and packed ones; what `plan` wrote `verify` accepts over the same ground."""
    data = tile()
    (mapped.path / "tiles" / name).write_bytes(packed("N48E015.hgt", data) if name.endswith("zip") else data)
    day = mapped.write()
    ended = stork("plan", day, "--json", "--out", "out")
    assert ended.code == 0
    for sortie in ended.json["planned"]:
        assert stork("verify", sortie["mission"], "--day", day, "--json").json["ok"] is True
    (mapped.path / "tiles" / name).write_bytes(packed("N48E015.hgt", tile(240)) if name.endswith("zip") else tile(240))
    verdict = stork("verify", ended.json["planned"][0]["mission"], "--day", day, "--json")
    assert verdict.code == 1
    assert "HEIGHT_BELOW_GROUND" in {finding["code"] for finding in verdict.json["findings"]}


def spoil_nothing(folder: Any) -> None:
    """Leave the folder of tiles empty."""


def spoil_void(folder: Any) -> None:
    """A void next to the hub: 48.40° N, 15.62° E."""
    (folder.path / "tiles" / "N48E015.hgt").write_bytes(tile(void_at=(481, 745)))


def spoil_both(folder: Any) -> None:
    """A map and a relief."""
    folder.site["relief"] = {"minimum_amsl_m": 186.0, "maximum_amsl_m": 204.0}


def spoil_archive(folder: Any) -> None:
    """An archive of another tile."""
    (folder.path / "tiles" / "N48E015.hgt.zip").write_bytes(packed("N49E015.hgt", tile()))


def spoil_zip(folder: Any) -> None:
    """No archive at all."""
    (folder.path / "tiles" / "N48E015.hgt.zip").write_bytes(b"PK but no archive")


def spoil_name(folder: Any) -> None:
    """A file that is no tile."""
    folder.site["terrain"] = {"tiles": ["site.json"]}


def spoil_geoid(folder: Any) -> None:
    """A geoid that is none."""
    (folder.path / "tiles" / "N48E015.hgt").write_bytes(tile())
    folder.site["terrain"]["geoid"] = "site.json"


@pytest.mark.parametrize(
    ("spoil", "file", "place", "words"),
    [
        (spoil_nothing, "site.json", "terrain.tiles", "no tile N48E015.hgt"),
        (spoil_void, "N48E015.hgt", "48.4008, 15.6208", "1 posts have no elevation"),
        (spoil_both, "site.json", "terrain", "relief"),
        (spoil_archive, "N48E015.hgt.zip", "archive", "holds tile N49E015"),
        (spoil_zip, "N48E015.hgt.zip", "archive", "is no packed tile"),
        (spoil_name, "site.json", "file name", "is no tile's"),
        (spoil_geoid, "site.json", "archive", "is no EGM96 grid"),
    ],
)
def test_a_map_that_cannot_be_flown_by_is_an_error(
    mapped: Any, stork: Any, spoil: Any, file: str, place: str, words: str
) -> None:
    """The error names file and place and what is wrong; nothing is planned."""
    spoil(mapped)
    ended = stork("plan", mapped.write(), "--out", "out")
    assert ended.code == 2
    for expected in (file, place, words):
        assert expected in ended.err


@pytest.fixture
def nuremberg(day_folder: Any) -> Any:
    """A day north of Nuremberg, over a real SRTM tile and a real geoid."""
    folder = Path(os.environ.get("STORK_DATA_DIR", Path(__file__).parents[3] / "shared" / "data")) / "terrain"
    if not (folder / "N49E011.hgt.zip").is_file():
        pytest.skip(f"no real terrain in {folder}: set STORK_DATA_DIR")
    del day_folder.site["relief"]
    day_folder.site["terrain"] = {"tiles": [str(folder)], "geoid": str(folder / "egm96_15min_cm_int16.npz")}
    day_folder.site["hubs"][0].update(latitude_deg=49.48, longitude_deg=11.06, ground_amsl_m=305.0)
    day_folder.site["alternates"][0].update(latitude_deg=49.483, longitude_deg=11.063, ground_amsl_m=305.0)
    day_folder.site["policy"]["cruise_height_home_m"] = 60.0
    for order, (latitude, longitude) in zip(
        day_folder.orders["orders"], ((49.49, 11.065), (49.475, 11.08)), strict=True
    ):
        order["drop"].update(latitude_deg=latitude, longitude_deg=longitude)
    return day_folder


@pytest.mark.real_data
def test_a_day_over_a_real_tile_is_planned_and_verified(nuremberg: Any, stork: Any) -> None:
    """The plain north of Nuremberg, with all of SRTM's vertical error kept, under the legal height."""
    ended = stork("plan", nuremberg.write(), "--json", "--out", "out")
    assert ended.json["refused"] == []
    for sortie in ended.json["planned"]:
        verdict = stork("verify", sortie["mission"], "--day", nuremberg.write(), "--json")
        assert verdict.json["ok"] is True, verdict.json["findings"]


@pytest.mark.real_data
def test_a_real_void_is_named(nuremberg: Any, stork: Any) -> None:
    """N49E011 has voids near 49.155° N, 11.4375° E: an order there is not planned over a guess."""
    nuremberg.orders["orders"][0]["drop"].update(latitude_deg=49.16, longitude_deg=11.44)
    ended = stork("plan", nuremberg.write(), "--out", "out")
    assert ended.code == 2
    assert "N49E011.hgt.zip" in ended.err
    assert "49.1550, 11.4375" in ended.err
