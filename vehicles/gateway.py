"""The gateway process: owns the MAVSDK objects of a group of vehicles, and nothing else.

``python -m vehicles.gateway CONFIG.json`` prints one JSON line when it is ready (or why it is not), publishes
telemetry and events, executes commands, and ends on SIGTERM, with its parent, or when its event loop stalls.
A fault in MAVSDK's native code ends this process and no other. A new one only watches the vehicles it finds, in
the air or not: it commands nothing until a deciding process has looked at it and taken a lease.
"""

import argparse
import asyncio
import contextlib
import ctypes
import faulthandler
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

from mission.errors import InputError, LinkError
from vehicles import messages as m
from vehicles.bus_server import BusServer
from vehicles.command_desk import CommandDesk
from vehicles.gateway_config import GatewayConfig, read_config
from vehicles.lease_file import read_epochs, write_epochs
from vehicles.leases import LeaseTable
from vehicles.link_health import LinkCondition
from vehicles.loop_watch import LoopWatch
from vehicles.mavsdk_fleet import LinkChange, MavsdkFleet
from vehicles.telemetry.bus_keys import GatewayKeys
from vehicles.telemetry.table import StateTable

_log = logging.getLogger("stork.gateway")

PR_SET_PDEATHSIG = 1


class Gateway:
    """Fleet, desk and sockets of one gateway process. `run` until `stop` is set.

    Attributes:
        epoch: this incarnation, nanoseconds since 1970: later ones are greater.
    """

    def __init__(self, config: GatewayConfig) -> None:
        self.epoch = time.time_ns()
        self._config = config
        self._table = StateTable(config.gateway_id, self.epoch)
        keys = GatewayKeys(Path(config.key_folder)) if config.key_folder else None
        self._bus = BusServer(config.gateway_id, self.epoch, self._table, self._answer, keys)
        self._fleet = MavsdkFleet(
            config.addresses(), config.speed_factor, config.connect_timeout_s, self._on_link_change
        )
        self._lease_file = Path(config.lease_file) if config.lease_file else None
        self._leases = LeaseTable(read_epochs(self._lease_file) if self._lease_file else {})
        self._desk = CommandDesk(
            self._fleet.links, self._condition, self.epoch, leases=self._leases, profile=config.profile
        )
        self._watch = LoopWatch(config.stall_alarm_s, config.stall_limit_s, _announce_stall, self._on_recovery)
        self._slots = {
            vehicle_id: self._table.add(vehicle_id, address.system_id)
            for vehicle_id, address in self._fleet.addresses.items()
        }
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until `stop` is set.

        Raises:
            LinkError: a UDP port or an endpoint is taken.
        """
        try:
            self._bus.open(self._config.pub_endpoint, self._config.router_endpoint)
            async with self._fleet:
                await self._serve()
        finally:
            await self._desk.close()
            await self._bus.close()

    async def _serve(self) -> None:
        loops = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("publish", self._keep_publishing()),
                ("watchdog", self._watch.keep()),
            )
        ]
        stopped = asyncio.create_task(self.stop.wait(), name="stop")
        try:
            await self._fleet.wait_until_settled()
            self._say_ready()
            done, _ = await asyncio.wait([*loops, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            for task in (*loops, stopped):
                task.cancel()
            await asyncio.gather(*loops, stopped, return_exceptions=True)

    def _say_ready(self) -> None:
        ready = {
            "ready": True,
            "gateway_id": self._config.gateway_id,
            "epoch": self.epoch,
            "pub_endpoint": self._bus.pub_endpoint,
            "router_endpoint": self._bus.router_endpoint,
            "vehicles": {key: str(health.condition) for key, health in self._fleet.health.items()},
        }
        announce(ready)

    def _condition(self, vehicle_id: str) -> LinkCondition:
        return self._fleet.health[vehicle_id].condition

    def _on_link_change(self, change: LinkChange) -> None:
        _log.info("%s %s: %s", change.vehicle_id, change.condition, change.reason)
        if change.condition is LinkCondition.REBOOTED:
            self._desk.forget_loaded(change.vehicle_id)
        self._bus.emit(m.LinkEvent(change.vehicle_id, change.condition, change.reason, time.monotonic()))

    async def _keep_publishing(self) -> None:
        period_s = 1.0 / self._config.publish_hz
        next_s = time.monotonic()
        while True:
            self._collect()
            self._bus.tick()
            next_s = max(next_s + period_s, time.monotonic() - period_s)
            await asyncio.sleep(max(0.0, next_s - time.monotonic()))

    def _collect(self) -> None:
        """Bring the table and the events up to date with the links."""
        for vehicle_id, link in self._fleet.links.items():
            self._table.put(self._slots[vehicle_id], link.state(), link.assembly.boots)
            for text in link.assembly.take_new_texts():
                self._bus.emit(m.StatusTextEvent(vehicle_id, text.severity, text.text, text.received_s))

    async def _answer(self, request: m.Request) -> m.Reply:
        if isinstance(request, m.SnapshotRequest):
            return self._snapshot(request)
        if isinstance(request, m.TakeLease):
            return self._lease(request)
        return await self._desk.execute(request)

    def _snapshot(self, request: m.SnapshotRequest) -> m.Snapshot:
        entries = tuple(
            m.VehicleEntry(key, address.system_id, self._condition(key), self._desk.loaded_digest(key))
            for key, address in self._fleet.addresses.items()
        )
        self._collect()
        return self._bus.snapshot(request, entries)

    def _lease(self, request: m.TakeLease) -> m.LeaseReply:
        """Give what may be given; an epoch is on disk before anybody commands under it."""
        if request.gateway_epoch != self.epoch:
            reason = f"meant for gateway {request.gateway_epoch}, this is {self.epoch}"
            return m.LeaseReply(request.request_id, (), dict.fromkeys(request.vehicle_ids, reason))
        now_s, before = time.monotonic(), self._leases.floors
        granted, refused = [], {}
        for vehicle_id in request.vehicle_ids:
            newest = self._leases.newest_epoch(vehicle_id)
            if vehicle_id not in self._fleet.addresses:
                refused[vehicle_id] = f"no vehicle {vehicle_id} at this gateway"
            elif self._leases.take(vehicle_id, request.authority_epoch, now_s, request.duration_s) is None:
                refused[vehicle_id] = f"authority {request.authority_epoch} was replaced by {newest}"
            else:
                granted.append(vehicle_id)
                if newest != request.authority_epoch:
                    self._bus.emit(m.LeaseTaken(vehicle_id, request.authority_epoch, now_s))
        if self._lease_file is not None and self._leases.floors != before:
            write_epochs(self._lease_file, self._leases.floors)
        return m.LeaseReply(request.request_id, tuple(granted), refused)

    def _on_recovery(self, stalled_s: float) -> None:
        _log.error("the event loop stood still for %.1f s", stalled_s)
        self._bus.emit(m.LoopStalled(stalled_s, time.monotonic()))


_announcements = sys.stdout


def _announce_stall(stalled_s: float) -> None:
    """From another thread, while the event loop stands still: only the parent can still hear it."""
    announce({"alarm": "LOOP_STALLED", "stalled_s": round(stalled_s, 2)})


def announce(line: dict[str, object]) -> None:
    """One JSON line to whoever started this process."""
    _announcements.write(json.dumps(line) + "\n")
    _announcements.flush()


def _keep_stdout_clean() -> None:
    """Native code prints to file descriptor 1: send that to standard error and keep the real one for us."""
    global _announcements  # noqa: PLW0603  one process, one standard output
    _announcements = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)


def _die_with_parent() -> None:
    """Ask Linux for SIGTERM when the parent ends; elsewhere standard input's end is the only sign."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


async def _serve_until_told(config: GatewayConfig, *, watch_stdin: bool) -> None:
    gateway = Gateway(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gateway.stop.set)
    if watch_stdin:
        os.set_blocking(0, False)

        def on_stdin() -> None:
            with contextlib.suppress(BlockingIOError):
                if not os.read(0, 4096):
                    loop.remove_reader(0)
                    gateway.stop.set()

        loop.add_reader(0, on_stdin)
    await gateway.run()


def main() -> int:
    """Command line of the gateway process; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m vehicles.gateway", description=__doc__)
    parser.add_argument("config", type=Path, help="JSON document, see vehicles.gateway_config.GatewayConfig")
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    faulthandler.enable()
    _die_with_parent()
    _keep_stdout_clean()
    try:
        config = read_config(arguments.config)
        asyncio.run(_serve_until_told(config, watch_stdin=arguments.watch_stdin))
    except (InputError, LinkError) as problem:
        announce({"ready": False, "error": str(problem)})
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
