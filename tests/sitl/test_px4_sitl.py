"""Rules of running the real PX4: what the stand-in of the unit tests cannot show."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import common as mavlink

from mission.errors import InputError
from sim.px4_sitl import (
    Px4Config,
    Px4Fleet,
    Px4Home,
    Px4Instance,
    Px4InstanceTakenError,
    Px4Missing,
    describe,
    find_px4,
)
from sim.px4_sitl_ready import frames

FOUND = find_px4()
# Above the numbers people use by hand; they share one onboard port, so this file's tests run one after another.
FIRST_INSTANCE = 9

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(isinstance(FOUND, Px4Missing), reason=str(FOUND)),
]


@pytest.fixture
def config(tmp_path: Path) -> Px4Config:
    """A fast quadcopter in Krems that writes no flight log."""
    return Px4Config(
        home=Px4Home(48.41, 15.60, 200.0),
        speed_factor=10,
        parameters={"SDLOG_MODE": -1},
        first_instance=FIRST_INSTANCE,
        work_root=tmp_path,
    )


async def messages(port: int, source_port: int, wanted: set[int]) -> AsyncIterator[mavlink.MAVLink_message]:
    """MAVLink messages of one instance on its onboard port, as a client would hear them after the start."""
    link = mavlink.MAVLink(None)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.bind(("127.0.0.1", port))
        while True:
            datagram, (_, sender) = await loop.sock_recvfrom(client, 2048)
            for frame in frames(datagram) if sender == source_port else ():
                if int.from_bytes(frame[7:10], "little") in wanted:
                    yield link.decode(bytearray(frame))


async def heard(px4: Px4Instance, message_id: int) -> mavlink.MAVLink_message:
    """The next message of this kind from the vehicle."""
    stream = messages(px4.onboard_port, px4.onboard_source_port, {message_id})
    async with asyncio.timeout(20):
        try:
            return await anext(stream)
        finally:
            await stream.aclose()  # type: ignore[attr-defined]  # an async generator, as written above


def program_of(pid: int) -> Path:
    """The program file that a process runs."""
    return Path(f"/proc/{pid}/exe").readlink()


def test_the_build_can_be_described() -> None:
    """`stork doctor` finds nothing in the way of running it."""
    told = describe()
    assert told.build_dir == FOUND
    assert told.problems == ()


async def test_a_client_finds_the_vehicle_at_home_and_able_to_arm(config: Px4Config) -> None:
    """After the wait the port is free, PX4 still sends to it, and home is where it was asked for."""
    config = replace(config, home=Px4Home(-33.4321, -70.6543, 520.0))
    async with Px4Instance(config) as px4:
        status = await heard(px4, mavlink.MAVLINK_MSG_ID_SYS_STATUS)
        place = await heard(px4, mavlink.MAVLINK_MSG_ID_GLOBAL_POSITION_INT)
    assert status.get_srcSystem() == px4.system_id == px4.number + 1
    assert status.onboard_control_sensors_health & mavlink.MAV_SYS_STATUS_PREARM_CHECK
    assert place.lat / 1e7 == pytest.approx(-33.4321, abs=3e-5)
    assert place.lon / 1e7 == pytest.approx(-70.6543, abs=3e-5)
    assert place.alt / 1e3 == pytest.approx(520.0, abs=5.0)


async def test_parameters_are_held_whatever_the_start_script_does(config: Px4Config) -> None:
    """One of each kind: whole, decimal, negative, one that forbids arming without a ground station, one overwritten."""
    parameters = {
        "SDLOG_MODE": -1,
        "RTL_TYPE": 1,
        "MIS_TAKEOFF_ALT": 17.5,
        "COM_WIND_MAX": -1.5,
        "NAV_DLL_ACT": 2,
        "COM_DL_LOSS_T": 7,
    }
    async with Px4Instance(replace(config, parameters=parameters)) as px4:
        held = {name: float(await px4.shell.parameter(name) or "nan") for name in parameters}
        assert held == parameters
        assert float(await px4.shell.parameter("COM_OBC_LOSS_T") or "nan") == 50.0  # scaled, as not given
        assert await px4.shell.parameter("MAV_SYS_ID") == str(px4.system_id)


async def test_at_real_time_px4_keeps_its_own_time_outs(config: Px4Config) -> None:
    """Without a speed factor nothing is scaled."""
    async with Px4Instance(replace(config, speed_factor=1.0)) as px4:
        assert px4.ready_after_s is not None
        assert px4.ready_after_s > 2.0
        assert float(await px4.shell.parameter("COM_OBC_LOSS_T") or "nan") == 5.0


async def test_an_unknown_parameter_fails_the_start(config: Px4Config) -> None:
    """PX4 itself only writes a line to its log."""
    with pytest.raises(InputError, match=r"parameters\[NO_SUCH\]"):
        async with Px4Instance(replace(config, parameters={"NO_SUCH": 1})):
            pass


async def test_a_stop_is_quick_clean_and_leaves_the_flight_log(config: Px4Config) -> None:
    """SIGTERM is enough; the ULog is there until the block is left."""
    async with Px4Instance(replace(config, parameters={"SDLOG_MODE": 1})) as px4:
        version = await px4.shell.version()
        ended = await px4.stop()
        [ulog] = px4.ulog_paths()
        assert ulog.stat().st_size > 100_000
    assert (ended.returncode, ended.killed) == (0, False)
    assert ended.seconds < 2.0
    assert version.split()[0] in (describe().version or version)
    assert not px4.work_dir.exists()


async def test_a_running_number_is_taken_even_for_another_program(config: Px4Config) -> None:
    """A vehicle started elsewhere is seen by its server socket; the automatic choice passes it by."""
    async with Px4Instance(config) as px4:
        assert px4._reservation is not None
        px4._reservation.release()  # as if it were not ours
        with pytest.raises(Px4InstanceTakenError, match="runs already"):
            async with Px4Instance(replace(config, instance=px4.number)):
                pass
        async with Px4Instance(replace(config, first_instance=px4.number)) as other:
            assert other.number > px4.number


async def test_the_process_is_px4_itself(config: Px4Config) -> None:
    """The launcher has become PX4, in a process group of its own: what is stopped is the vehicle."""
    async with Px4Instance(config) as px4:
        assert program_of(px4.pid) == Path(str(FOUND)) / "bin" / "px4"
        assert os.getpgid(px4.pid) == px4.pid


async def test_a_fleet_is_ready_together(config: Px4Config) -> None:
    """Two vehicles on one shared port, each heard as itself; none is left."""
    async with Px4Fleet([config, config]) as fleet:
        for px4 in fleet:
            beat = await heard(px4, mavlink.MAVLINK_MSG_ID_HEARTBEAT)
            assert beat.get_srcSystem() == px4.system_id
    for px4 in fleet:
        with pytest.raises(ProcessLookupError):
            os.kill(px4.pid, 0)


async def test_a_crash_is_noticed_at_once(config: Px4Config) -> None:
    """The vehicle falls silent, and the block that wanted it ends well."""
    async with Px4Instance(config) as px4:
        started_s = time.monotonic()
        ended = await px4.kill()
        assert time.monotonic() - started_s < 1.0
    assert ended.returncode == -signal.SIGKILL
