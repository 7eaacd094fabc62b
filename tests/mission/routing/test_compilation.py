"""Machine code is never older than the sources it was made from."""

from pathlib import Path

import pytest

from mission.routing.jit import cache_folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two modules."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "loops.py").write_text("from package.tables import EAST\n")
    (folder / "tables.py").write_text("EAST = 0\n")
    return folder


def test_a_change_in_any_module_leads_to_another_cache(package: Path) -> None:
    """Numba looks at the file of the function only, not at what the function takes from others."""
    before = cache_folder(package, "")
    assert cache_folder(package, "") == before
    (package / "tables.py").write_text("EAST = 1\n")
    assert cache_folder(package, "") != before


def test_the_cache_is_beside_the_sources_or_where_the_user_wants_it(package: Path, tmp_path: Path) -> None:
    """And in both cases by their hash."""
    beside, chosen = cache_folder(package, ""), cache_folder(package, str(tmp_path / "chosen"))
    assert beside.parent == package / "__pycache__"
    assert chosen.parent == tmp_path / "chosen"
    assert beside.name == chosen.name
