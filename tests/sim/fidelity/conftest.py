"""The recordings of a real PX4, compared once for all tests of a process."""

import os
from pathlib import Path

import pytest

from sim.fidelity.compare import Difference
from sim.fidelity.table import all_differences

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def document() -> Path:
    """The page that lists the differences."""
    return CHECKOUT / "docs" / "fidelity.md"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of the recordings."""
    data = Path(os.environ.get("STORK_DATA_DIR", CHECKOUT.parent / "shared" / "data"))
    return data / "px4-traces"


@pytest.fixture(scope="session")
def differences(recordings: Path) -> list[Difference]:
    """Every difference between the recorded PX4 and the simulated vehicle."""
    return all_differences(recordings)
