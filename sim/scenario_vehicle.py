"""One vehicle of a scenario, in virtual time: a simulated PX4 on one end of a faulty radio, the real link on the other.

Radios may be shared: then every ground end hears every vehicle, as on one telemetry channel, and tells them apart by
system id alone. Whoever judges the flights may listen to what is sent (`ScenarioWire.sent`) and heard.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pymavlink.dialects.v20 import common as dialect

from sim.autopilot import Autopilot
from sim.fleet_config import FleetConfig, VehicleConfig
from sim.link_faults import FaultyLink, Way
from sim.lossy_wire import BOOT_S, HEARTBEAT_S, TYPE_GCS, LossyWire, stream_off
from sim.vehicle_setup import set_up
from vehicles import px4
from vehicles.mavlink_link import MavlinkLink
from vehicles.message_wire import Outgoing

_MISSION_CURRENT_ID: Final = 42

Sent = Callable[[str, Mapping[str, int | float | str | None]], None]
"""Hears each message that mission control sends: its name and fields."""


class ScenarioWire(LossyWire):
    """A radio to one vehicle, or the ground end of one that several share.

    Attributes:
        channel: the ground ends of every vehicle on the same radio, this one among them.
        sent: hears what mission control sends.
        heard_plan: called whenever a MISSION_CURRENT has arrived.
    """

    def __init__(self, autopilot: Autopilot, link: FaultyLink) -> None:
        super().__init__(autopilot, link)
        self.channel: Sequence[ScenarioWire] = (self,)
        self.sent: Sent = lambda _name, _fields: None
        self.heard_plan: Callable[[], None] = lambda: None
        self._system_id = autopilot.onboard.config.system_id

    @property
    def boot_s(self) -> float:
        """The loop's time at which the vehicle was switched on."""
        return self._boot_s

    def send(self, message: Outgoing) -> None:
        """Send one message to the autopilot."""
        self.sent(message.name, message.fields)
        super().send(message)

    def step(self) -> None:
        """Bring the radio and the vehicle to the loop's time."""
        now_s = self._loop.time()
        if now_s >= self._next_beat_s:
            self._next_beat_s = now_s + HEARTBEAT_S
            self._offer_up(dialect.MAVLink_heartbeat_message(TYPE_GCS, 8, 0, 0, 4, 3))
        self.link.advance(now_s)
        for packet in self.link.ways[Way.UP].take(now_s):
            for end in self.channel:
                end.autopilot.receive(packet)
        self.autopilot.advance(now_s - self._boot_s)
        for frame in self.autopilot.take():
            self.link.offer(Way.DOWN, frame, now_s)
        for frame in self.link.ways[Way.DOWN].take(now_s):
            for end in self.channel:
                end.hear(frame)

    def hear(self, frame: bytes) -> None:
        """Take a frame from the radio; what another system id says is somebody else's."""
        if frame[5] != self._system_id:
            return
        message_id = int.from_bytes(frame[7:10], "little")
        self._hand_over(frame)
        if message_id == _MISSION_CURRENT_ID:
            self.heard_plan()


class ScenarioVehicle:
    """A simulated vehicle and the link to it. Something must call `step` again and again.

    Args:
        fleet: whose vehicle it is.
        config: the vehicle.
        link: its radio's faults.

    Attributes:
        autopilot: what the vehicle really holds and does.
        wire: the radio.
        link: the real `VehicleLink`.
    """

    def __init__(self, fleet: FleetConfig, config: VehicleConfig, link: FaultyLink) -> None:
        self.vehicle_id = config.vehicle_id
        self.autopilot = set_up(fleet, config)
        self.autopilot.advance(BOOT_S)
        self.autopilot.take()
        self.wire = ScenarioWire(self.autopilot, link)
        for message_id in px4.UNWANTED_MESSAGES:  # as a gateway does before anything else
            self.wire.send_unharmed(Outgoing("COMMAND_LONG", stream_off(message_id)))
        self.autopilot.take()
        self.link = MavlinkLink(config.vehicle_id, config.system_id, self.wire, 1.0)

    def step(self) -> None:
        """Bring everything to the loop's time, and take in what was heard."""
        self.wire.step()
        self.link.pump()

    @property
    def is_down(self) -> bool:
        """Whether it stands disarmed on the ground, or lies there."""
        onboard = self.autopilot.onboard
        return bool(onboard.airframe.on_ground and (not onboard.armed or onboard.motors_failed))
