"""What a vehicle sends by itself, and how often: PX4's onboard link as one table.

Rates are in simulated time, capped per stream in real time (`FleetConfig.max_stream_hz`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from mission.model.mission import MavMissionType
from sim.commander import Commander
from sim.modes import BASE_MODE_ARMED, BASE_MODE_DISARMED
from sim.navigator import Navigator
from sim.onboard import Onboard
from sim.wire import Layout, Message

AUTOPILOT_PX4 = 12
TYPE_QUADROTOR = 2
MAVLINK_VERSION = 3

SENSORS_PRESENT = 0x0200402F
SENSORS_ENABLED = 0x0201402F
SENSORS_HEALTHY = 0x0320C83F
GPS_BIT = 0x20
PREARM_BIT = 0x10000000
"""SYS_STATUS bits as PX4 SITL sends them once it is ready."""

CAPABILITIES = 59647
"""AUTOPILOT_VERSION.capabilities of PX4 v1.16.1: mission int, command int, fence, rally and others."""
FLIGHT_SW_VERSION = 0x01_10_01_FF
"""1.16.1, official release."""
OS_SW_VERSION = 0x06_12_2C_FF

NO_MISSION_TOTAL = 65535
CELL_UNKNOWN = 65535
CHARGE_STATES = (("BAT_EMERGEN_THR", 4), ("BAT_CRIT_THR", 3), ("BAT_LOW_THR", 2))
CHARGE_OK = 1
REACHED_REPEATS = 10
BOOT_UNIX_US = 1_767_225_600_000_000
"""Every simulated vehicle boots on 2026-01-01T00:00Z: its clock is part of the simulation."""

DEFAULT_HZ: dict[str, float] = {
    "MISSION_CURRENT": 1.0,
    "HEARTBEAT": 1.0,
    "SYS_STATUS": 5.0,
    "EXTENDED_SYS_STATE": 5.0,
    "ATTITUDE": 100.0,
    "ATTITUDE_QUATERNION": 50.0,
    "GLOBAL_POSITION_INT": 50.0,
    "LOCAL_POSITION_NED": 30.0,
    "GPS_RAW_INT": 8.0,
    "ALTITUDE": 10.0,
    "VFR_HUD": 10.0,
    "TIMESYNC": 10.0,
    "SYSTEM_TIME": 1.0,
    "PING": 1.0,
    "ESTIMATOR_STATUS": 1.0,
    "BATTERY_STATUS": 0.5,
    "HOME_POSITION": 0.5,
    "CURRENT_MODE": 0.5,
}
"""PX4's rates on its onboard link; the sensor and control streams that no ground station needs are left out."""


@dataclass(slots=True)
class _Stream:
    layout: Layout
    fields: Callable[[], tuple[float | bytes, ...]]
    default_hz: float
    interval_s: float = math.inf
    due_s: float = math.inf


class Streams:
    """Sends the streams that are due.

    Args:
        least_interval_s: simulated time that a stream keeps at least between two messages.
    """

    def __init__(self, onboard: Onboard, commander: Commander, navigator: Navigator, least_interval_s: float) -> None:
        self._onboard = onboard
        self._commander = commander
        self._navigator = navigator
        self._least_s = least_interval_s
        self._ping_sequence = 0
        self._next_s = 0.0
        self._last_current = -1
        self._last_reached: int | None = None
        self._reached_due_s = math.inf
        self._reached_left = 0
        self._streams: dict[int, _Stream] = {}
        self._once: dict[int, Callable[[], tuple[float | bytes, ...]]] = {
            Message.AUTOPILOT_VERSION.message_id: self._autopilot_version
        }
        for name, rate in DEFAULT_HZ.items():
            layout: Layout = getattr(Message, name)
            stream = _Stream(layout, getattr(self, f"_{name.lower()}"), rate)
            self._streams[layout.message_id] = stream
            self._schedule(stream, 1.0 / rate, first_s=min(1.0 / rate, 1.0))

    def _schedule(self, stream: _Stream, interval_s: float, first_s: float) -> None:
        stream.interval_s = max(interval_s, self._least_s)
        stream.due_s = first_s
        self._next_s = min(self._next_s, first_s)

    def step(self) -> None:
        """Send what is due now."""
        now = self._onboard.now_s
        self._step_mission_progress(now)
        if now < self._next_s:
            return
        send = self._onboard.outbox.send
        following = math.inf
        for stream in self._streams.values():
            if stream.due_s <= now:
                send(stream.layout, *stream.fields())
                behind = now - stream.due_s
                stream.due_s += stream.interval_s * (1.0 + behind // stream.interval_s)
            following = min(following, stream.due_s)
        self._next_s = following

    def send_once(self, message_id: int) -> bool:
        """Send one message on request; False when the vehicle does not know it."""
        stream = self._streams.get(message_id)
        if stream is not None:
            self._onboard.outbox.send(stream.layout, *stream.fields())
            return True
        if message_id in self._once:
            self._onboard.outbox.send(Message.AUTOPILOT_VERSION, *self._once[message_id]())
            return True
        return False

    def set_interval(self, message_id: int, interval_us: int) -> bool:
        """SET_MESSAGE_INTERVAL: -1 stops, 0 restores the default; False when the vehicle has no such stream."""
        stream = self._streams.get(message_id)
        if stream is None:
            return False
        if interval_us < 0:
            stream.interval_s = stream.due_s = math.inf
        else:
            interval_s = interval_us * 1e-6 if interval_us > 0 else 1.0 / stream.default_hz
            self._schedule(stream, interval_s, first_s=self._onboard.now_s + max(interval_s, self._least_s))
        return True

    def interval_us(self, message_id: int) -> int:
        """MESSAGE_INTERVAL: microseconds, -1 stopped, 0 not available."""
        stream = self._streams.get(message_id)
        if stream is None:
            return 0
        return -1 if math.isinf(stream.interval_s) else round(stream.interval_s * 1e6)

    def _step_mission_progress(self, now: float) -> None:
        """MISSION_CURRENT at once on a change; MISSION_ITEM_REACHED at once, then 10 times at 1 Hz."""
        mission = self._navigator.mission
        send = self._onboard.outbox.send
        if mission.current != self._last_current:
            if self._last_current >= 0 and mission.items:
                send(Message.MISSION_CURRENT, *self._mission_current())
            self._last_current = mission.current
        if mission.reached != self._last_reached:
            self._last_reached = mission.reached
            self._reached_left = REACHED_REPEATS if mission.reached is not None else 0
            if mission.reached is not None:
                send(Message.MISSION_ITEM_REACHED, mission.reached)
            self._reached_due_s = now + 1.0
        if self._reached_left and now >= self._reached_due_s and mission.reached is not None:
            self._reached_left -= 1
            self._reached_due_s = now + 1.0
            send(Message.MISSION_ITEM_REACHED, mission.reached)

    @property
    def _boot_ms(self) -> int:
        return round(self._onboard.now_s * 1000.0) & 0xFFFFFFFF

    @property
    def _boot_us(self) -> int:
        return round(self._onboard.now_s * 1e6)

    def _heartbeat(self) -> tuple[int, ...]:
        onboard = self._onboard
        base = BASE_MODE_ARMED if onboard.armed else BASE_MODE_DISARMED
        status = self._commander.system_status
        return onboard.mode.custom_mode, TYPE_QUADROTOR, AUTOPILOT_PX4, base, status, MAVLINK_VERSION

    def _sys_status(self) -> tuple[int, ...]:
        onboard, ready = self._onboard, self._commander.ready
        gps = GPS_BIT if ready else 0
        health = SENSORS_HEALTHY & ~GPS_BIT | gps | (PREARM_BIT if self._commander.armable else 0)
        present, enabled = SENSORS_PRESENT & ~GPS_BIT | gps, SENSORS_ENABLED & ~GPS_BIT | gps
        battery = onboard.battery
        volts = self._volts
        amps = min(round(battery.power_w / max(volts, 1.0) * 100.0), 32767)
        left = round(battery.fraction * 100.0)
        return present, enabled, health, 80, round(volts * 1000.0), amps, 0, 0, 0, 0, 0, 0, left, 0, 0, 1

    @property
    def _volts(self) -> float:
        parameters, fraction = self._onboard.parameters, self._onboard.battery.fraction
        empty, full = parameters["BAT1_V_EMPTY"], parameters["BAT1_V_CHARGED"]
        return parameters["BAT1_N_CELLS"] * (empty + (full - empty) * fraction)

    def _extended_sys_state(self) -> tuple[int, ...]:
        return 0, self._onboard.landed_state

    def _attitude(self) -> tuple[float, ...]:
        airframe = self._onboard.airframe
        yaw = math.remainder(airframe.heading_rad, math.tau)
        return self._boot_ms, airframe.roll_rad, airframe.pitch_rad, yaw, 0.0, 0.0, 0.0

    def _attitude_quaternion(self) -> tuple[float, ...]:
        airframe = self._onboard.airframe
        cos_r, sin_r = math.cos(airframe.roll_rad / 2), math.sin(airframe.roll_rad / 2)
        cos_p, sin_p = math.cos(airframe.pitch_rad / 2), math.sin(airframe.pitch_rad / 2)
        cos_y, sin_y = math.cos(airframe.heading_rad / 2), math.sin(airframe.heading_rad / 2)
        w = cos_r * cos_p * cos_y + sin_r * sin_p * sin_y
        x = sin_r * cos_p * cos_y - cos_r * sin_p * sin_y
        y = cos_r * sin_p * cos_y + sin_r * cos_p * sin_y
        z = cos_r * cos_p * sin_y - sin_r * sin_p * cos_y
        return self._boot_ms, w, x, y, z, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0

    def _velocity_cm_s(self) -> tuple[int, int, int]:
        airframe = self._onboard.airframe
        return (
            round(airframe.velocity_north_m_s * 100.0),
            round(airframe.velocity_east_m_s * 100.0),
            round(-airframe.velocity_up_m_s * 100.0),
        )

    def _heading_cdeg(self) -> int:
        return round(math.degrees(self._onboard.airframe.heading_rad) * 100.0) % 36000

    def _global_position_int(self) -> tuple[int, ...]:
        onboard = self._onboard
        latitude, longitude = onboard.place
        height = onboard.airframe.up_m - onboard.home.up_m
        place = round(latitude * 1e7), round(longitude * 1e7)
        heights = round(onboard.altitude_amsl_m * 1000.0), round(height * 1000.0)
        return self._boot_ms, *place, *heights, *self._velocity_cm_s(), self._heading_cdeg()

    def _local_position_ned(self) -> tuple[float, ...]:
        frame = self._onboard.airframe
        velocity = frame.velocity_north_m_s, frame.velocity_east_m_s, -frame.velocity_up_m_s
        return self._boot_ms, frame.north_m, frame.east_m, -frame.up_m, *velocity

    def _gps_raw_int(self) -> tuple[int, ...]:
        onboard = self._onboard
        latitude, longitude = onboard.place
        altitude = round(onboard.altitude_amsl_m * 1000.0)
        speed = round(onboard.airframe.ground_speed_m_s * 100.0)
        place = round(latitude * 1e7), round(longitude * 1e7), altitude
        quality = 70, 110, speed, self._heading_cdeg(), 3, 10
        return self._boot_us, *place, *quality, altitude, 900, 1780, 400, 0, 0

    def _altitude(self) -> tuple[float, ...]:
        onboard = self._onboard
        amsl, up = onboard.altitude_amsl_m, onboard.airframe.up_m
        return self._boot_us, amsl, amsl, up, up - onboard.home.up_m, 0.0, up

    def _vfr_hud(self) -> tuple[float, ...]:
        frame = self._onboard.airframe
        heading = self._heading_cdeg() // 100
        throttle = 0 if self._onboard.landed else 55
        return 0.0, frame.ground_speed_m_s, self._onboard.altitude_amsl_m, frame.velocity_up_m_s, heading, throttle

    def _timesync(self) -> tuple[int, ...]:
        return 0, self._boot_us * 1000

    def _system_time(self) -> tuple[int, ...]:
        return BOOT_UNIX_US + self._boot_us, self._boot_ms

    def _ping(self) -> tuple[int, ...]:
        self._ping_sequence += 1
        return self._boot_us, self._ping_sequence - 1, 0, 0

    def _estimator_status(self) -> tuple[float, ...]:
        flags = 895 if self._commander.ready else 1152
        return self._boot_us, 0.1, 0.05, 0.02, 0.1, 0.0, math.nan, 0.3, 0.3, flags

    def _mission_current(self) -> tuple[int, ...]:
        ids = self._onboard.plans.ids
        mission = self._navigator.mission
        total = len(mission.items) or NO_MISSION_TOTAL
        plan_ids = ids[MavMissionType.MISSION], ids[MavMissionType.FENCE], ids[MavMissionType.RALLY]
        return mission.current, total, 0, 0, *plan_ids

    def _battery_status(self) -> tuple[int, ...]:
        onboard = self._onboard
        battery, parameters = onboard.battery, onboard.parameters
        volts = self._volts
        voltages = (round(volts * 1000.0), *(CELL_UNKNOWN,) * 9)
        amps = min(round(battery.power_w / max(volts, 1.0) * 100.0), 32767)
        used_mah = round((battery.capacity_wh - battery.remaining_wh) / max(volts, 1.0) * 1000.0)
        left = round(battery.fraction * 100.0)
        state = next((number for name, number in CHARGE_STATES if battery.fraction < parameters[name]), CHARGE_OK)
        return used_mah, -1, 32767, *voltages, amps, 0, 1, 1, left, 0, state, 0, 0, 0, 0, 0, 0

    def _home_position(self) -> tuple[float, ...]:
        onboard = self._onboard
        latitude, longitude = onboard.home_place
        home = onboard.home
        altitude = round(onboard.home_amsl_m * 1000.0)
        place = round(latitude * 1e7), round(longitude * 1e7), altitude
        local = home.north_m, home.east_m, -home.up_m
        return *place, *local, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, self._boot_us

    def _current_mode(self) -> tuple[int, ...]:
        mode = self._onboard.mode
        return mode.custom_mode, self._commander.user_mode.custom_mode, mode.value.standard_mode

    def _autopilot_version(self) -> tuple[float | bytes, ...]:
        uid = 0x5354_4F52_4B00_0000 | self._onboard.config.system_id
        custom = (0, 0, 0, 121, 18, 32, 203, 148)
        versions = FLIGHT_SW_VERSION, FLIGHT_SW_VERSION, OS_SW_VERSION
        return CAPABILITIES, uid, *versions, 1, 0, 0, *custom, *custom, *(0,) * 8, *(0,) * 18
