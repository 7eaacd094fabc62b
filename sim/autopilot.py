"""One simulated PX4 vehicle, without input or output: messages and time in, frames out.

    autopilot.receive(datagram)        bytes that came over the link
    autopilot.advance(until_s)         simulate up to a moment
    autopilot.take() -> list[bytes]    frames to send, in order

Time is simulated seconds since boot and moves in fixed steps, so a flight is the same on every machine.
"""

from collections.abc import Callable
from typing import Any

from sim.commander import Commander
from sim.commands import ACCEPTED_COMPONENTS, Commands, command_of
from sim.fleet_config import VehicleConfig
from sim.mission_protocol import MissionProtocol
from sim.navigator import Navigator
from sim.onboard import Onboard
from sim.parameters import WireParameter
from sim.position_error import PositionError
from sim.streams import Streams
from sim.wire import FrameReader, Message

STEP_S = 0.02
TYPE_GCS = 6
BATTERY_EVERY_STEPS = 10
PARAMETERS_PER_STEP = 4
"""How fast PARAM_REQUEST_LIST is answered: 200 a second of simulated time."""

Observer = Callable[["Autopilot"], None]


class Autopilot:
    """A whole vehicle: autopilot, airframe, battery and payload.

    Args:
        config: the vehicle.
        link_time_scale: simulated seconds per second on the link (the speed factor).
        max_stream_hz: most messages of one stream in a second on the link.
        position_error: how far it is from where it believes to be; None for not at all.

    Attributes:
        onboard: the true state, for whoever watches the simulation.
        observers: called after every step (faults, ground crew, truth log).
        silent: nothing is sent and nothing is heard; the vehicle goes on with what it does.
    """

    def __init__(
        self,
        config: VehicleConfig,
        *,
        link_time_scale: float = 1.0,
        max_stream_hz: float = 100.0,
        position_error: PositionError | None = None,
    ) -> None:
        self.onboard = Onboard(config, link_time_scale, position_error=position_error)
        self.navigator = Navigator(self.onboard)
        self.commander = Commander(self.onboard, self.navigator)
        least_interval_s = link_time_scale / max_stream_hz
        self.streams = Streams(self.onboard, self.commander, self.navigator, least_interval_s)
        self.commands = Commands(self.onboard, self.commander, self.navigator, self.streams)
        self.protocol = MissionProtocol(self.onboard.plans, self.onboard.outbox, link_time_scale)
        self.observers: list[Observer] = []
        self.silent = False
        self._reader = FrameReader()
        self._steps = 0
        self._listing: list[WireParameter] = []

    @property
    def now_s(self) -> float:
        """Simulated seconds since boot."""
        return self.onboard.now_s

    def receive(self, datagram: bytes) -> None:
        """Take a datagram. Broken frames and frames for others are passed over; nothing raises."""
        if self.silent:
            return
        for message in self._reader.messages(datagram):
            self._handle(message)

    def take(self) -> list[bytes]:
        """Return the frames that wait to be sent."""
        frames = self.onboard.outbox.take()
        return [] if self.silent else frames

    def advance(self, until_s: float) -> None:
        """Simulate whole steps up to `until_s`."""
        while (self._steps + 1) * STEP_S <= until_s + 1e-9:
            self._step()

    def _step(self) -> None:
        onboard = self.onboard
        self._steps += 1
        onboard.now_s = now = self._steps * STEP_S
        onboard.outbox.tick(now)
        self.protocol.step(now)
        self.commands.step()
        self.navigator.step()
        self.protocol.current_sequence = self.navigator.mission.current
        self.commander.step()
        airframe = onboard.airframe
        if onboard.motors_failed:
            self._fall()
        elif self.commander.detector.may_move:
            airframe.step(STEP_S)
        if self._steps % BATTERY_EVERY_STEPS == 0:
            self._spend()
        for observer in self.observers:
            observer(self)
        self.streams.step()
        onboard.outbox.send_texts()
        for parameter in self._listing[:PARAMETERS_PER_STEP]:
            self._send_parameter(parameter)
        del self._listing[:PARAMETERS_PER_STEP]

    def _spend(self) -> None:
        """Draw the battery; an empty one stops the motors."""
        onboard = self.onboard
        airframe, flying = onboard.airframe, onboard.armed and not onboard.landed
        onboard.battery.draw(
            armed=onboard.armed,
            flying=flying and not onboard.motors_failed,
            payload_kg=onboard.payload.mass_kg,
            ground_speed_m_s=airframe.ground_speed_m_s,
            climb_m_s=airframe.velocity_up_m_s,
            dt_s=BATTERY_EVERY_STEPS * STEP_S,
        )
        onboard.motors_failed |= flying and onboard.battery.remaining_wh <= 0.0
        error = onboard.position_error
        if error is not None:
            (error.rest if onboard.landed else error.step)(onboard.now_s)

    def _fall(self) -> None:
        """Fall freely; on the ground the vehicle is disarmed for good."""
        if self.onboard.airframe.fall(STEP_S) and self.onboard.armed:
            self.commander.disarm(forced=True, reason="Critical failure detected: lockdown")

    def _handle(self, message: Any) -> None:
        name = message.get_type()
        onboard = self.onboard
        if name == "HEARTBEAT":
            if message.type == TYPE_GCS:
                onboard.outbox.hear_gcs(onboard.now_s)
                self.commander.failsafes.gcs_heard_s = onboard.now_s
            return
        if name == "PING":
            if message.target_system == 0:
                sender = message.get_srcSystem(), message.get_srcComponent()
                onboard.outbox.send(Message.PING, message.time_usec, message.seq, *sender)
            return
        if name == "TIMESYNC":
            if message.tc1 == 0:
                onboard.outbox.send(Message.TIMESYNC, round(onboard.now_s * 1e9), message.ts1)
            return
        if not self._is_for_us(message):
            return
        if name in ("COMMAND_LONG", "COMMAND_INT"):
            self.commands.receive(command_of(message))
        elif not self.protocol.receive(message, onboard.now_s):
            self._handle_parameter(name, message)

    def _is_for_us(self, message: Any) -> bool:
        system = getattr(message, "target_system", None)
        if system is None or system not in (0, self.onboard.config.system_id):
            return False
        return getattr(message, "target_component", 0) in ACCEPTED_COMPONENTS

    def _handle_parameter(self, name: str, message: Any) -> None:
        parameters = self.onboard.parameters
        answer: WireParameter | None = None
        if name == "PARAM_REQUEST_LIST":
            self._listing = list(parameters)
        elif name == "PARAM_REQUEST_READ":
            by_name = message.param_index < 0
            answer = parameters.read(message.param_id) if by_name else parameters.read_index(message.param_index)
        elif name == "PARAM_SET":
            answer = parameters.write(message.param_id, message.param_value, message.param_type)
        if answer is not None:
            self._send_parameter(answer)

    def _send_parameter(self, parameter: WireParameter) -> None:
        name = parameter.name.encode()
        fields = parameter.wire_value, parameter.count, parameter.index, name, parameter.param_type
        self.onboard.outbox.send(Message.PARAM_VALUE, *fields)
