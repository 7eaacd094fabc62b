"""Hear on PX4's onboard link that it is ready to arm.

PX4 sends to its onboard port from boot, to one partner per link. The listener binds that port only while it
waits, then frees it for the real client. It answers with ground station heartbeats from the same port:
with NAV_DLL_ACT set, PX4 is never ready to arm without them.
"""

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import cast

from pymavlink.dialects.v20 import common as mavlink

from sim.px4_sitl_build import Px4PortTakenError
from sim.px4_sitl_numbers import onboard_source_port, try_lock

PREARM_HEALTHY = 0x10000000  # SYS_STATUS onboard_control_sensors_health, MAV_SYS_STATUS_PREARM_CHECK
HEARTBEAT_PERIOD_S = 0.5
LOCK_POLL_S = 0.05

_MAGIC_V2, _HEADER_LENGTH, _CRC_LENGTH, _SIGNATURE_LENGTH = 0xFD, 10, 2, 13
_LISTENED = frozenset({mavlink.MAVLINK_MSG_ID_HEARTBEAT, mavlink.MAVLINK_MSG_ID_SYS_STATUS})


class OnboardListener(asyncio.DatagramProtocol):
    """Listens on one onboard port to some PX4 instances, told apart by their source port.

    An instance is ready when its own system id (number + 1) sent a PX4 heartbeat and a SYS_STATUS whose
    PREARM bit is healthy. Every other sender, system id and message is ignored.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        loop = asyncio.get_running_loop()
        self._ready = {number: loop.create_future() for number in numbers}
        self._by_source_port = {onboard_source_port(number): number for number in self._ready}
        self._datagrams = dict.fromkeys(self._ready, 0)
        self._heartbeats = dict.fromkeys(self._ready, 0)
        self._strange_systems: dict[int, set[int]] = {number: set() for number in self._ready}
        self._answered_s = dict.fromkeys(self._ready, -HEARTBEAT_PERIOD_S)
        self._mavlink = mavlink.MAVLink(None, srcSystem=255, srcComponent=mavlink.MAV_COMP_ID_MISSIONPLANNER)
        self._transport: asyncio.DatagramTransport | None = None

    def ready(self, number: int) -> asyncio.Future[None]:
        """Done as soon as the instance was heard to be ready to arm."""
        return self._ready[number]

    def heard(self, number: int) -> str:
        """What was heard of an instance that is not ready, as the middle of a sentence."""
        if self._datagrams[number] == 0:
            return f"nothing was heard from UDP port {onboard_source_port(number)}"
        if self._heartbeats[number] == 0 and self._strange_systems[number]:
            strange = ", ".join(map(str, sorted(self._strange_systems[number])))
            return f"it speaks as system {strange} instead of {number + 1}"
        if self._heartbeats[number] == 0:
            return "it sends, but no heartbeat of a PX4 autopilot"
        return "its heartbeat is heard, but it does not say it can arm (SYS_STATUS PREARM)"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer (asyncio's callback)."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.11's own does not derive from it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one datagram (asyncio's callback)."""
        number = self._by_source_port.get(addr[1])
        if number is None:
            return
        self._datagrams[number] += 1
        for frame in frames(data):
            if int.from_bytes(frame[7:10], "little") in _LISTENED:
                self._take(number, frame)
        self._answer(number, addr)

    def error_received(self, exc: Exception) -> None:
        """An instance that ended refuses our heartbeat: its process says so better (asyncio's callback)."""

    def _take(self, number: int, frame: bytes) -> None:
        try:
            message = self._mavlink.decode(bytearray(frame))
        except mavlink.MAVError:
            return  # checksum: not a message
        if message.get_srcSystem() != number + 1 or message.get_srcComponent() != mavlink.MAV_COMP_ID_AUTOPILOT1:
            self._strange_systems[number].add(message.get_srcSystem())
            return
        if message.get_msgId() == mavlink.MAVLINK_MSG_ID_HEARTBEAT:
            self._heartbeats[number] += message.autopilot == mavlink.MAV_AUTOPILOT_PX4
            return
        healthy = bool(message.onboard_control_sensors_health & PREARM_HEALTHY)
        future = self._ready[number]
        if healthy and self._heartbeats[number] and not future.done():
            future.set_result(None)

    def _answer(self, number: int, addr: tuple[str, int]) -> None:
        now_s = time.monotonic()
        if self._transport is None or now_s - self._answered_s[number] < HEARTBEAT_PERIOD_S:
            return
        self._answered_s[number] = now_s
        heartbeat = self._mavlink.heartbeat_encode(
            mavlink.MAV_TYPE_GCS, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, mavlink.MAV_STATE_ACTIVE
        )
        self._transport.sendto(heartbeat.pack(self._mavlink), addr)


def frames(datagram: bytes) -> Iterator[bytes]:
    """Cut a datagram into its MAVLink 2 frames; ends at the first byte that starts none."""
    start = 0
    while start + _HEADER_LENGTH + _CRC_LENGTH <= len(datagram) and datagram[start] == _MAGIC_V2:
        signed = datagram[start + 2] & mavlink.MAVLINK_IFLAG_SIGNED
        length = _HEADER_LENGTH + datagram[start + 1] + _CRC_LENGTH + (_SIGNATURE_LENGTH if signed else 0)
        if start + length > len(datagram):
            return
        yield datagram[start : start + length]
        start += length


@asynccontextmanager
async def listen(port: int, numbers: Iterable[int], timeout_s: float) -> AsyncIterator[OnboardListener]:
    """Hold the loopback UDP port while the instances become ready; it is free again afterwards.

    Other Stork processes that wait on the same (shared) port are awaited, up to `timeout_s`.

    Raises:
        Px4PortTakenError: another program holds the port, or another Stork process held it all the time.
    """
    deadline_s = time.monotonic() + timeout_s
    while (turn := try_lock(f"port-{port}")) is None:
        if time.monotonic() > deadline_s:
            raise Px4PortTakenError(f"another Stork process waits on UDP port {port} for longer than {timeout_s} s")
        await asyncio.sleep(LOCK_POLL_S)  # a file lock cannot be awaited, only asked for again
    try:
        loop = asyncio.get_running_loop()
        try:
            transport, listener = await loop.create_datagram_endpoint(
                lambda: OnboardListener(numbers), local_addr=("127.0.0.1", port)
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Px4PortTakenError(
                f"UDP port {port}, where PX4's readiness is heard, is held by another program: start PX4 before "
                "its client connects, and vehicles that share the port (instances 9 and up) as one Px4Fleet"
            ) from error
        try:
            yield listener
        finally:
            transport.abort()
            await asyncio.sleep(0)  # the socket is closed in the loop's next turn
    finally:
        turn.release()
