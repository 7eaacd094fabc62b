"""All links of one gateway: connections opened, vehicles found, links pumped, and every change of a link told.

A vehicle is found by its system id on its own connection. Whatever else answers there is reported and left alone.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mavsdk.system import System

from mission.errors import InputError, InputProblem, LinkError
from vehicles import mavsdk_connection
from vehicles.identity import why_not_one_vehicle
from vehicles.link_health import LinkCondition, LinkHealth
from vehicles.mavsdk_connection import MAX_CONNECTIONS, MavsdkConnection
from vehicles.mavsdk_link import MavsdkLink

_log = logging.getLogger("stork.fleet")

PUMP_PERIOD_S = 0.02
DISCOVERY_PERIOD_S = 0.1
IDENTITY_PERIOD_S = 10.0
STREAM_SETUP_TIMEOUT_S = 2.0
STREAM_SETUP_ATTEMPTS = 5
"""Rounds of asking for message rates; a refusal is final after as many."""
THREADS = 4
"""For opening, asking and closing connections; everything else is messages, which never block."""
"""A transfer, a safety command beside it, and one left over."""


@dataclass(frozen=True, slots=True)
class VehicleAddress:
    """Where one vehicle is heard: `system_id` 1-255 on `connection_url` (``udpin://host:port``).

    `hardware_uid` is its autopilot's own id (`vehicles.identity`); "" where it is not known beforehand.
    """

    vehicle_id: str
    system_id: int
    connection_url: str
    hardware_uid: str = ""


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A link's new condition, and why."""

    vehicle_id: str
    condition: LinkCondition
    reason: str


def check_addresses(addresses: Sequence[VehicleAddress], document: str = "<argument>") -> None:
    """Refuse a group of vehicles that could be confused with each other.

    Raises:
        InputError: a vehicle id or system id appears twice, or there are too many connections.
    """
    problems = []
    for name, mend in (
        ("vehicle_id", "Give every vehicle its own name."),
        ("system_id", "Set MAV_SYS_ID of one of them: commands are addressed by system id."),
    ):
        seen: dict[object, int] = {}
        for index, address in enumerate(addresses):
            value = getattr(address, name)
            if value in seen:
                what = f"{name} {value!r} is also that of vehicles[{seen[value]}]"
                problems.append(InputProblem(document, f"vehicles[{index}].{name}", what, mend))
            seen.setdefault(value, index)
    for index, address in enumerate(addresses):
        if not 1 <= address.system_id <= 255:
            what = f"system_id {address.system_id} is outside 1-255"
            problems.append(
                InputProblem(document, f"vehicles[{index}].system_id", what, "Use the vehicle's MAV_SYS_ID.")
            )
    urls = {address.connection_url for address in addresses}
    if len(urls) > MAX_CONNECTIONS:
        what = f"{len(urls)} connections, at most {MAX_CONNECTIONS} in one process"
        problems.append(InputProblem(document, "vehicles", what, "Split the group over several gateways."))
    if problems:
        raise InputError(*problems)


class MavsdkFleet:
    """Owns the MAVSDK objects of a group of vehicles. Use as ``async with``.

    Attributes:
        links: vehicle id → link, for the vehicles that have answered and are not quarantined.
        health: vehicle id → condition of its link.
    """

    def __init__(
        self,
        addresses: Sequence[VehicleAddress],
        speed_factor: float = 1.0,
        connect_timeout_s: float = 10.0,
        on_change: Callable[[LinkChange], None] = lambda _change: None,
    ) -> None:
        check_addresses(addresses)
        self.addresses = {address.vehicle_id: address for address in addresses}
        self.links: dict[str, MavsdkLink] = {}
        self.health = {vehicle_id: LinkHealth() for vehicle_id in self.addresses}
        self._speed_factor = speed_factor
        self._connect_timeout_s = connect_timeout_s
        self._on_change = on_change
        self._executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="mavsdk")
        self._connections: dict[str, MavsdkConnection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._strangers: set[tuple[str, int]] = set()
        self._sources: dict[int, str] = {}
        self._all_answered = asyncio.Event()

    async def __aenter__(self) -> Self:
        try:
            for url in sorted({address.connection_url for address in self.addresses.values()}):
                connection = MavsdkConnection(url, self._executor)
                await connection.open()
                self._connections[url] = connection
        except LinkError:
            await self.close()
            raise
        self._start(self._keep_pumping(), "pump")
        self._start(self._keep_discovering(), "discovery")
        self._start(self._keep_asking_who_is_there(), "identities")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop the tasks and destroy the native objects. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self.links.clear()
        for connection in self._connections.values():
            await connection.close()
        self._connections.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def wait_until_settled(self) -> None:
        """Wait until every vehicle has answered, or `connect_timeout_s` has passed since the start."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_answered.wait(), self._connect_timeout_s)
        for vehicle_id, health in self.health.items():
            if health.condition is LinkCondition.CONNECTING:
                reason = f"no answer within {self._connect_timeout_s:g} s"
                self._change(vehicle_id, LinkCondition.SILENT, reason)

    def _start(self, work: "asyncio._CoroutineLike[None]", name: str) -> None:
        task = asyncio.create_task(work, name=f"stork-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("%s ended", task.get_name(), exc_info=task.exception())

    def _change(self, vehicle_id: str, condition: LinkCondition, reason: str) -> None:
        if self.health[vehicle_id].become(condition):
            self._on_change(LinkChange(vehicle_id, condition, reason))

    async def _keep_pumping(self) -> None:
        while True:
            self._take_sources()
            for vehicle_id, link in self.links.items():
                link.pump()
                self._judge(vehicle_id, link)
            if all(health.condition is not LinkCondition.CONNECTING for health in self.health.values()):
                self._all_answered.set()
            await asyncio.sleep(PUMP_PERIOD_S)

    def _judge(self, vehicle_id: str, link: MavsdkLink) -> None:
        health = self.health[vehicle_id]
        if health.condition is LinkCondition.CONFLICT:
            return
        if link.assembly.clock_conflict:
            self._change(vehicle_id, LinkCondition.CONFLICT, f"two clocks alternate on system id {link.system_id}")
            return
        expected_uid = self.addresses[vehicle_id].hardware_uid
        if reason := why_not_one_vehicle(expected_uid, link.identities.uids, link.system_id):
            self._change(vehicle_id, LinkCondition.CONFLICT, reason)
            return
        if link.assembly.boots != health.boots:
            health.boots = link.assembly.boots
            self._on_change(LinkChange(vehicle_id, LinkCondition.REBOOTED, "its clock restarted"))
            self._start(self._set_up_streams(vehicle_id, link), f"streams-{vehicle_id}")
        silence_s = time.monotonic() - link.assembly.last_heartbeat_s
        if silence_s > health.DOWN_AFTER_S and health.condition is LinkCondition.UP:
            self._change(vehicle_id, LinkCondition.DOWN, f"no heartbeat for {health.DOWN_AFTER_S:g} s")
        elif silence_s <= health.DOWN_AFTER_S and health.condition is not LinkCondition.UP:
            self._change(vehicle_id, LinkCondition.UP, "heartbeat")
            link.identities.ask()

    def _take_sources(self) -> None:
        """A second address for a system id that still talks from the first is a second vehicle (F-L9)."""
        while mavsdk_connection.new_sources:
            system_id, address = mavsdk_connection.new_sources.popleft()
            known = self._sources.get(system_id)
            self._sources[system_id] = address
            if known is None or known == address:
                continue
            for vehicle_id, link in self.links.items():
                talking = time.monotonic() - link.assembly.last_heartbeat_s < LinkHealth.DOWN_AFTER_S
                if link.system_id == system_id and talking:
                    reason = f"system id {system_id} answers from {known} and from {address}"
                    self._change(vehicle_id, LinkCondition.CONFLICT, reason)

    async def _keep_asking_who_is_there(self) -> None:
        """A second autopilot that comes later, from where the first one is, shows by its own answer only (F-L9)."""
        while True:
            await asyncio.sleep(IDENTITY_PERIOD_S)
            for link in self.links.values():
                link.identities.ask()

    async def _keep_discovering(self) -> None:
        waiting = dict(self.addresses)
        while waiting:
            for url, connection in self._connections.items():
                heard = await connection.autopilots()
                here = {a.system_id: a for a in self.addresses.values() if a.connection_url == url}
                for system_id, system in heard.items():
                    address = here.get(system_id)
                    if address is None:
                        self._report_stranger(url, system_id, here)
                    elif address.vehicle_id in waiting:
                        del waiting[address.vehicle_id]
                        self._admit(address, system)
            await asyncio.sleep(DISCOVERY_PERIOD_S)

    def _admit(self, address: VehicleAddress, system: System) -> None:
        link = MavsdkLink(address.vehicle_id, address.system_id, system, self._speed_factor)
        self.links[address.vehicle_id] = link
        self._start(self._set_up_streams(address.vehicle_id, link), f"streams-{address.vehicle_id}")

    def _report_stranger(self, url: str, system_id: int, here: dict[int, VehicleAddress]) -> None:
        if (url, system_id) in self._strangers:
            return
        self._strangers.add((url, system_id))
        for address in here.values():
            reason = f"system id {system_id} answers on {url}, which is not {address.vehicle_id}'s"
            self._on_change(LinkChange(address.vehicle_id, LinkCondition.STRANGER, reason))

    async def _set_up_streams(self, vehicle_id: str, link: MavsdkLink) -> None:
        """Ask until all rates are known to be set: a link that went without drowns in what nobody reads."""
        for attempt in range(1, STREAM_SETUP_ATTEMPTS + 1):
            problems = await link.configure_streams(STREAM_SETUP_TIMEOUT_S)
            if not problems:
                _log.info("%s: message rates set, attempt %d", vehicle_id, attempt)
                return
            _log.warning("%s: message rates not set, attempt %d: %s", vehicle_id, attempt, "; ".join(problems))
