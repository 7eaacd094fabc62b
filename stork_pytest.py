"""pytest plugin: simulated PX4 vehicles, and real ones under SITL, as fixtures for tests of any MAVLink software.

pytest loads this module in every run of an environment in which Stork is installed. So it imports nothing of Stork
before a fixture asks for it: neither the time of a run nor the names of its modules change (`sim` may well be a
folder of yours). What the fixtures do is in `sim.pytest_plugin`.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sim.px4_sitl import Px4Instance
    from sim.referee import Referee
    from sim.testbed import LossyLink, SimulatedVehicle

SEED = pytest.StashKey[int]()
MARKER = "px4(count, speed_factor, home, parameters, …): what the vehicles of px4_vehicle, px4_fleet and px4_sitl are"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--stork-seed``."""
    group = parser.getgroup("stork", "simulated vehicles")
    group.addoption("--stork-seed", type=int, metavar="N", help="seed of simulated vehicles, as a failure prints it")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with a failure how to repeat it, where vehicles were simulated."""
    report = yield
    seed = item.stash.get(SEED, None)
    if report.failed and seed is not None:
        line = f"seed {seed}; repeat with: pytest '{item.nodeid}' --stork-seed={seed}"
        report.sections.append(("simulated vehicles", line))
    return report


@pytest.fixture
def stork_seed(request: pytest.FixtureRequest) -> int:
    """The seed of all that is random in this test's vehicles: ``--stork-seed``, or another one each time."""
    import secrets

    given: int | None = request.config.getoption("--stork-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    request.node.stash[SEED] = seed
    return seed


@pytest.fixture
def px4_fleet(request: pytest.FixtureRequest, stork_seed: int) -> "Generator[tuple[SimulatedVehicle, ...]]":
    """Three simulated PX4 vehicles on UDP, or as many as the marker's `count` says."""
    from sim.pytest_plugin import simulated_fleet

    yield from simulated_fleet(request, stork_seed, default_count=3)


@pytest.fixture
def px4_vehicle(request: pytest.FixtureRequest, stork_seed: int) -> "Generator[SimulatedVehicle]":
    """One simulated PX4 vehicle on UDP, ready to be armed."""
    from sim.pytest_plugin import simulated_fleet

    for vehicles in simulated_fleet(request, stork_seed, default_count=1):
        yield vehicles[0]


@pytest.fixture
def lossy_link(stork_seed: int) -> "Generator[Callable[..., LossyLink]]":
    """Puts a bad link before a vehicle, whose client listens at the link: ``lossy_link(px4_vehicle.port, up=…)``."""
    from sim.pytest_plugin import links

    yield from links(stork_seed)


@pytest.fixture
def px4_sitl(request: pytest.FixtureRequest) -> "Generator[Px4Instance]":
    """One real PX4 under SITL, ready to be armed; skips with the reason where there is no PX4 build."""
    from sim.pytest_plugin import real_vehicle

    yield from real_vehicle(request)


@pytest.fixture
def referee() -> "Generator[Referee]":
    """Watches what this test's simulated vehicles really do; the test fails with what it finds.

    A test that provokes a finding asserts on `findings` and clears the list.
    """
    from sim.pytest_plugin import watching_referee

    yield from watching_referee()
