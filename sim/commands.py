"""The commands that a simulated PX4 knows, as one table, and how it answers them.

Commands to the link itself are answered at once; commands to the vehicle are carried out with the next cycle.
DO_SET_MODE therefore gets two ACKs: the link's, which is always ACCEPTED, and the commander's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sim.commander import Commander
from sim.gripper import GripperAction
from sim.modes import BY_CUSTOM_MODE, MAIN_MODE_AUTO, Mode, VtolState
from sim.navigator import Navigator
from sim.onboard import AUTOPILOT_COMPONENT, Onboard
from sim.outbox import Severity
from sim.streams import Streams
from sim.wire import Message

FORCE_MAGIC = 21196.0
CUSTOM_MODE_ENABLED = 1
FENCE_WARNS = 1
"""Highest GF_ACTION that keeps nobody from leaving the fence."""
PROGRESS_UNKNOWN = 255
REBOOT_DELAY_S = 0.4
"""PX4 answers, and restarts so long afterwards: the ACK has left by then."""


class Result(IntEnum):
    """MAV_RESULT."""

    ACCEPTED = 0
    TEMPORARILY_REJECTED = 1
    DENIED = 2
    UNSUPPORTED = 3
    FAILED = 4
    IN_PROGRESS = 5
    CANCELLED = 6


@dataclass(frozen=True, slots=True)
class Command:
    """One COMMAND_LONG or COMMAND_INT, made alike.

    Attributes:
        parameters: param1-4 as sent, and param5-7 as latitude and longitude in degrees and z.
        sender: system and component to answer.
    """

    number: int
    parameters: tuple[float, float, float, float, float, float, float]
    sender: tuple[int, int]

    def whole(self, index: int) -> int | None:
        """Parameter `index` (from 1) as an integer, or None where it is no number."""
        value = self.parameters[index - 1]
        return round(value) if math.isfinite(value) and abs(value) < 2**31 else None


def command_of(message: Any) -> Command:
    """Read a COMMAND_LONG or COMMAND_INT."""
    if message.get_type() == "COMMAND_INT":
        place = (message.x * 1e-7, message.y * 1e-7, message.z)
    else:
        place = (message.param5, message.param6, message.param7)
    parameters = (message.param1, message.param2, message.param3, message.param4, *place)
    return Command(message.command, parameters, (message.get_srcSystem(), message.get_srcComponent()))


class Commands:
    """Carries out commands and acknowledges them.

    Attributes:
        reboots_at_s: when the autopilot must restart because it was told to; inf for never.
    """

    def __init__(self, onboard: Onboard, commander: Commander, navigator: Navigator, streams: Streams) -> None:
        self._onboard = onboard
        self._commander = commander
        self._navigator = navigator
        self._streams = streams
        self._waiting: list[Command] = []
        self._gripper_asked: dict[int, Command] = {}
        self.reboots_at_s = math.inf

    @property
    def is_busy(self) -> bool:
        """Whether a command waits to be carried out or to be answered."""
        return bool(self._waiting or self._onboard.grippers.moving) or math.isfinite(self.reboots_at_s)

    def reset(self) -> None:
        """Forget every command, as a restart does."""
        self._waiting.clear()
        self._gripper_asked.clear()
        self.reboots_at_s = math.inf

    def receive(self, command: Command) -> None:
        """Take a command addressed to this vehicle."""
        at_once = _LINK_COMMANDS.get(command.number)
        if at_once is not None:
            self._ack(command, at_once(self, command))
            return
        if command.number == DO_SET_MODE:
            self._ack(command, Result.ACCEPTED)
        self._waiting.append(command)

    def step(self) -> None:
        """Carry out what waits, in order; nothing any more once a reboot was accepted."""
        if math.isfinite(self.reboots_at_s):
            return
        for gripper in self._onboard.ended_grippers():
            asked = self._gripper_asked.pop(gripper, None)
            if asked is not None:
                self._ack(asked, Result.ACCEPTED)
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for command in waiting:
            if command.number == DO_VTOL_TRANSITION and self._onboard.airframe.vtol_state == VtolState.NONE:
                continue
            handler = _VEHICLE_COMMANDS.get(command.number)
            if handler is None and command.number in _UNANSWERED:
                continue
            if handler is None:
                self._ack(command, Result.UNSUPPORTED)
                continue
            result = handler(self, command)
            progress = PROGRESS_UNKNOWN if result is Result.IN_PROGRESS else 0
            self._ack(command, result, progress)

    def _ack(self, command: Command, result: Result, progress: int = 0) -> None:
        self._onboard.outbox.send(Message.COMMAND_ACK, command.number, result, progress, 0, *command.sender)

    def _request_message(self, command: Command) -> Result:
        message_id = command.whole(1)
        sent = message_id is not None and self._streams.send_once(message_id)
        return Result.ACCEPTED if sent else Result.DENIED

    def _request_version(self, _command: Command) -> Result:
        return Result.ACCEPTED if self._streams.send_once(Message.AUTOPILOT_VERSION.message_id) else Result.DENIED

    def _request_home(self, _command: Command) -> Result:
        return Result.ACCEPTED if self._streams.send_once(Message.HOME_POSITION.message_id) else Result.DENIED

    def _set_interval(self, command: Command) -> Result:
        message_id, interval_us = command.whole(1), command.whole(2)
        if message_id is None or interval_us is None:
            return Result.FAILED
        return Result.ACCEPTED if self._streams.set_interval(message_id, interval_us) else Result.FAILED

    def _get_interval(self, command: Command) -> Result:
        message_id = command.whole(1)
        if message_id is None:
            return Result.DENIED
        interval = self._streams.interval_us(message_id)
        self._onboard.outbox.send(Message.MESSAGE_INTERVAL, interval, message_id & 0xFFFF)
        return Result.ACCEPTED

    def _set_mode(self, command: Command) -> Result:
        base_mode, main_mode, sub_mode = command.whole(1), command.whole(2), command.whole(3)
        if base_mode is None or not base_mode & CUSTOM_MODE_ENABLED:
            return Result.TEMPORARILY_REJECTED
        if main_mode == MAIN_MODE_AUTO and not sub_mode:
            sub_mode = Mode.MISSION.value.sub_mode
        return self._change_mode(BY_CUSTOM_MODE.get((main_mode or 0, sub_mode or 0)))

    def _change_mode(self, mode: Mode | None) -> Result:
        accepted = mode is not None and self._commander.request_mode(mode)
        return Result.ACCEPTED if accepted else Result.TEMPORARILY_REJECTED

    def _arm_disarm(self, command: Command) -> Result:
        forced = command.parameters[1] == FORCE_MAGIC
        match command.whole(1):
            case 1:
                done = self._commander.arm()
            case 0:
                done = self._commander.disarm(forced=forced)
            case _:
                return Result.UNSUPPORTED
        return Result.ACCEPTED if done else Result.TEMPORARILY_REJECTED

    def _start_mission(self, command: Command) -> Result:
        if not self._commander.mission_valid:
            self._onboard.outbox.text(Severity.CRITICAL, "Mission start denied! No valid mission")
            return Result.DENIED
        if not -1.0 <= command.parameters[0] < len(self._navigator.mission.items):
            return Result.DENIED
        started = self._commander.request_mode(Mode.MISSION) and self._commander.arm(reason="Armed by mission start")
        return Result.ACCEPTED if started else Result.TEMPORARILY_REJECTED

    def _return_to_launch(self, _command: Command) -> Result:
        result = self._change_mode(Mode.RTL)
        if result is Result.ACCEPTED:
            self._onboard.outbox.text(Severity.INFO, "Returning to launch")
        return result

    def _land(self, _command: Command) -> Result:
        result = self._change_mode(Mode.LAND)
        if result is Result.ACCEPTED:
            self._onboard.outbox.text(Severity.INFO, "Landing at current position")
        return result

    def _take_off(self, command: Command) -> Result:
        self._navigator.ask_takeoff(command.parameters[6])
        return self._change_mode(Mode.TAKEOFF)

    def _reposition(self, command: Command) -> Result:
        if command.whole(2) != 1:
            return Result.UNSUPPORTED
        onboard, (speed, *_, latitude, longitude, amsl) = self._onboard, command.parameters
        result = self._change_mode(Mode.LOITER)
        if result is not Result.ACCEPTED or not onboard.armed:  # disarmed, PX4 accepts it and forgets it
            return result
        north, east, up = onboard.airframe.position
        if math.isfinite(latitude) and math.isfinite(longitude):
            north, east = onboard.plane.to_local(latitude, longitude)
        if math.isfinite(amsl):
            up = amsl - onboard.config.home.altitude_amsl_m
        if onboard.parameters["GF_ACTION"] > FENCE_WARNS and not onboard.fence.allows(
            onboard.plane.to_global(north, east)
        ):
            onboard.outbox.text(Severity.CRITICAL, "Reposition is outside geofence")
            return result
        self._navigator.ask_reposition((north, east, up), speed if math.isfinite(speed) else -1.0)
        return result

    def _drive_gripper(self, command: Command) -> Result:
        instance, action = command.whole(1), command.whole(2)
        if instance is None or action not in set(GripperAction):
            return Result.DENIED
        asked, grippers = GripperAction(action), self._onboard.grippers
        if grippers.is_done(instance, asked):
            return Result.ACCEPTED
        if grippers.is_doing(instance, asked):
            return Result.TEMPORARILY_REJECTED
        before = self._gripper_asked.pop(instance, None)
        if before is not None:
            self._ack(before, Result.CANCELLED)
        self._onboard.drive_gripper(instance, asked)
        self._gripper_asked[instance] = command
        return Result.IN_PROGRESS

    def _change_speed(self, command: Command) -> Result:
        self._navigator.mission.change_speed(command.parameters[1])
        return Result.ACCEPTED

    def _transition(self, command: Command) -> Result:
        """Between hover and wing; refused to the wing where PX4 is coming down or going up."""
        to_wing = command.whole(1) == VtolState.WING
        if to_wing and self._onboard.mode in (Mode.TAKEOFF, Mode.LAND, Mode.RTL):
            return Result.TEMPORARILY_REJECTED
        self._onboard.airframe.transition(to_wing=to_wing)
        return Result.ACCEPTED

    def _terminate(self, command: Command) -> Result:
        if command.whole(1) != 1 or not self._onboard.armed:
            return Result.DENIED
        self._onboard.motors_failed = True
        return Result.ACCEPTED

    def _reboot(self, command: Command) -> Result:
        """Nothing (0) is accepted always, a restart (1) disarmed; the rest as from a flight controller without them."""
        match command.whole(1):
            case 0:
                return Result.ACCEPTED
            case 1 if not self._onboard.armed:
                self.reboots_at_s = self._onboard.now_s + REBOOT_DELAY_S
                return Result.ACCEPTED
            case _:
                return Result.DENIED

    def _set_home(self, command: Command) -> Result:
        if command.whole(1) != 1:
            return Result.DENIED
        self._onboard.set_home_here()
        return Result.ACCEPTED


DO_SET_MODE = 176
DO_VTOL_TRANSITION = 3000

_Handler = Callable[[Commands, Command], Result]

_LINK_COMMANDS: dict[int, _Handler] = {
    410: Commands._request_home,
    510: Commands._get_interval,
    511: Commands._set_interval,
    512: Commands._request_message,
    520: Commands._request_version,
}
"""GET_HOME_POSITION, GET_MESSAGE_INTERVAL, SET_MESSAGE_INTERVAL, REQUEST_MESSAGE, REQUEST_AUTOPILOT_CAPABILITIES."""

_VEHICLE_COMMANDS: dict[int, _Handler] = {
    20: Commands._return_to_launch,
    21: Commands._land,
    22: Commands._take_off,
    DO_SET_MODE: Commands._set_mode,
    178: Commands._change_speed,
    179: Commands._set_home,
    185: Commands._terminate,
    192: Commands._reposition,
    211: Commands._drive_gripper,
    246: Commands._reboot,
    300: Commands._start_mission,
    400: Commands._arm_disarm,
    DO_VTOL_TRANSITION: Commands._transition,
}
"""NAV_RETURN_TO_LAUNCH, NAV_LAND, NAV_TAKEOFF, DO_SET_MODE, DO_CHANGE_SPEED, DO_SET_HOME,
DO_FLIGHTTERMINATION, DO_REPOSITION, DO_GRIPPER, PREFLIGHT_REBOOT_SHUTDOWN, MISSION_START, COMPONENT_ARM_DISARM,
DO_VTOL_TRANSITION. Everything else is UNSUPPORTED, DO_SET_MISSION_CURRENT (224) included: PX4 v1.16 only knows
the message MISSION_SET_CURRENT."""

_UNANSWERED = frozenset(
    {0, 1, 2, 80, 93, 189, 191, 195, 196, 197, 201, 203, 204, 205, 206, 214, 220, 242, 243, 260, 311, 420, 500}
    | {521, 530, 531, 532, 1000, 1001, 2003, 2510, 2511, DO_VTOL_TRANSITION, 30001, 30002, 42600, 43003}
)
"""Commands that PX4's commander leaves to modules which a vehicle may not run: then nobody answers (Commander.cpp)."""

ACCEPTED_COMPONENTS = frozenset({0, AUTOPILOT_COMPONENT})
