"""Rules of running PX4 SITL vehicles from start to end, alone and as a fleet."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mission.errors import CommandRejectedError, InputError, LinkTimeoutError
from sim import px4_sitl_numbers as numbers
from sim.px4_sitl import (
    KeepFiles,
    Px4Config,
    Px4DiedError,
    Px4Error,
    Px4Fleet,
    Px4Home,
    Px4Instance,
    Px4InstanceTakenError,
    Px4NotReadyError,
    Px4PortTakenError,
)

CHECKOUT = Path(numbers.__file__).resolve().parents[1]

State = Callable[[int], dict[str, Any]]
Order = Callable[..., None]
Running = Callable[[int], bool]
FilesLeft = Callable[[], list[Path]]
HoldPort = Callable[[int], None]


class TestInstance:
    """One vehicle from start to end."""

    async def test_a_ready_vehicle_is_stopped_and_leaves_nothing(
        self, config: Px4Config, is_running: Running, files_left: FilesLeft
    ) -> None:
        """Inside the block it runs, afterwards neither process nor files nor the claim on its number stay."""
        async with Px4Instance(config) as px4:
            assert (px4.number, px4.system_id) == (0, 1)
            assert px4.ready_after_s is not None
            assert is_running(px4.pid)
            assert len(files_left()) == 1
        assert px4.exit is not None
        assert (px4.exit.returncode, px4.exit.killed) == (0, False)
        assert not is_running(px4.pid)
        assert files_left() == []
        numbers.reserve(0).release()

    async def test_the_onboard_port_is_free_for_the_client(self, config: Px4Config, held_port: HoldPort) -> None:
        """The wait has let go of the port when the block begins."""
        async with Px4Instance(config) as px4:
            assert px4.connection_url == f"udpin://127.0.0.1:{px4.onboard_port}"
            held_port(px4.onboard_port)

    async def test_px4_is_started_as_its_start_script_wants(
        self, config: Px4Config, state: State, build_dir: Path
    ) -> None:
        """Instance, daemon mode, a fresh work directory, the trailing etc path, home, airframe and speed."""
        fast = replace(config, speed_factor=10, instance=7, parameters={"RTL_TYPE": 1, "MPC_XY_CRUISE": 7.5})
        async with Px4Instance(fast) as px4:
            started, work_dir = state(7), px4.work_dir
        assert started["argv"] == [f"{build_dir}/bin/px4", "-i", "7", "-d", "-w", str(work_dir), f"{build_dir}/etc"]
        told = {name: value for name, value in started["environ"].items() if name.startswith("PX4_")}
        assert told == {
            "PX4_SYS_AUTOSTART": "10040",
            "PX4_SIMULATOR": "sihsim",
            "PX4_SIM_MODEL": "sihsim_quadx",
            "PX4_HOME_LAT": "48.410000000",
            "PX4_HOME_LON": "15.600000000",
            "PX4_HOME_ALT": "200.000",
            "PX4_SIM_SPEED_FACTOR": "10",
            "PX4_PARAM_RTL_TYPE": "1",
            "PX4_PARAM_MPC_XY_CRUISE": "7.5",
        }

    async def test_every_run_has_a_fresh_work_directory(self, config: Px4Config, files_left: FilesLeft) -> None:
        """PX4 saves parameters, even the speed factor's: nothing of a run may reach the next."""
        kept = replace(config, keep=KeepFiles.ALWAYS)
        for _ in range(2):
            async with Px4Instance(kept):
                pass
        assert len(files_left()) == 2

    async def test_flight_logs_are_listed(self, config: Px4Config) -> None:
        """After a stop, while the block is not left, the ULogs are complete and there."""
        async with Px4Instance(config) as px4:
            ended = await px4.stop()
            assert ended is await px4.stop()
            assert [path.name for path in px4.ulog_paths()] == ["00_00_01.ulg"]

    async def test_a_vehicle_that_needs_a_ground_station_becomes_ready(self, config: Px4Config, order: Order) -> None:
        """While it waits, the listener sends ground station heartbeats."""
        order("needs_gcs")
        async with Px4Instance(config) as px4:
            assert px4.ready_after_s is not None

    async def test_dying_at_the_start_shows_the_end_of_the_log(
        self, config: Px4Config, order: Order, files_left: FilesLeft
    ) -> None:
        """The error quotes PX4's last words and its code at once, and the log is kept."""
        order("dies")
        with pytest.raises(Px4DiedError, match="code 3") as caught:
            async with Px4Instance(config):
                pass
        assert "simulator_sih failed to start" in str(caught.value)
        [kept] = files_left()
        assert str(kept) in "".join(caught.value.__notes__)
        assert "simulator_sih failed" in (kept / "px4.log").read_text()

    @pytest.mark.parametrize(
        ("does", "heard"),
        [
            ("silent", "nothing was heard"),
            ("unready", "does not say it can arm"),
            ("stranger", "speaks as system 2 instead of 1"),
        ],
    )
    async def test_not_ready_in_time_says_what_was_heard(
        self, config: Px4Config, order: Order, state: State, does: str, heard: str, is_running: Running
    ) -> None:
        """Ready is only who speaks with its own system id and says it can arm; the process is ended."""
        order(does)
        with pytest.raises(Px4NotReadyError, match=heard) as caught:
            async with Px4Instance(replace(config, ready_timeout_s=0.7)):
                pass
        assert isinstance(caught.value, LinkTimeoutError)
        assert not is_running(state(0)["pid"])

    async def test_a_refusal_of_px4_itself_is_a_taken_number(self, config: Px4Config, order: Order) -> None:
        """A PX4 that took the number in the last moment is told as such."""
        order("refuses")
        with pytest.raises(Px4InstanceTakenError, match="runs already"):
            async with Px4Instance(config):
                pass

    async def test_a_held_shared_port_is_told_before_the_start(
        self, config: Px4Config, held_port: HoldPort, files_left: FilesLeft
    ) -> None:
        """From number 9 up the onboard port may belong to a client of an earlier vehicle."""
        held_port(numbers.onboard_port(12))
        with pytest.raises(Px4PortTakenError, match="one Px4Fleet"):
            async with Px4Instance(replace(config, instance=12)):
                pass
        assert files_left() == []

    async def test_a_shared_port_is_waited_for_among_stork_processes(self, config: Px4Config) -> None:
        """Whoever waits for readiness on it has its turn; only past the deadline is it an error."""
        turn = numbers.try_lock(f"port-{numbers.onboard_port(12)}")
        assert turn is not None
        with pytest.raises(Px4PortTakenError, match="another Stork process"):
            async with Px4Instance(replace(config, instance=12, ready_timeout_s=0.1)):
                pass
        asyncio.get_running_loop().call_later(0.2, turn.release)
        async with Px4Instance(replace(config, instance=12)) as px4:
            assert px4.number == 12

    async def test_without_a_build_the_error_says_how_to_get_one(
        self, config: Px4Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The input error names the variable and PX4's own ways."""
        monkeypatch.delenv("STORK_PX4_DIR", raising=False)
        with pytest.raises(InputError, match=r"STORK_PX4_DIR.*make px4_sitl sihsim_quadx"):
            async with Px4Instance(replace(config, build_dir=None)):
                pass

    async def test_an_unknown_airframe_is_told_before_the_start(self, config: Px4Config) -> None:
        """PX4 itself would run on without a vehicle."""
        with pytest.raises(InputError, match="no airframe 4711"):
            async with Px4Instance(replace(config, airframe=4711)):
                pass

    async def test_a_speed_factor_needs_bc(
        self, config: Px4Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """PX4's start script would set its time-outs to nothing."""
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(InputError, match="install bc"):
            async with Px4Instance(replace(config, speed_factor=2)):
                pass

    async def test_a_stubborn_px4_is_killed(self, config: Px4Config, order: Order) -> None:
        """SIGTERM has its time, then comes SIGKILL."""
        order("stubborn")
        async with Px4Instance(replace(config, stop_timeout_s=0.3)) as px4:
            pass
        assert px4.exit is not None
        assert (px4.exit.returncode, px4.exit.killed) == (-signal.SIGKILL, True)
        assert 0.3 <= px4.exit.seconds < 5.0

    @pytest.mark.parametrize(("keep", "left"), [("on_failure", 1), ("always", 1), ("never", 0)])
    async def test_files_are_kept_after_a_failure_in_the_block(
        self, config: Px4Config, keep: str, left: int, files_left: FilesLeft
    ) -> None:
        """The error of the block is not changed, but told where the files are."""
        with pytest.raises(ZeroDivisionError) as caught:
            async with Px4Instance(replace(config, keep=KeepFiles(keep))):
                raise ZeroDivisionError
        assert len(files_left()) == left
        assert len(getattr(caught.value, "__notes__", [])) == left

    async def test_a_px4_that_dies_in_the_block_is_an_error(self, config: Px4Config, files_left: FilesLeft) -> None:
        """A test that did not notice fails on leaving the block; its log is kept."""

        async def crash_unnoticed() -> None:
            async with Px4Instance(config) as px4:
                os.kill(px4.pid, signal.SIGKILL)
                await px4.wait()

        with pytest.raises(Px4DiedError, match="ended by itself with code -9"):
            await crash_unnoticed()
        assert len(files_left()) == 1

    async def test_a_wanted_crash_is_no_error(self, config: Px4Config, files_left: FilesLeft) -> None:
        """`kill` makes the vehicle fall silent, and the block ends well."""
        async with Px4Instance(config) as px4:
            assert (await px4.kill()).returncode == -signal.SIGKILL
        assert files_left() == []

    async def test_cancelled_while_waiting_nothing_is_left(
        self, config: Px4Config, order: Order, state: State, is_running: Running, build_dir: Path
    ) -> None:
        """A time-out around the start ends the process and frees the number and the port."""
        order("unready")

        async def start() -> None:
            async with Px4Instance(config):
                pass

        task = asyncio.create_task(start())
        async with asyncio.timeout(10):
            while not (build_dir / "bin" / "state-0.json").exists():  # noqa: ASYNC110 - another process's file
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not is_running(state(0)["pid"])
        numbers.reserve(0).release()

    async def test_an_instance_is_started_once(self, config: Px4Config) -> None:
        """And has no number, process or files before."""
        px4 = Px4Instance(config)
        with pytest.raises(Px4Error, match="was not started"):
            assert px4.number
        async with px4:
            pass
        with pytest.raises(Px4Error, match="started once"):
            async with px4:
                pass

    def test_px4_dies_with_a_killed_parent(
        self, config: Px4Config, state: State, is_running: Running, build_dir: Path
    ) -> None:
        """Even SIGKILL to Stork leaves no PX4 behind: the kernel ends it."""
        program = f"""
            import asyncio
            from pathlib import Path
            from sim import px4_sitl_numbers as numbers
            from sim.px4_sitl import Px4Config, Px4Home, Px4Instance
            numbers.RUNTIME_FOLDER = Path({str(numbers.RUNTIME_FOLDER)!r})
            numbers.ONBOARD_PORT_BASE = {numbers.ONBOARD_PORT_BASE}
            numbers.ONBOARD_SOURCE_PORT_BASE = {numbers.ONBOARD_SOURCE_PORT_BASE}
            numbers.GCS_SOURCE_PORT_BASE = {numbers.GCS_SOURCE_PORT_BASE}
            numbers.OTHER_SOURCE_PORT_BASES = {numbers.OTHER_SOURCE_PORT_BASES}
            async def run():
                config = Px4Config(home=Px4Home(0, 0, 0), build_dir=Path({str(build_dir)!r}), instance=6,
                                   work_root=Path({str(config.work_root)!r}))
                async with Px4Instance(config) as px4:
                    print(px4.pid, flush=True)
                    await asyncio.Event().wait()
            asyncio.run(run())
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, cwd=CHECKOUT
        )
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.stdout.close()
        assert is_running(pid)
        parent.kill()
        parent.wait()
        deadline_s = time.monotonic() + 5.0
        while is_running(pid) and time.monotonic() < deadline_s:
            time.sleep(0.01)
        left_behind = is_running(pid)
        if left_behind:
            os.kill(pid, signal.SIGKILL)
        assert not left_behind


class TestParameters:
    """Parameters from the start, read back."""

    async def test_what_the_start_script_overwrites_is_set_again(
        self, config: Px4Config, order: Order, state: State
    ) -> None:
        """With a speed factor PX4 multiplies its link-loss time-outs after it took ours."""
        order(overwritten={"COM_DL_LOSS_T": "100"})
        async with Px4Instance(replace(config, parameters={"COM_DL_LOSS_T": 7, "RTL_TYPE": 1})):
            assert state(0)["parameters"] == {"COM_DL_LOSS_T": "7", "RTL_TYPE": "1"}

    async def test_an_unknown_parameter_fails_the_start(
        self, config: Px4Config, order: Order, state: State, is_running: Running
    ) -> None:
        """PX4 only logs it: the start reads back, names every such parameter and leaves nothing running."""
        order(unknown=["NO_SUCH", "NOR_THIS"])
        parameters = {"NO_SUCH": 1, "RTL_TYPE": 1, "NOR_THIS": 2}
        with pytest.raises(InputError) as caught:
            async with Px4Instance(replace(config, parameters=parameters)):
                pass
        assert [problem.place for problem in caught.value.problems] == ["parameters[NO_SUCH]", "parameters[NOR_THIS]"]
        assert not is_running(state(0)["pid"])

    async def test_a_px4_that_ends_while_it_is_asked_is_told_as_ended(self, config: Px4Config) -> None:
        """Not as one that does not know the parameter."""
        with pytest.raises(Px4DiedError, match="code -9"):
            async with Px4Instance(replace(config, parameters={"CRASH": 1})):
                pass

    async def test_the_shell_tells_failure_from_silence(self, config: Px4Config) -> None:
        """A refused or absent command is a rejection, a hanging one a time-out."""
        async with Px4Instance(config) as px4:
            with pytest.raises(CommandRejectedError, match="ended with 1"):
                await px4.shell.command("param", "show", "NO_SUCH")
            with pytest.raises(CommandRejectedError, match="no command dance"):
                await px4.shell.command("dance")
            with pytest.raises(LinkTimeoutError, match="did not answer"):
                await px4.shell.command("param", "hang", timeout_s=0.3)


class TestFleet:
    """Several vehicles at once."""

    async def test_a_fleet_has_as_many_vehicles_as_configurations(
        self, config: Px4Config, state: State, is_running: Running
    ) -> None:
        """Each with its own number and home; those from 9 up share the port and are told apart."""
        homes = [config.home, Px4Home(48.42, 15.61, 210.0), Px4Home(48.43, 15.62, 220.0)]
        async with Px4Fleet([replace(config, home=home, first_instance=8) for home in homes]) as fleet:
            assert [px4.number for px4 in fleet] == [8, 9, 10]
            assert fleet[1].onboard_port == fleet[2].onboard_port
            assert len(fleet) == 3
            latitudes = [state(px4.number)["environ"]["PX4_HOME_LAT"] for px4 in fleet]
            assert latitudes == ["48.410000000", "48.420000000", "48.430000000"]
        assert not any(is_running(px4.pid) for px4 in fleet)

    async def test_one_that_does_not_start_stops_all(
        self, config: Px4Config, order: Order, is_running: Running
    ) -> None:
        """The error is that of the one that failed; none is left running."""
        order(by_number={"1": "dies"})
        fleet = Px4Fleet([config, config])
        with pytest.raises(Px4DiedError, match="PX4 instance 1 ended"):
            async with fleet:
                pass
        assert not any(is_running(px4.pid) for px4 in fleet)
        numbers.reserve(0).release()
        numbers.reserve(1).release()
