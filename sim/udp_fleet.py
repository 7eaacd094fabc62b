"""Simulated vehicles on UDP: real time times the speed factor in, one socket a vehicle.

Every vehicle speaks to its configured partner, as PX4 does on its onboard link, and listens to nobody else.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from mission.errors import InputError, InputProblem
from sim.autopilot import Autopilot
from sim.fault_kinds import Fault
from sim.faults import plant
from sim.fleet_config import FleetConfig, VehicleConfig, fault_problems
from sim.truth_log import TruthLog
from sim.vehicle_setup import set_up

TICK_S = 0.01
"""Wall-clock time between two looks at the simulation."""
MOST_BEHIND_S = 0.25
"""How far the simulation may lag behind the wall clock before simulated time gives way."""
DATAGRAM_BYTES = 4096


class VehicleSocket:
    """One vehicle on its UDP port."""

    def __init__(self, config: VehicleConfig, autopilot: Autopilot) -> None:
        self.config = config
        self.autopilot = autopilot
        self.ignored_count = 0
        self._partner = (socket.gethostbyname(config.partner_host), config.partner_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind(("127.0.0.1", config.local_port))
        except OSError:
            self._socket.close()
            raise
        self.local_port: int = self._socket.getsockname()[1]
        self.fileno = self._socket.fileno

    def receive(self) -> None:
        """Hand over everything that has arrived, and send what it is answered."""
        while True:
            try:
                datagram, sender = self._socket.recvfrom(DATAGRAM_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                continue
            if sender == self._partner:
                self.autopilot.receive(datagram)
            else:
                self.ignored_count += 1
        self.send()

    def send(self) -> None:
        """Send what waits, one message a datagram as PX4 does; what the system cannot take is lost, as on a link."""
        for frame in self.autopilot.take():
            with contextlib.suppress(OSError):
                self._socket.sendto(frame, self._partner)

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


class UdpFleet:
    """A running fleet; an async context manager.

    Args:
        config: the fleet.
        booted_s: simulated seconds that every vehicle has behind it when it appears on its link.

    Attributes:
        vehicles: by vehicle id.
        slipped_s: simulated time given up because the machine was too slow.
    """

    def __init__(self, config: FleetConfig, *, booted_s: float = 0.0) -> None:
        self._config = config
        self._booted_s = booted_s
        self.vehicles: dict[str, VehicleSocket] = {}
        self.slipped_s = 0.0
        self._files = contextlib.ExitStack()
        self._truth: TextIO | None = None
        self._task: asyncio.Task[None] | None = None
        self._streaming = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Open every socket and begin to simulate.

        Raises:
            OSError: a port is taken or the truth log cannot be written.
        """
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        loop = asyncio.get_running_loop()
        for vehicle in self.vehicles.values():
            loop.add_reader(vehicle.fileno(), vehicle.receive)
        self._task = asyncio.create_task(self._run(), name="simulated fleet")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and give everything back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        loop = asyncio.get_running_loop()
        for vehicle in self.vehicles.values():
            loop.remove_reader(vehicle.fileno())
        self._close()

    async def wait_streaming(self) -> None:
        """Return once every vehicle has sent its first heartbeat (or would have, were it not silent)."""
        await self._streaming.wait()

    def plant(self, fault: Fault) -> None:
        """Make a fault happen to a vehicle of the running fleet.

        Raises:
            InputError: no such vehicle, or a value that no vehicle can have.
        """
        problems = fault_problems(fault, self.vehicles)
        if problems:
            raise InputError(*(InputProblem("fault", *problem) for problem in problems))
        plant(self.vehicles[fault.vehicle_id].autopilot, (fault,))

    async def wait_failed(self) -> None:
        """Return never, unless the simulation breaks; then raise what broke it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def _open(self) -> None:
        config = self._config
        watch: Callable[[Autopilot], None] | None = None
        if config.truth_log is not None:
            log = Path(config.truth_log).open("w", encoding="utf-8")  # noqa: SIM115 - closed by the exit stack
            self._truth = self._files.enter_context(log)
            watch = TruthLog(self._truth, config.truth_interval_s)
        for vehicle in config.vehicles:
            autopilot = set_up(config, vehicle)
            if watch is not None:
                autopilot.observers.append(watch)
            autopilot.advance(self._booted_s)
            autopilot.take()
            self.vehicles[vehicle.vehicle_id] = VehicleSocket(vehicle, autopilot)

    def _close(self) -> None:
        for vehicle in self.vehicles.values():
            vehicle.close()
        self._files.close()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        factor = self._config.speed_factor
        origin = loop.time() - self._booted_s / factor
        next_flush = loop.time() + 1.0
        while True:
            now = loop.time()
            until_s = (now - origin) * factor
            reached_s = min(vehicle.autopilot.now_s for vehicle in self.vehicles.values())
            if until_s - reached_s > MOST_BEHIND_S * factor:
                excess = until_s - reached_s - MOST_BEHIND_S * factor
                self.slipped_s += excess
                origin += excess / factor
                until_s -= excess
            for vehicle in self.vehicles.values():
                vehicle.autopilot.advance(until_s)
                vehicle.send()
            if until_s > self._booted_s + 1.0 + TICK_S * factor:
                self._streaming.set()
            if self._truth is not None and now > next_flush:
                self._truth.flush()
                next_flush = now + 1.0
            await asyncio.sleep(max(TICK_S - (loop.time() - now), 0.0))


def report_slip(fleet: UdpFleet) -> None:
    """Say on stderr when the machine was too slow for the speed factor."""
    if fleet.slipped_s > 0.0:
        print(f"the simulated clock gave way by {fleet.slipped_s:.1f} s: the machine is too slow", file=sys.stderr)
