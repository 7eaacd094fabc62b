"""What the fixtures of Stork's pytest plugin do. The plugin itself, `stork_pytest`, imports this when one is used."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mission.errors import InputError
from sim.link_faults import PERFECT, Faults
from sim.loop_thread import LoopThread
from sim.px4_sitl import Px4Config, Px4Home, Px4Instance, Px4Missing, find_px4
from sim.referee import Referee
from sim.testbed import PX4_USUAL_HOME, FleetOptions, LossyLink, SimulatedVehicle, bad_link, running_fleet

SITL_OPTIONS = ("speed_factor", "home", "parameters")
"""What the marker may say of a real PX4; the rest of it is for simulated vehicles."""


def marked_options(node: pytest.Item, names: tuple[str, ...]) -> dict[str, Any]:
    """What the `px4` markers of a test, its class and its module say; the nearest wins.

    Raises:
        pytest.UsageError: a marker says what is not in `names`.
    """
    found: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("px4"))):
        unknown = sorted(marker.kwargs.keys() - set(names))
        if marker.args or unknown:
            wrong = f"no option {unknown[0]!r}" if unknown else "options without a name"
            raise pytest.UsageError(f"marker px4 of {node.nodeid}: {wrong}; there are {', '.join(names)}")
        found |= marker.kwargs
    return found


def simulated_fleet(
    request: pytest.FixtureRequest, seed: int, default_count: int
) -> Iterator[tuple[SimulatedVehicle, ...]]:
    """Yield a running fleet, once; `referee` watches it where the test has one."""
    names = tuple(option.name for option in dataclasses.fields(FleetOptions))
    options = FleetOptions(**{"count": default_count} | marked_options(request.node, names))
    try:
        with running_fleet(options, seed) as vehicles:
            if "referee" in request.fixturenames:
                judge: Referee = request.getfixturevalue("referee")
                for vehicle in vehicles:
                    vehicle.watch(judge.observe)
            yield vehicles
    except InputError as error:
        raise pytest.UsageError(f"marker px4 of {request.node.nodeid}: {error}") from error


def real_vehicle(request: pytest.FixtureRequest) -> Iterator[Px4Instance]:
    """Yield a running PX4 SITL instance, once; skip where there is no build."""
    build = find_px4()
    if isinstance(build, Px4Missing):
        pytest.skip(str(build))
    options = marked_options(request.node, SITL_OPTIONS)
    home = Px4Home(*options.pop("home", PX4_USUAL_HOME))
    with LoopThread("PX4 SITL") as thread:
        instance = Px4Instance(Px4Config(home=home, **options))
        thread.run(instance.__aenter__())
        try:
            yield instance
        finally:
            thread.run(instance.__aexit__(None, None, None))


def links(seed: int) -> Iterator[Callable[..., LossyLink]]:
    """Yield what puts bad links before vehicles, once; they are gone afterwards."""
    with contextlib.ExitStack() as stack:

        def before(vehicle_port: int, *, up: Faults = PERFECT, down: Faults = PERFECT) -> LossyLink:
            return stack.enter_context(bad_link(vehicle_port, up, down, seed))

        yield before


def watching_referee() -> Iterator[Referee]:
    """Yield a referee, once; what it has found in the end fails the test."""
    judge = Referee()
    yield judge
    if judge.findings:
        found = "\n".join(f"  {finding}" for finding in judge.findings)
        pytest.fail(f"the referee saw what no vehicle may do:\n{found}", pytrace=False)
