"""A vehicle's link in virtual time: the real link code on one end, a simulated PX4 on the other, faults in between.

    async with LossyVehicle(config, FaultyLink(7, up=Faults(loss=0.3), down=Faults(loss=0.3))) as vehicle:
        result = await vehicle.link.upload(mission, 60.0)

Runs on `sim.virtual_time`'s loop. No sockets: frames are encoded, lost, decoded, as they would be on a radio.
"""

import asyncio
import contextlib
import math
from collections import defaultdict
from types import TracebackType
from typing import Any, Self

import msgspec
from pymavlink.dialects.v20 import common as dialect

from sim.autopilot import Autopilot
from sim.fleet_config import VehicleConfig
from sim.link_faults import FaultyLink, Way
from sim.wire import HEADER_V2, Message
from vehicles import px4
from vehicles.mavlink_link import MavlinkLink
from vehicles.message_wire import Outgoing, Taker

TICK_S = 0.02
"""How often the vehicle is simulated and the link looked at: as often as the simulation itself steps."""
HEARTBEAT_S = 1.0
TYPE_GCS = 6
BOOT_S = 4.0
"""A simulated vehicle is ready to arm after this long."""
_EXTENDED = {
    layout.message_id: (layout, names)
    for layout, names in (
        (
            Message.MISSION_CURRENT,
            ("seq", "total", "mission_state", "mission_mode", "mission_id", "fence_id", "rally_points_id"),
        ),
        (Message.MISSION_COUNT, ("count", "target_system", "target_component", "mission_type", "opaque_id")),
        (Message.MISSION_ACK, ("target_system", "target_component", "type", "mission_type", "opaque_id")),
    )
}
"""Messages with fields that pymavlink's dialect lacks, and these in wire order."""


class LossyWire:
    """A `MessageWire` to one sans-IO autopilot over a faulty link. Frames of `wanted` names only are decoded."""

    def __init__(self, autopilot: Autopilot, link: FaultyLink) -> None:
        self.autopilot = autopilot
        self.link = link
        self._encoder = dialect.MAVLink(None, px4.OWN_SYSTEM_ID, 190)
        self._decoder = dialect.MAVLink(None)
        self._takers: defaultdict[str, list[Taker]] = defaultdict(list)
        self._loop = asyncio.get_running_loop()
        self._next_beat_s = 0.0
        self._boot_s = self._loop.time() - autopilot.now_s

    def subscribe(self, name: str, take: Taker) -> None:
        """Hand over every message of this name."""
        self._takers[name].append(take)

    def send(self, message: Outgoing) -> None:
        """Send one message to the autopilot."""
        self._offer_up(self._encoded(message))

    def send_unharmed(self, message: Outgoing) -> None:
        """Hand one message to the autopilot past all faults."""
        self.autopilot.receive(self._encoded(message).pack(self._encoder))

    def _encoded(self, message: Outgoing) -> Any:
        kind = getattr(dialect, f"MAVLink_{message.name.lower()}_message")
        known = {name: value for name, value in message.fields.items() if name in kind.fieldnames}
        fields = {
            "target_system": self.autopilot.onboard.config.system_id,
            "target_component": px4.AUTOPILOT_COMPONENT,
            **{name: _native(value) for name, value in known.items()},
        }
        return kind(**fields)

    def _offer_up(self, message: Any) -> None:
        self.link.offer(Way.UP, message.pack(self._encoder), self._loop.time())

    def step(self) -> None:
        """Bring the link and the vehicle to the loop's time."""
        now_s = self._loop.time()
        if now_s >= self._next_beat_s:
            self._next_beat_s = now_s + HEARTBEAT_S
            self._offer_up(dialect.MAVLink_heartbeat_message(TYPE_GCS, 8, 0, 0, 4, 3))
        self.link.advance(now_s)
        for packet in self.link.ways[Way.UP].take(now_s):
            self.autopilot.receive(packet)
        self.autopilot.advance(now_s - self._boot_s)
        for frame in self.autopilot.take():
            self.link.offer(Way.DOWN, frame, now_s)
        for frame in self.link.ways[Way.DOWN].take(now_s):
            self._hand_over(frame)

    def _hand_over(self, frame: bytes) -> None:
        message_id = int.from_bytes(frame[7:10], "little")
        kind = dialect.mavlink_map.get(message_id)
        takers = self._takers.get(kind.msgname) if kind is not None else None
        if kind is None or not takers:
            return
        fields = self._fields(message_id, frame)
        encoded = msgspec.json.encode(fields).decode()  # NaN becomes null, as MAVSDK writes it
        for take in takers:
            take(kind.msgname, encoded)

    def _fields(self, message_id: int, frame: bytes) -> dict[str, Any]:
        if message_id in _EXTENDED:
            layout, names = _EXTENDED[message_id]
            payload = frame[HEADER_V2.size : HEADER_V2.size + frame[1]]
            return dict(zip(names, layout.payload.unpack(payload.ljust(layout.payload.size, b"\0")), strict=True))
        message = self._decoder.decode(bytearray(frame))
        return {name: getattr(message, name) for name in message.fieldnames}


def _native(value: float | str | None) -> float | bytes:
    """A field as pymavlink takes it."""
    if value is None:
        return math.nan
    return value.encode() if isinstance(value, str) else value


def stream_off(message_id: int) -> dict[str, int | float | None]:
    """Fields of the COMMAND_LONG that switches a message off."""
    values = [float(message_id), -1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    parameters = {f"param{number}": value for number, value in enumerate(values, start=1)}
    return {"command": int(px4.Command.SET_MESSAGE_INTERVAL), "confirmation": 0, **parameters}


class LossyVehicle:
    """A simulated vehicle and the link to it, kept going by a task while the context is open.

    Attributes:
        autopilot: what the vehicle really holds and does.
        link: the real `VehicleLink`.
        wire: the faulty wire between them; `wire.link.set` changes the faults.
    """

    def __init__(self, config: VehicleConfig, faults: FaultyLink, *, max_stream_hz: float = 5.0) -> None:
        self.autopilot = Autopilot(config, max_stream_hz=max_stream_hz)
        self.autopilot.advance(BOOT_S)
        self.autopilot.take()
        self.wire = LossyWire(self.autopilot, faults)
        for message_id in px4.UNWANTED_MESSAGES:  # as a gateway does before anything else
            self.wire.send_unharmed(Outgoing("COMMAND_LONG", stream_off(message_id)))
        self.autopilot.take()
        self.link = MavlinkLink(config.vehicle_id, config.system_id, self.wire, 1.0)
        self._known = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Go on from the boot until the vehicle's state is known."""
        self._task = asyncio.create_task(self._run(), name="lossy vehicle")
        await self._known.wait()
        return self

    def _is_known(self) -> bool:
        received = self.link.assembly.received
        needed = (px4.HEARTBEAT, px4.EXTENDED_SYS_STATE, px4.MISSION_CURRENT, px4.GLOBAL_POSITION_INT)
        return all(received[name] for name in needed)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            self.wire.step()
            if self.link.pump() and self._is_known():
                self._known.set()
            await asyncio.sleep(TICK_S)
