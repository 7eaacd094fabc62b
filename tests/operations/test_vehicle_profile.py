"""`stork vehicle profile`: what differs is shown, set on demand, and read back (fault F-V27)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from operations.configs import delivery_profile
from sim.fleet_config import FleetConfig, Home, VehicleConfig
from sim.fleet_process import FleetProcess

HOME = Home(48.41, 15.60, 200.0)


@pytest.fixture
def fleet_of_one(unused_udp_port: int) -> tuple[FleetConfig, list[str]]:
    """A simulated vehicle with PX4's own defaults, and the arguments that reach it."""
    parameters = {name: value for name, value in delivery_profile().values().items() if name != "NAV_DLL_ACT"}
    vehicle = VehicleConfig("drone-1", 1, unused_udp_port, HOME, parameters=parameters)
    return FleetConfig((vehicle,)), ["--connection", f"udpin://127.0.0.1:{unused_udp_port}"]


async def test_a_difference_is_shown_then_applied_then_gone(fleet_of_one: Any, stork: Any) -> None:
    """Check says 1 and names it; apply says 0; check agrees."""
    config, where = fleet_of_one
    async with FleetProcess(config):
        checked = await asyncio.to_thread(stork, "vehicle", "profile", "check", "--json", *where)
        answer = json.loads(checked.out)["vehicles"]["vehicle"]
        assert checked.code == 1
        assert [(drift["name"], drift["wanted"], drift["found"]) for drift in answer["drift"]] == [
            ("NAV_DLL_ACT", 2, 0)
        ]
        applied = await asyncio.to_thread(stork, "vehicle", "profile", "apply", *where)
        assert (applied.code, applied.err) == (0, "")
        again = await asyncio.to_thread(stork, "vehicle", "profile", "check", *where)
        assert again.code == 0
        assert "all 25 parameters" in again.out.replace("\n", " ")


@pytest.mark.parametrize("where", [[], ["--connection", "udpin://127.0.0.1:1", "--fleet", "fleet.toml"]])
def test_it_must_be_said_which_vehicle(where: list[str], stork: Any) -> None:
    """Neither or both ways of naming vehicles: exit 2, with the remedy."""
    ended = stork("vehicle", "profile", "check", *where)
    assert ended.code == 2
    assert "exactly one of --fleet and --connection" in ended.err


def test_a_broken_profile_is_named_before_anything_is_connected(tmp_path: Path, stork: Any) -> None:
    """The line and what is wrong with it."""
    path = tmp_path / "mine.params"
    path.write_text("1\t1\tGF_ACTION\ttwo\t6\n")
    ended = stork("vehicle", "profile", "apply", "--connection", "udpin://127.0.0.1:1", "--profile", str(path))
    assert ended.code == 2
    assert "line 1" in ended.err
    assert "'two' is not a value" in ended.err
