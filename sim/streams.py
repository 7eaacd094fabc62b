"""What a vehicle sends by itself, and how often: PX4's onboard link as one table.

Rates are in simulated time, capped per stream in real time (`FleetConfig.max_stream_hz`). Streams that are due
together are kept together, so that a moment without messages costs nothing and `next_s` says when the next is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from sim.commander import Commander
from sim.navigator import Navigator
from sim.onboard import Onboard
from sim.sensor_fields import SensorFields
from sim.stream_frames import StreamFrames, times_of
from sim.telemetry_fields import TelemetryFields
from sim.wire import Layout, Message

REACHED_REPEATS = 10
FIRST_S = 1.0
"""No stream waits longer than this for its first message."""
ROUNDING_S = 1e-6

DEFAULT_HZ: dict[str, float] = {
    "MISSION_CURRENT": 1.0,
    "TIMESYNC": 10.0,
    "HIGHRES_IMU": 50.0,
    "LOCAL_POSITION_NED": 30.0,
    "ATTITUDE": 100.0,
    "ALTITUDE": 10.0,
    "DISTANCE_SENSOR": 10.0,
    "ODOMETRY": 30.0,
    "ATTITUDE_QUATERNION": 50.0,
    "ATTITUDE_TARGET": 10.0,
    "BATTERY_STATUS": 0.5,
    "CURRENT_EVENT_SEQUENCE": 1.0 / 3.0,
    "CURRENT_MODE": 0.5,
    "ESTIMATOR_STATUS": 1.0,
    "EXTENDED_SYS_STATE": 5.0,
    "GLOBAL_POSITION_INT": 50.0,
    "GPS_RAW_INT": 8.0,
    "HEARTBEAT": 1.0,
    "HOME_POSITION": 0.5,
    "OPEN_DRONE_ID_LOCATION": 1.0,
    "OPEN_DRONE_ID_SYSTEM": 1.0,
    "PING": 1.0,
    "POSITION_TARGET_GLOBAL_INT": 10.0,
    "POSITION_TARGET_LOCAL_NED": 10.0,
    "SCALED_PRESSURE": 1.0,
    "SERVO_OUTPUT_RAW": 10.0,
    "SYS_STATUS": 5.0,
    "SYSTEM_TIME": 1.0,
    "TIME_ESTIMATE_TO_TARGET": 0.5,
    "VFR_HUD": 10.0,
    "VIBRATION": 0.5,
    "WIND_COV": 10.0,
}
"""PX4's rates on its onboard link (recorded; MAVLINK_MODE_ONBOARD in mavlink_main.cpp). Left out is what says
nothing of the vehicle: LINK_NODE_STATUS."""

PAYLOAD_HZ: dict[str, float] = {"NAMED_VALUE_FLOAT": 5.0}
"""Of a vehicle with a payload scale, which PX4 itself has no driver for: its autopilot's firmware was extended."""

STANCE = frozenset({"ATTITUDE", "ATTITUDE_QUATERNION", "ATTITUDE_TARGET", "SERVO_OUTPUT_RAW", "VIBRATION"})
PLACE = frozenset(
    {
        "ALTITUDE",
        "DISTANCE_SENSOR",
        "GLOBAL_POSITION_INT",
        "GPS_RAW_INT",
        "HIGHRES_IMU",
        "LOCAL_POSITION_NED",
        "ODOMETRY",
        "POSITION_TARGET_GLOBAL_INT",
        "POSITION_TARGET_LOCAL_NED",
        "SCALED_PRESSURE",
        "VFR_HUD",
        "WIND_COV",
    }
)
"""What messages say besides the time: `STANCE` changes with `Onboard.stance` alone, `PLACE` also while it moves.
Everything else is asked for anew each time."""

_Fields = tuple[float | bytes, ...]
ANEW = -1


@dataclass(slots=True)
class _Stream:
    layout: Layout
    fields: Callable[[], _Fields | None]
    frames: StreamFrames
    default_hz: float
    is_stance: bool
    is_place: bool
    interval_s: float = math.inf
    kept_of: int = ANEW
    """The stance that the kept fields are of."""
    time: int | None = None
    """The time it was last sent with."""


@dataclass(slots=True)
class _Beat:
    """Streams with one interval that are due at the same moments."""

    interval_s: float
    due_s: float
    streams: list[_Stream] = field(default_factory=list)


class Streams:
    """Sends the streams that are due.

    Args:
        least_interval_s: simulated time that a stream keeps at least between two messages.

    Attributes:
        next_s: when something is due next; inf for never.
        frozen: everything goes on being sent, with the values it had.
    """

    def __init__(self, onboard: Onboard, commander: Commander, navigator: Navigator, least_interval_s: float) -> None:
        self._onboard = onboard
        self._navigator = navigator
        self._least_s = least_interval_s
        self.next_s = 0.0
        self.frozen = False
        self._last_current = -1
        self._last_reached: int | None = None
        self._reached_due_s = math.inf
        self._reached_left = 0
        self._streams: dict[int, _Stream] = {}
        self._beats: list[_Beat] = []
        telemetry = TelemetryFields(onboard, commander, navigator)
        sensors = SensorFields(onboard, telemetry)
        self._version = telemetry.autopilot_version
        rates = DEFAULT_HZ | (PAYLOAD_HZ if onboard.config.physical.payload_sensor else {})
        for name, rate in rates.items():
            layout: Layout = getattr(Message, name)
            source = telemetry if hasattr(telemetry, name.lower()) else sensors
            frames, fields = onboard.outbox.frames_of(layout), getattr(source, name.lower())
            stream = _Stream(layout, fields, frames, rate, name in STANCE, name in PLACE)
            self._streams[layout.message_id] = stream
            interval_s = max(1.0 / rate, least_interval_s)
            self._schedule(stream, interval_s, first_s=min(interval_s, FIRST_S))

    def _schedule(self, stream: _Stream, interval_s: float, first_s: float) -> None:
        """Move a stream to the beat of its interval, or stop it (inf)."""
        for beat in self._beats:
            if stream in beat.streams:
                beat.streams.remove(stream)
        self._beats = [beat for beat in self._beats if beat.streams]
        stream.interval_s = interval_s
        if math.isinf(interval_s):
            return
        for beat in self._beats:
            if beat.interval_s == interval_s and beat.due_s == first_s:
                beat.streams.append(stream)
                break
        else:
            self._beats.append(_Beat(interval_s, first_s, [stream]))
        self.next_s = min(self.next_s, first_s)

    def step(self) -> None:
        """Send what is due now."""
        now = self._onboard.now_s + ROUNDING_S
        if now < self.next_s:
            return
        following = math.inf
        send = self._send_frozen if self.frozen else self._send
        for beat in self._beats:
            due_s = beat.due_s
            if due_s <= now:
                send(beat.streams)
                due_s += beat.interval_s
                if due_s <= now:  # the link was paused, or the interval is shorter than a tick
                    due_s += beat.interval_s * ((now - due_s) // beat.interval_s + 1.0)
                beat.due_s = due_s
            following = min(following, due_s)
        if self._reached_left:
            self._repeat_reached(now)
            following = min(following, self._reached_due_s)
        self.next_s = following

    def _send(self, streams: list[_Stream]) -> None:
        onboard = self._onboard
        stance, moves, times = onboard.stance, onboard.is_moving, times_of(onboard.since_boot_us)
        put = onboard.outbox.put
        for stream in streams:
            frames = stream.frames
            if stream.kept_of != stance or (moves and stream.is_place):
                fields = stream.fields()
                if fields is None:
                    continue
                frames.keep(fields)
                stream.kept_of = stance if stream.is_stance or stream.is_place else ANEW
            stream.time = times[frames.stamp]
            put(frames.frame(stream.time))

    def _send_frozen(self, streams: list[_Stream]) -> None:
        """Send what was sent last, with the time it had."""
        for stream in streams:
            if stream.time is not None:
                self._onboard.outbox.put(stream.frames.frame(stream.time))

    def send_once(self, message_id: int) -> bool:
        """Send one message on request; False when the vehicle does not know it or has nothing to say."""
        if message_id == Message.AUTOPILOT_VERSION.message_id:
            self._onboard.outbox.send(Message.AUTOPILOT_VERSION, *self._version())
            return True
        stream = self._streams.get(message_id)
        fields = stream.fields() if stream is not None else None
        if stream is None or fields is None:
            return False
        stream.frames.keep(fields)
        time = times_of(self._onboard.since_boot_us)[stream.frames.stamp]
        self._onboard.outbox.put(stream.frames.frame(time))
        return True

    def set_interval(self, message_id: int, interval_us: int) -> bool:
        """SET_MESSAGE_INTERVAL: -1 stops, 0 restores the default; False when the vehicle has no such stream."""
        stream = self._streams.get(message_id)
        if stream is None:
            return False
        interval_s = math.inf
        if interval_us >= 0:
            interval_s = max(interval_us * 1e-6 if interval_us > 0 else 1.0 / stream.default_hz, self._least_s)
        self._schedule(stream, interval_s, first_s=self._onboard.now_s + interval_s)
        return True

    def reset(self) -> None:
        """Every stream at its default rate again."""
        for message_id in self._streams:
            self.set_interval(message_id, 0)

    def interval_us(self, message_id: int) -> int:
        """MESSAGE_INTERVAL: microseconds, -1 stopped, 0 not available."""
        stream = self._streams.get(message_id)
        if stream is None:
            return 0
        return -1 if math.isinf(stream.interval_s) else round(stream.interval_s * 1e6)

    def tell_mission_progress(self) -> None:
        """MISSION_CURRENT at once on a change; MISSION_ITEM_REACHED at once, then 10 times at 1 Hz."""
        mission = self._navigator.mission
        if mission.current != self._last_current:
            if self._last_current >= 0 and mission.items:
                self.send_once(Message.MISSION_CURRENT.message_id)
            self._last_current = mission.current
        if mission.reached != self._last_reached:
            self._last_reached = mission.reached
            self._reached_left = 0
            if mission.reached is not None:
                self._onboard.outbox.send(Message.MISSION_ITEM_REACHED, mission.reached)
                self._reached_left = REACHED_REPEATS
                self._reached_due_s = self._onboard.now_s + 1.0
                self.next_s = min(self.next_s, self._reached_due_s)

    def _repeat_reached(self, now: float) -> None:
        if now >= self._reached_due_s and self._last_reached is not None:
            self._reached_left -= 1
            self._reached_due_s += 1.0
            self._onboard.outbox.send(Message.MISSION_ITEM_REACHED, self._last_reached)
