"""Scenario files are strict: every mistake is told with place and remedy, before anything flies (fault F-S12)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mission.errors import InputError
from operations.commands.sim_run import scenario_names
from operations.configs import configs_folder
from operations.scenarios.documents import read_scenario

Content = dict[str, Any]


def spoilt(**changes: Any) -> Callable[[Content], None]:
    """A scenario with other keys."""
    return lambda content: content.update(changes)


def spoilt_link(**changes: Any) -> Callable[[Content], None]:
    """A scenario with another link fault."""

    def spoil(content: Content) -> None:
        content["link_faults"] = [{"vehicle_id": "drone-1", "cut": True} | changes]

    return spoil


def expecting(**changes: Any) -> Callable[[Content], None]:
    """A scenario that expects something else."""
    return lambda content: content["expected"].update(changes)


MISTAKES: tuple[tuple[Callable[[Content], None], str, str, str], ...] = (
    (spoilt(sed=3), "sed", "unknown key", "Did you mean 'seed'?"),
    (spoilt(format="stork.scenario/2"), "format", "stork.scenario/1", ""),
    (spoilt(seed=-1), "seed", "-1", ""),
    (spoilt(plays=["V-1"]), "plays[0]", "V-1", ""),
    (spoilt(orders=["M-9"]), "orders", "'M-9' is not known", "Known: M-1, M-2"),
    (spoilt(vehicles=["drone-9"]), "vehicles", "'drone-9' is not known", "Known: drone-1, drone-2"),
    (spoilt(vehicle_faults=[{"kind": "gremlin"}]), "vehicle_faults[0].kind", "gremlin", "Kinds of fault"),
    (
        spoilt(vehicle_faults=[{"kind": "foreign_mode", "vehicle_id": "drone-1", "mode": "FLIP"}]),
        "vehicle_faults[0].mode",
        "'FLIP' is none",
        "LOITER, RTL, LAND",
    ),
    (spoilt(weather={"wind": 3.0}), "weather.wind", "unknown key", "Did you mean 'wind_m_s'?"),
    (spoilt_link(vehicle_id="drone-2"), "link_faults.vehicle_id", "'drone-2' is not known", "Known: drone-1"),
    (spoilt_link(from_s=9.0, until_s=9.0), "link_faults[0].until_s", "is not after from_s", "Swap them"),
    (spoilt_link(loss=30.0), "link_faults[0].loss", "30.0", ""),
    (spoilt_link(ways=[]), "link_faults[0].ways", "", ""),
    (spoilt(requests=[{"at_s": 1.0, "order": "M-2", "asks": "cancel"}]), "requests.order", "'M-2'", "Known: M-1"),
    (spoilt(requests=[{"at_s": 1.0, "order": "M-1", "asks": "hurry"}]), "requests[0].asks", "hurry", ""),
    (spoilt(zone_changes=[{"at_s": 1.0, "zones": "none.geojson"}]), "file", "it does not exist", ""),
    (expecting(orders={}), "expected.orders", "M-1 is missing", "Say how each ends"),
    (expecting(orders={"M-1": "DELIVERD"}), "expected.orders.M-1", "DELIVERD", ""),
    (expecting(broken=["I-99"]), "expected.broken", "'I-99' is not known", "I-10"),
    (expecting(broken=["I-5"]), "gap", "no gap is named", "Say what should happen instead"),
)


@pytest.mark.parametrize(("spoil", "place", "what", "mend"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(
    document: Callable[[str], Content],
    written: Callable[[Content], Path],
    spoil: Callable[[Content], None],
    place: str,
    what: str,
    mend: str,
) -> None:
    """One mistake, one problem that names it."""
    content = document("called-off")
    spoil(content)
    with pytest.raises(InputError) as caught:
        read_scenario(written(content))
    found = [p for p in caught.value.problems if p.place == place and what in p.what and mend in p.mend]
    assert found, caught.value.problems


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_comes_with_stork_is_read(name: str) -> None:
    """Each has a name, a story, and an ending for each of its orders."""
    scenario = read_scenario(configs_folder() / "scenarios" / f"{name}.toml")
    orders = {order.order_id for order in scenario.files.day.orders}
    assert orders == set(scenario.document.expected.orders)
    assert scenario.document.name
    assert scenario.document.story.endswith(".")
    assert scenario.document.gap.endswith(("", "."))
