"""The fleet as a process on UDP: it starts, speaks, and is never left behind."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from pymavlink.dialects.v20 import common as dialect

from mission.errors import InputError, LinkError
from sim.fault_kinds import Silent
from sim.fleet_config import FleetConfig, Home, Physical, VehicleConfig
from sim.fleet_process import FleetProcess
from sim.udp_fleet import UdpFleet
from sim.wire import FrameReader

HOME = Home(48.41, 15.60, 200.0)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def partner() -> Iterator[socket.socket]:
    """A ground station's UDP socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(5.0)
        yield opened


def config_for(partner: socket.socket, count: int = 1, **fields: object) -> FleetConfig:
    """A fleet whose vehicles all speak to one socket."""
    port = partner.getsockname()[1]
    vehicles = tuple(
        VehicleConfig(f"d{n}", n, port, HOME, physical=Physical(loads_kg=((0.5,),))) for n in range(1, count + 1)
    )
    return msgspec.structs.replace(FleetConfig(vehicles, speed_factor=20.0), **fields)


def listen(partner: socket.socket, seconds: float) -> list[tuple[int, str]]:
    """Receive for some time; return system ids and message names."""
    reader = FrameReader()
    heard: list[tuple[int, str]] = []
    partner.settimeout(0.05)
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        try:
            datagram = partner.recv(2048)
        except TimeoutError:
            continue
        heard += [(m.get_srcSystem(), m.get_type()) for m in reader.messages(datagram)]
    return heard


async def test_every_vehicle_streams_once_the_fleet_is_ready(partner: socket.socket) -> None:
    """Three vehicles in one process, each with its own port and system id."""
    async with FleetProcess(config_for(partner, 3)) as fleet:
        assert len(set(fleet.local_ports.values())) == 3
        heard = listen(partner, 0.5)
    assert {system for system, name in heard if name == "HEARTBEAT"} == {1, 2, 3}


async def test_streams_are_capped_in_real_time(partner: socket.socket) -> None:
    """At 20 times real time no stream sends more than `max_stream_hz` a second of the wall clock."""
    async with FleetProcess(config_for(partner, max_stream_hz=10.0)):
        listen(partner, 0.2)
        heard = listen(partner, 1.0)
    assert 5 <= heard.count((1, "ATTITUDE")) <= 12
    assert 5 <= heard.count((1, "GLOBAL_POSITION_INT")) <= 12


async def test_commands_are_answered_over_udp_to_the_partner_only(partner: socket.socket) -> None:
    """A stranger's command changes nothing and is not answered; the partner's is."""
    command = dialect.MAVLink_command_long_message(1, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0)
    frame = command.pack(dialect.MAVLink(None, 245, 190))
    async with FleetProcess(config_for(partner)) as fleet:
        address = ("127.0.0.1", fleet.local_ports["d1"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(frame, address)
            heard = listen(partner, 0.3)
        assert (1, "AUTOPILOT_VERSION") not in heard
        partner.sendto(frame, address)
        heard = listen(partner, 0.3)
    assert (1, "AUTOPILOT_VERSION") in heard


async def test_silent_vehicle_does_not_hold_up_the_others(partner: socket.socket) -> None:
    """The fleet is ready although one vehicle never answers."""
    async with FleetProcess(config_for(partner, 2, faults=(Silent("d2"),))):
        heard = listen(partner, 0.3)
    assert {system for system, _ in heard} == {1}


async def test_leaving_ends_the_process(partner: socket.socket) -> None:
    """After the context nothing is left, not even after an error inside."""
    pids: list[int] = []

    async def fail_inside() -> None:
        async with FleetProcess(config_for(partner)) as fleet:
            pids.append(fleet.pid)
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        await fail_inside()
    assert not psutil.pid_exists(pids[0])


async def test_taken_port_is_reported(partner: socket.socket) -> None:
    """A vehicle whose local port is taken: the fleet does not start, and says why."""
    port = partner.getsockname()[1]
    vehicle = VehicleConfig("d1", 1, port, HOME, local_port=port)
    with pytest.raises(LinkError, match=r"cannot start.*in use"):
        async with FleetProcess(FleetConfig((vehicle,))):
            pass


async def test_bad_configuration_is_reported_by_the_process(tmp_path: Path) -> None:
    """Exit code 2 and one JSON line."""
    document = tmp_path / "fleet.json"
    document.write_text("{}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sim.fleet", str(document), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 10.0)
    assert process.returncode == 2
    assert msgspec.json.decode(out)["ready"] is False


@pytest.mark.parametrize("ending", ["terminate", "stdin closes"])
async def test_process_ends_cleanly_when_told_or_left(partner: socket.socket, tmp_path: Path, ending: str) -> None:
    """SIGTERM ends it with exit code 0; so does the end of whoever held its standard input."""
    document = tmp_path / "fleet.json"
    document.write_bytes(msgspec.json.encode(config_for(partner)))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sim.fleet", str(document), cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    assert process.stdin is not None
    line = await asyncio.wait_for(process.stdout.readline(), 10.0)
    assert msgspec.json.decode(line)["ready"] is True
    if ending == "terminate":
        os.kill(process.pid, signal.SIGTERM)
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 5.0) == 0
    await process.stdout.read()


async def test_truth_log_tells_what_was_flown(partner: socket.socket, tmp_path: Path) -> None:
    """At least two lines a simulated second and vehicle, in order, with the true state."""
    log = tmp_path / "truth.jsonl"
    async with UdpFleet(config_for(partner, 2, truth_log=str(log))) as fleet:
        await fleet.wait_streaming()
        await asyncio.sleep(0.3)
    lines = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    times = [line["t_sim"] for line in lines if line["vehicle"] == "d1"]
    assert times == sorted(times)
    assert len(times) >= 2 * (times[-1] - times[0]) > 2.0
    assert lines[0]["lat"] == pytest.approx(48.41, abs=2e-5)
    assert lines[0]["payload_kg"] == 0.5
    assert lines[0]["armed"] is False


async def test_a_fault_can_be_planted_while_the_fleet_runs(partner: socket.socket) -> None:
    """By one JSON line: the vehicle falls silent; one for no vehicle of the fleet is refused with the reason."""
    async with FleetProcess(config_for(partner, 2)) as fleet:
        await fleet.plant(Silent("d1"))
        with pytest.raises(InputError, match="no vehicle 'd9'"):
            await fleet.plant(Silent("d9"))
        listen(partner, 0.2)
        assert {system_id for system_id, _ in listen(partner, 0.5)} == {2}
