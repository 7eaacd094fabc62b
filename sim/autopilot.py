"""One simulated PX4 vehicle, without input or output: messages and time in, frames out.

    autopilot.receive(datagram)        bytes that came over the link
    autopilot.advance(until_s)         simulate up to a moment
    autopilot.take() -> list[bytes]    frames to send, in order

Time is simulated seconds since boot. It goes from event to event: a *flight step* moves the airframe and runs all
logic, a *stream step* sends what is due. While something changes, flight steps are 20 to 100 ms apart; while nothing
does – on the ground, in steady cruise, climb or hover – the next is as far away as the airframe, the timers and
whoever observes allow. Where `advance` stops makes no difference, so a flight is the same on every machine.
"""

import math
from collections.abc import Callable
from typing import Any

from sim.commander import Commander
from sim.commands import ACCEPTED_COMPONENTS, Commands, command_of
from sim.fleet_config import VehicleConfig
from sim.mission_protocol import MissionProtocol, TransferState
from sim.modes import Mode
from sim.navigator import Navigator
from sim.onboard import Onboard
from sim.parameters import WireParameter
from sim.position_error import PositionError
from sim.streams import Streams
from sim.wire import FrameReader, Message
from sim.world import World

TICK_S = 0.01
"""Messages go out on this grid: ATTITUDE is sent at 100 Hz."""
STEP_S = 0.02
STEP_TICKS = 2
"""Least time between two flight steps."""
FLYING_STEPS = 25
FENCED_STEPS = 10
STANDING_STEPS = 5
PARKED_STEPS = 25
"""Most flight steps in one stride: in the air, in the air with a fence or hills, armed on the ground, disarmed."""
SPEND_S = 0.2
"""The battery is looked at this often, or with each longer stride."""
PARAMETERS_PER_STEP = 4
"""How fast PARAM_REQUEST_LIST is answered: 200 a second of simulated time."""
DOWN_S = 3.0
"""How long an autopilot that restarts says nothing."""
ROUNDING = 1e-6
NEVER_TICK = 1 << 62
TYPE_GCS = 6

Observer = Callable[["Autopilot"], None]
"""Looks at a vehicle after each flight step; calls `Autopilot.wake_by` where the next must not be later."""


class Autopilot:
    """A whole vehicle: autopilot, airframe, battery and payload.

    Args:
        config: the vehicle.
        link_time_scale: simulated seconds per second on the link (the speed factor).
        max_stream_hz: most messages of one stream in a second on the link.
        position_error: how far it is from where it believes to be; None for not at all.
        world: wind and ground; None for still air over level ground.

    Attributes:
        onboard: the true state, for whoever watches the simulation.
        observers: called after every flight step (faults, ground crew, truth log).
        silent: nothing is sent and nothing is heard; the vehicle goes on with what it does.
    """

    def __init__(
        self,
        config: VehicleConfig,
        *,
        link_time_scale: float = 1.0,
        max_stream_hz: float = 100.0,
        position_error: PositionError | None = None,
        world: World | None = None,
    ) -> None:
        self.onboard = Onboard(config, link_time_scale, position_error=position_error, given_world=world)
        self.navigator = Navigator(self.onboard)
        self.commander = Commander(self.onboard, self.navigator)
        least_interval_s = link_time_scale / max_stream_hz
        self.streams = Streams(self.onboard, self.commander, self.navigator, least_interval_s)
        self.commands = Commands(self.onboard, self.commander, self.navigator, self.streams)
        self.protocol = MissionProtocol(self.onboard.plans, self.onboard.outbox, link_time_scale)
        self.observers: list[Observer] = []
        self.silent = False
        self._reader = FrameReader()
        self._tick = 0
        self._flight_tick = STEP_TICKS
        self._spent_s = 0.0
        self._listing: list[WireParameter] = []
        self._speaks_at_s = math.inf

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
        """Simulate up to `until_s`, as far as whole ticks go."""
        last = math.floor(until_s / TICK_S + ROUNDING)
        onboard, streams = self.onboard, self.streams
        while True:
            stream_s = streams.next_s
            due = last + 1 if math.isinf(stream_s) else math.ceil(stream_s / TICK_S - ROUNDING)
            tick = min(max(due, self._tick + 1), self._flight_tick)
            if tick > last:
                break
            self._tick = tick
            onboard.now_s = tick * TICK_S
            if tick == self._flight_tick:
                self._flight_tick = NEVER_TICK  # observers may bring it forward
                self._flight_step()
                self._flight_tick = min(self._flight_tick, tick + STEP_TICKS * self._stride_steps())
            streams.step()
        if last > self._tick:
            self._tick = last
            onboard.now_s = last * TICK_S

    def reboot(self, down_s: float = DOWN_S) -> None:
        """Restart the autopilot, in flight as well: its clock and counters begin anew, plans and parameters stay.

        It neither sends nor hears anything for `down_s`. In the air it holds; the mission begins at its first item
        again. Message intervals, commands, transfers and the ground station that was heard are forgotten.
        """
        onboard = self.onboard
        self.silent, self._speaks_at_s = True, onboard.now_s + down_s
        onboard.booted_s = onboard.now_s
        onboard.outbox.restart(onboard.system_id)
        onboard.plans.requested_current = 0
        self.protocol.reset()
        self.commands.reset()
        self.streams.reset()
        self._listing.clear()
        self.commander.note_booted()
        self.commander.request_mode(Mode.LOITER)

    def wake_by(self, time_s: float) -> None:
        """Take the next flight step no later than at a moment of simulated time."""
        if math.isfinite(time_s):
            step = math.floor(time_s / STEP_S + ROUNDING)
            self._flight_tick = min(self._flight_tick, max(step, self._tick // STEP_TICKS + 1) * STEP_TICKS)

    def _flight_step(self) -> None:
        onboard = self.onboard
        now = onboard.now_s
        self._move(now)
        onboard.outbox.tick(now)
        self.protocol.step(now)
        self.commands.step()
        if now >= self.commands.reboots_at_s - ROUNDING:
            self.reboot()
        if now >= self._speaks_at_s - ROUNDING:
            self.silent, self._speaks_at_s = False, math.inf
        self.wake_by(self._speaks_at_s)
        self.navigator.step()
        self.protocol.current_sequence = self.navigator.mission.current
        self.commander.step()
        if now - self._spent_s >= SPEND_S - ROUNDING:
            self._spend(now - self._spent_s)
            self._spent_s = now
        for observer in tuple(self.observers):
            observer(self)
        onboard.note_stance()
        self.streams.tell_mission_progress()
        onboard.outbox.send_texts()
        if self._listing:
            for parameter in self._listing[:PARAMETERS_PER_STEP]:
                self._send_parameter(parameter)
            del self._listing[:PARAMETERS_PER_STEP]

    def _move(self, now: float) -> None:
        """Carry the airframe on to now under the guidance it had."""
        onboard, airframe = self.onboard, self.onboard.airframe
        elapsed_s, onboard.moved_s = now - onboard.moved_s, now
        if onboard.motors_failed:
            # The fall ends on the ground, where the vehicle is disarmed for good.
            if airframe.fall(elapsed_s) and onboard.armed:
                self.commander.disarm(forced=True, reason="Critical failure detected: lockdown")
        elif self.commander.detector.may_move:
            onboard.feel_world()
            airframe.step(elapsed_s)

    def _stride_steps(self) -> int:
        """How many flight steps may be taken as one from here."""
        onboard = self.onboard
        if (
            self.protocol.state is not TransferState.IDLE
            or self.commands.is_busy
            or self._listing
            or onboard.outbox.has_texts
        ):
            return 1
        if onboard.motors_failed:
            return PARKED_STEPS if onboard.airframe.on_ground and not onboard.armed else 1
        if not onboard.armed:
            return PARKED_STEPS if onboard.landed else 1
        steady_s = self.navigator.steady_s()
        if onboard.landed:
            most = 1 if self.commander.detector.is_waiting_to_leave else STANDING_STEPS
        elif not self.commander.detector.may_move or self.commander.detector.is_touching:
            most = 1
        else:
            airframe = onboard.airframe
            steady_s = min(steady_s, max(airframe.steady_s(), airframe.smooth_s()))
            most = FENCED_STEPS if onboard.fence.areas or not onboard.world.is_flat else FLYING_STEPS
        return most if steady_s >= most * STEP_S else max(int(steady_s / STEP_S), 1)

    def _spend(self, elapsed_s: float) -> None:
        """Draw the battery; an empty one stops the motors."""
        onboard = self.onboard
        flying = onboard.armed and not onboard.landed
        onboard.battery.draw(onboard.power_w(), elapsed_s)
        onboard.motors_failed |= flying and onboard.battery.remaining_wh <= 0.0
        error = onboard.position_error
        if error is not None:
            (error.rest if onboard.landed else error.step)(onboard.now_s)

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
                onboard.outbox.send(Message.TIMESYNC, round(onboard.since_boot_s * 1e9), message.ts1)
            return
        if not self._is_for_us(message):
            return
        self.wake_by(onboard.now_s)
        if name in ("COMMAND_LONG", "COMMAND_INT"):
            self.commands.receive(command_of(message))
        elif not self.protocol.receive(message, onboard.now_s):
            self._handle_parameter(name, message)

    def _is_for_us(self, message: Any) -> bool:
        system = getattr(message, "target_system", None)
        if system is None or system not in (0, self.onboard.system_id):
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
