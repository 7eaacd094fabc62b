"""Many vehicles' telemetry on a few UDP sockets: drained once a tick, decoded a tick at a time, one table for all.

A vehicle is known by where it speaks from *and* its system id: two of one system id stay two, and both are quarantined
(fault F-L9); one that falls silent and comes back from another address is the same one, elsewhere (F-L8). One vehicle
or a thousand, it is the same code. What it sends back: our heartbeat while we are well, answers to PING, and the rates
that it wants. Nothing here commands a vehicle to move.
"""

import asyncio
import contextlib
import math
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastcrc.crc16 import mcrf4xx

from mission.errors import LinkError
from vehicles import px4
from vehicles.link_health import LinkCondition
from vehicles.telemetry import frames
from vehicles.telemetry.hot_messages import HotMessages
from vehicles.telemetry.rates import RateRequests
from vehicles.telemetry.table import StateTable
from vehicles.telemetry.wire import MAX_VEHICLE_ID_BYTES

TICK_S: Final = 0.005
HEARTBEAT_PERIOD_S: Final = 1.0
RATES_PERIOD_S: Final = 0.05
SILENT_AFTER_S: Final = 3.0
"""A vehicle unheard for so long may have another address; before, the other address is another vehicle."""
MOST_A_TICK: Final = 20_000
"""Datagrams taken from one socket before the others get their turn: a flood is not the end of everything."""
MOST_STRANGERS: Final = 64
RECEIVE_BUFFER_BYTES: Final = 4 << 20
DATAGRAM_BYTES: Final = 2048
GROUND_STATION_TYPE: Final = 6
GROUND_STATION_COMPONENT: Final = 190
NO_AUTOPILOT: Final = 8
MAVLINK_VERSION: Final = 3
ACTIVE: Final = 4

ANSWERED: Final = frozenset(layout.message_id for layout in (frames.HEARTBEAT, frames.PING, frames.COMMAND_ACK))
"""Messages that do more than change a row."""

Address = tuple[str, int]
OnChange = Callable[[str, LinkCondition, str], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """A vehicle that is to be heard: our name for it, its system id, and the local UDP port on which it speaks."""

    vehicle_id: str
    system_id: int
    port: int


@dataclass(slots=True)
class _Peer:
    """One vehicle where it speaks from."""

    vehicle_id: str
    system_id: int
    address: Address
    port: "_Port"
    heard_s: float
    rates: RateRequests
    boots: int = 0


@dataclass(slots=True)
class _Port:
    """One local socket, who is expected on it, and who is there."""

    socket: socket.socket
    expected: dict[int, int] = field(default_factory=dict)
    slots: dict[tuple[Address, int], int] = field(default_factory=dict)


class DataPlane:
    """Receives for all vehicles, on the running event loop, from `open` to `close`; `tick` or `keep` does the work.

    Args:
        expected: the vehicles; each gets its slot in `table`, in order. Others that speak are given rows of their own.
        host: the local address to listen on.
        healthy: our heartbeat is sent only while this holds: vehicles' own failsafes must see us gone.
        on_change: hears of a vehicle that is up, has moved to another address (REBOOTED where its clock restarted), or
            is in conflict.

    Attributes:
        datagrams, broken: received, and frames of them whose checksum was wrong.
        rebound: how often a vehicle was found at another address.
        conflicts: slots that are quarantined.
    """

    def __init__(
        self,
        expected: Sequence[Expected],
        table: StateTable,
        *,
        host: str = "127.0.0.1",
        speed_factor: float = 1.0,
        healthy: Callable[[], bool] = lambda: True,
        on_change: OnChange = lambda _vehicle_id, _condition, _reason: None,
    ) -> None:
        self.datagrams = 0
        self.broken = 0
        self.rebound = 0
        self.conflicts: set[int] = set()
        self._expected = {table.add(e.vehicle_id, e.system_id): e for e in expected}
        self._table = table
        self._host = host
        self._speed_factor = speed_factor
        self._healthy = healthy
        self._on_change = on_change
        self._messages = HotMessages(table, speed_factor)
        self._sender = frames.FrameSender(px4.OWN_SYSTEM_ID, GROUND_STATION_COMPONENT)
        self._ports: list[_Port] = []
        self._peers: dict[int, _Peer] = {}
        self._strangers = 0
        self._asking: set[int] = set()
        self._now_s = 0.0
        self._heartbeat_due_s = -math.inf
        self._rates_due_s = -math.inf

    def open(self) -> None:
        """Bind one socket for each port.

        Raises:
            LinkError: one is taken.
        """
        for number in sorted({e.port for e in self._expected.values()}):
            endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            endpoint.setblocking(False)
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            here = {e.system_id: slot for slot, e in self._expected.items() if e.port == number}
            self._ports.append(_Port(endpoint, here))
            try:
                endpoint.bind((self._host, number))
            except OSError as problem:
                self.close()
                raise LinkError(f"cannot listen on UDP port {number}: {problem.strerror}") from problem

    def close(self) -> None:
        """Close the sockets. Idempotent."""
        for port in self._ports:
            port.socket.close()
        self._ports.clear()

    async def keep(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            self.tick(began_s)
            await asyncio.sleep(max(0.0, began_s + TICK_S - loop.time()))

    def tick(self, now_s: float) -> None:
        """Take everything that has arrived, bring the table up to date, and say what is to be said."""
        self._now_s = now_s
        for port in self._ports:
            receive, left = port.socket.recvfrom, MOST_A_TICK
            while left > 0:
                left -= 1
                try:
                    datagram, address = receive(DATAGRAM_BYTES)
                except BlockingIOError:
                    break
                except OSError:  # a vehicle's port is closed: what we sent it came back
                    continue
                self.datagrams += 1
                self._take(port, datagram, address)
        self._messages.apply(now_s)
        if now_s >= self._heartbeat_due_s:
            self._heartbeat_due_s = now_s + HEARTBEAT_PERIOD_S
            self._once_a_second()
        if now_s >= self._rates_due_s:
            self._rates_due_s = now_s + RATES_PERIOD_S
            self._ask_for_rates()

    # -- what arrives -------------------------------------------------------------------------------------

    def _take(self, port: _Port, datagram: bytes, address: Address) -> None:
        position, end = 0, len(datagram)
        while end - position >= frames.OVERHEAD_BYTES:
            if datagram[position] != frames.MAGIC or datagram[position + 2] & ~frames.SIGNED:
                position = datagram.find(frames.MAGIC, position + 1)
                if position < 0:
                    return
                continue
            payload_at = position + frames.HEADER_BYTES
            payload_end = payload_at + datagram[position + 1]
            flags = datagram[position + 2]
            number = datagram[position + 7] | datagram[position + 8] << 8 | datagram[position + 9] << 16
            layout = frames.HOT.get(number)
            if layout is not None:  # of others only the length is known
                checksum = mcrf4xx(datagram[position + 1 : payload_end] + layout.crc_extra, frames.CHECKSUM_START)
                if end < payload_end + 2 or checksum != datagram[payload_end] | datagram[payload_end + 1] << 8:
                    self.broken += 1
                    position += 1
                    continue
                if datagram[position + 6] == px4.AUTOPILOT_COMPONENT:
                    slot = port.slots.get((address, datagram[position + 5]))
                    payload = datagram[payload_at:payload_end]
                    if slot is None or number in ANSWERED:
                        self._hear(port, address, datagram[position + 5], number, payload)
                    else:
                        self._messages.add(slot, number, payload)
            position = payload_end + frames.CHECKSUM_BYTES + (frames.SIGNATURE_BYTES if flags & frames.SIGNED else 0)

    def _hear(self, port: _Port, address: Address, system_id: int, number: int, payload: bytes) -> None:
        slot = port.slots.get((address, system_id))
        if slot is None:
            if number != frames.HEARTBEAT.message_id:
                return
            slot = self._meet(port, address, system_id)
            if slot is None:
                return
        if number == frames.HEARTBEAT.message_id:
            self._peers[slot].heard_s = self._now_s
        elif number == frames.PING.message_id:
            self._answer_ping(slot, payload)
            return
        elif number == frames.COMMAND_ACK.message_id:
            self._peers[slot].rates.answered(payload, self._now_s)
            return
        self._messages.add(slot, number, payload)

    def _meet(self, port: _Port, address: Address, system_id: int) -> int | None:
        """Somebody speaks from an address for the first time: who is it?"""
        slot = port.expected.get(system_id)
        known = self._peers.get(slot) if slot is not None else None
        if slot is not None and (known is None or self._now_s - known.heard_s >= SILENT_AFTER_S):
            vehicle_id = self._expected[slot].vehicle_id
            if known is not None:
                del port.slots[known.address, system_id]
                self.rebound += 1
            self._on_change(vehicle_id, LinkCondition.UP, f"heard from {address[0]}:{address[1]}")
        else:
            if self._strangers >= MOST_STRANGERS:
                return None
            self._strangers += 1
            vehicle_id = name_of(system_id, address)
            stranger = self._table.add(vehicle_id, system_id)
            if slot is not None and known is not None:
                reason = f"system id {system_id} speaks from {known.address} and from {address}"
                self._quarantine(slot, known.vehicle_id, reason)
                self._quarantine(stranger, vehicle_id, reason)
            else:
                self._on_change(vehicle_id, LinkCondition.STRANGER, f"system id {system_id} is not expected")
                self.conflicts.add(stranger)
            slot = stranger
        port.slots[address, system_id] = slot
        self._peers[slot] = _Peer(vehicle_id, system_id, address, port, self._now_s, RateRequests(self._speed_factor))
        self._asking.add(slot)
        return slot

    def _quarantine(self, slot: int, vehicle_id: str, reason: str) -> None:
        if slot not in self.conflicts:
            self.conflicts.add(slot)
            self._on_change(vehicle_id, LinkCondition.CONFLICT, reason)

    # -- what is sent -------------------------------------------------------------------------------------

    def _send(self, slot: int, layout: frames.Layout, *fields: object) -> None:
        peer = self._peers[slot]
        frame = self._sender.frame(layout, *fields)
        with contextlib.suppress(OSError):  # what the system cannot take is lost, as on a link
            peer.port.socket.sendto(frame, peer.address)

    def _ask_for_rates(self) -> None:
        for slot in tuple(self._asking):
            peer = self._peers[slot]
            if peer.rates.done or slot in self.conflicts:
                self._asking.discard(slot)
            elif (asked := peer.rates.due(self._now_s)) is not None:
                target = px4.Command.SET_MESSAGE_INTERVAL, peer.system_id, px4.AUTOPILOT_COMPONENT, 0
                self._send(slot, frames.COMMAND_LONG, (*asked, 0, 0, 0, 0, 0), *target)

    def _answer_ping(self, slot: int, payload: bytes) -> None:
        time_usec, number = int.from_bytes(payload[:8], "little"), int.from_bytes(payload[8:12], "little")
        if not any(payload[12:14]):  # a question, not the answer to one of ours
            self._send(slot, frames.PING, time_usec, number, self._peers[slot].system_id, px4.AUTOPILOT_COMPONENT)

    def _once_a_second(self) -> None:
        healthy = self._healthy()
        for slot, peer in self._peers.items():
            boots = int(self._table.records["boots"][slot])
            if boots != peer.boots:
                peer.boots = boots
                peer.rates = RateRequests(self._speed_factor)
                self._asking.add(slot)
                self._on_change(peer.vehicle_id, LinkCondition.REBOOTED, "its clock restarted")
            if self._messages.clock_conflict(slot):
                self._quarantine(slot, peer.vehicle_id, f"two clocks alternate on system id {peer.system_id}")
            if healthy:
                station = 0, GROUND_STATION_TYPE, NO_AUTOPILOT, 0, ACTIVE, MAVLINK_VERSION
                self._send(slot, frames.HEARTBEAT, *station)


def name_of(system_id: int, address: Address) -> str:
    """What a vehicle that nobody expected is called: its system id and where it speaks from, as fits the wire."""
    name = f"{system_id}@{address[0]}:{address[1]}"
    packed = f"{system_id}@{socket.inet_aton(address[0]).hex()}:{address[1]}"
    return name if len(name) <= MAX_VEHICLE_ID_BYTES else packed
