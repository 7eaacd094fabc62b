"""The gateway as a process: it says why it cannot start, it is never left behind, and its death is noticed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from mission.errors import LinkError
from mission.model.telemetry import Freshness
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_process import GatewayProcess
from vehicles.link_health import LinkCondition
from vehicles.messages import CommandStatus

Ports = Callable[[int], list[int]]


def _config(port: int, **change: object) -> GatewayConfig:
    vehicle = VehicleConfig("drone-1", 1, f"udpin://127.0.0.1:{port}")
    return msgspec.structs.replace(GatewayConfig("test", (vehicle,), connect_timeout_s=0.5), **change)


def _gone(pid: int, within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


async def test_a_taken_port_is_named(free_ports: Ports) -> None:
    """Two listeners on one port would share telemetry silently: the second one refuses to start."""
    (port,) = free_ports(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", port))
        with pytest.raises(LinkError, match=f"UDP port {port} .* is taken"):
            async with GatewayProcess(_config(port)):
                pytest.fail("it started")


async def test_a_gateway_without_vehicles_to_hear_is_ready_and_says_so(free_ports: Ports) -> None:
    """It does not wait for ever for a vehicle that never answers, and it ends when told."""
    (port,) = free_ports(1)
    async with GatewayProcess(_config(port)) as gateway:
        assert gateway.conditions == {"drone-1": LinkCondition.SILENT}
        pid = gateway.pid
    assert _gone(pid, 1.0)


async def test_a_killed_gateway_is_lost(free_ports: Ports) -> None:
    """Kill -9: states grow old and are LOST in time, and a command says that nobody answered (F-S14)."""
    (port,) = free_ports(1)
    with _Autopilot(port):
        async with GatewayProcess(_config(port, connect_timeout_s=10.0)) as gateway:
            assert gateway.conditions == {"drone-1": LinkCondition.UP}
            client = FleetClient(gateway.pub_endpoint, gateway.router_endpoint, stale_after_s=0.5, lost_after_s=1.0)
            async with client as fleet:
                await _until(lambda: fleet.freshness("drone-1") is Freshness.FRESH)
                os.kill(gateway.pid, signal.SIGKILL)
                killed_s = time.monotonic()
                await _until(lambda: fleet.freshness("drone-1") is Freshness.LOST)
                assert 0.8 < time.monotonic() - killed_s < 2.0
                assert fleet.state("drone-1").has_position
                fleet.answer_grace_s = 0.2
                assert (await fleet.hold("drone-1", 0.2)).status is CommandStatus.NO_ANSWER


async def test_two_vehicles_of_one_system_id_are_quarantined(free_ports: Ports) -> None:
    """Both answer from their own address: no command reaches either (F-L9)."""
    (port,) = free_ports(1)
    with _Autopilot(port):
        async with (
            GatewayProcess(_config(port, connect_timeout_s=10.0)) as gateway,
            FleetClient(gateway.pub_endpoint, gateway.router_endpoint) as fleet,
        ):
            with _Autopilot(port):
                async with asyncio.timeout(40.0):
                    async for event in fleet.events():
                        if getattr(event, "condition", None) is LinkCondition.CONFLICT:
                            break
                assert await fleet.take_command(["drone-1"]) == {}
                held = await fleet.hold("drone-1", 2.0)
            assert held.status is CommandStatus.NO_LINK


def test_a_gateway_ends_with_its_parent(free_ports: Ports, tmp_path: Path) -> None:
    """The parent is killed outright; its gateway does not outlive it."""
    (port,) = free_ports(1)
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, os\n"
        "from vehicles.gateway_config import GatewayConfig, VehicleConfig\n"
        "from vehicles.gateway_process import GatewayProcess\n"
        "async def main():\n"
        f"    vehicle = VehicleConfig('drone-1', 1, 'udpin://127.0.0.1:{port}')\n"
        "    async with GatewayProcess(GatewayConfig('test', (vehicle,), connect_timeout_s=0.2)) as gateway:\n"
        "        print(gateway.pid, flush=True)\n"
        "        os._exit(1)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert _gone(int(parent.stdout), 5.0), parent.stderr


def test_a_stalled_event_loop_ends_the_process(free_ports: Ports, tmp_path: Path) -> None:
    """No heartbeats from a program that hangs: the vehicles' own failsafes must see us gone (F-L12, F-S15)."""
    (port,) = free_ports(1)
    script = tmp_path / "stalled.py"
    script.write_text(
        "import asyncio, time\n"
        "from vehicles.gateway import Gateway\n"
        "from vehicles.gateway_config import GatewayConfig, VehicleConfig\n"
        "async def main():\n"
        f"    vehicle = VehicleConfig('drone-1', 1, 'udpin://127.0.0.1:{port}')\n"
        "    config = GatewayConfig('test', (vehicle,), connect_timeout_s=0.1, stall_limit_s=0.3)\n"
        "    asyncio.get_running_loop().call_later(0.8, time.sleep, 20)\n"
        "    await Gateway(config).run()\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).resolve().parents[2]
    start_s = time.monotonic()
    ended = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode != 0
    assert "Timeout" in ended.stderr
    assert time.monotonic() - start_s < 15.0


async def _until(holds: Callable[[], bool], timeout_s: float = 40.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110  freshness changes by the passing of time, which is no event
            await asyncio.sleep(0.02)


class _Autopilot:
    """The least that MAVSDK takes for a vehicle: HEARTBEAT and GLOBAL_POSITION_INT of system 1, ten times a second."""

    def __init__(self, partner_port: int) -> None:
        self._partner = ("127.0.0.1", partner_port)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "_Autopilot":
        script = (
            "import socket, sys, time\n"
            "from pymavlink.dialects.v20 import common as m\n"
            "link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "link.bind(('127.0.0.1', 0))\n"
            "mav = m.MAVLink(None, 1, 1)\n"
            "start = time.monotonic()\n"
            "while True:\n"
            "    now_ms = int((time.monotonic() - start) * 1000) + 1\n"
            "    beat = m.MAVLink_heartbeat_message(2, 12, 29, 0x03040000, 3, 3)\n"
            "    place = m.MAVLink_global_position_int_message(\n"
            "        now_ms, 484100000, 156000000, 200000, 0, 0, 0, 0, 0)\n"
            "    for message in (beat, place):\n"
            f"        link.sendto(message.pack(mav), {self._partner!r})\n"
            "    time.sleep(0.1)\n"
        )
        self._process = subprocess.Popen([sys.executable, "-c", script])
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
