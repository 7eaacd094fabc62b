"""What each streamed message of a vehicle says: its fields in wire order, as PX4 fills them.

A message tells of `Onboard.now_s`; the airframe was moved at the last flight step, so its position is carried on
at the velocity it has. Sensors are free of noise: what is measured is what is. Left out is the time since boot that
most messages begin with: `stream_frames` puts it there.
"""

import math

from mission.model.mission import MavMissionType
from sim.commander import CHECK_INTERVAL_S, READY_S, Commander
from sim.modes import BASE_MODE_ARMED, BASE_MODE_DISARMED
from sim.navigator import Navigator
from sim.onboard import Onboard

AUTOPILOT_PX4 = 12
MAVLINK_VERSION = 3

SENSORS_PRESENT = 0x0200402F
SENSORS_ENABLED = 0x0201402F
SENSORS_HEALTHY = 0x0320C83F
SENSORS_AT_BOOT = 0, 0, 0x0321C83F
"""Present, enabled and healthy before the sensors report; from `SENSORS_REPORT_S` on until ready: the next line."""
SENSORS_UNTIL_READY = 0x0200400F, 0x0201400F, 0x0320883F
SENSORS_REPORT_S = 2.0
GPS_BIT = 0x20
BATTERY_BIT = 0x02000000
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
BOOT_UNIX_US = 1_767_225_600_000_000
"""Every simulated vehicle boots on 2026-01-01T00:00Z: its clock is part of the simulation."""


class TelemetryFields:
    """Fields of the messages about state, position and energy; a method a message, named as the message."""

    def __init__(self, onboard: Onboard, commander: Commander, navigator: Navigator) -> None:
        self._onboard = onboard
        self._commander = commander
        self._navigator = navigator
        self._ping_sequence = 0
        self._attitude_known: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self._quaternion: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
        self._place_s = -1.0
        self._place_e7: tuple[int, int] = (0, 0)

    @property
    def _boot_ms(self) -> int:
        return round(self._onboard.since_boot_s * 1000.0) & 0xFFFFFFFF

    @property
    def _boot_us(self) -> int:
        return round(self._onboard.since_boot_s * 1e6)

    def heartbeat(self) -> tuple[int, ...]:
        """HEARTBEAT."""
        onboard = self._onboard
        base = BASE_MODE_ARMED if onboard.armed else BASE_MODE_DISARMED
        status = self._commander.system_status
        return onboard.mode.custom_mode, onboard.airframe.mav_type, AUTOPILOT_PX4, base, status, MAVLINK_VERSION

    def sys_status(self) -> tuple[int, ...]:
        """SYS_STATUS."""
        battery = self._onboard.battery
        volts = self._volts
        amps = min(round(battery.power_w / max(volts, 1.0) * 100.0), 32767)
        left = round(battery.fraction * 100.0)
        return *self._sensors(), 80, round(volts * 1000.0), amps, 0, 0, 0, 0, 0, 0, left, 0, 0, 1

    def _sensors(self) -> tuple[int, int, int]:
        """Bits of SYS_STATUS: present, enabled, healthy."""
        onboard, commander = self._onboard, self._commander
        if not commander.ready and onboard.now_s < READY_S + CHECK_INTERVAL_S:
            return SENSORS_AT_BOOT if onboard.since_boot_s < SENSORS_REPORT_S else SENSORS_UNTIL_READY
        gps = GPS_BIT if onboard.has_gps else 0
        health = SENSORS_HEALTHY & ~GPS_BIT | gps | (PREARM_BIT if commander.armable else 0)
        if commander.failsafes.battery_is_low:
            health &= ~BATTERY_BIT
        return SENSORS_PRESENT & ~GPS_BIT | gps, SENSORS_ENABLED & ~GPS_BIT | gps, health

    @property
    def _volts(self) -> float:
        parameters, fraction = self._onboard.parameters, self._onboard.battery.fraction
        empty, full = parameters["BAT1_V_EMPTY"], parameters["BAT1_V_CHARGED"]
        return parameters["BAT1_N_CELLS"] * (empty + (full - empty) * fraction)

    def extended_sys_state(self) -> tuple[int, ...]:
        """EXTENDED_SYS_STATE."""
        return self._onboard.airframe.vtol_state, self._onboard.landed_state

    def attitude(self) -> tuple[float, ...]:
        """ATTITUDE."""
        airframe = self._onboard.airframe
        yaw = airframe.heading_rad
        yaw = yaw if yaw <= math.pi else yaw - math.tau
        return airframe.roll_rad, airframe.pitch_rad, yaw, 0.0, 0.0, airframe.yaw_rate_rad_s

    def attitude_quaternion(self) -> tuple[float, ...]:
        """ATTITUDE_QUATERNION."""
        yaw_rate = self._onboard.airframe.yaw_rate_rad_s
        return *self.quaternion(), 0.0, 0.0, yaw_rate, 0.0, 0.0, 0.0, 0.0

    def quaternion(self) -> tuple[float, float, float, float]:
        """Attitude as w, x, y, z; worked out anew only when it changed."""
        airframe = self._onboard.airframe
        angles = airframe.roll_rad, airframe.pitch_rad, airframe.heading_rad
        if angles != self._attitude_known:
            self._attitude_known, self._quaternion = angles, quaternion_of(*angles)
        return self._quaternion

    def _place(self) -> tuple[int, int]:
        """Believed latitude and longitude in 1e-7 degrees; several messages of one instant ask for it."""
        onboard = self._onboard
        if onboard.now_s != self._place_s:
            self._place_s = onboard.now_s
            north, east, _ = onboard.here
            latitude, longitude = onboard.plane.to_global(north, east)
            self._place_e7 = round(latitude * 1e7), round(longitude * 1e7)
        return self._place_e7

    def _velocity_cm_s(self) -> tuple[int, int, int]:
        airframe = self._onboard.airframe
        return (
            _centimetres(airframe.velocity_north_m_s),
            _centimetres(airframe.velocity_east_m_s),
            _centimetres(-airframe.velocity_up_m_s),
        )

    def _heading_cdeg(self) -> int:
        return round(math.degrees(self._onboard.airframe.heading_rad) * 100.0) % 36000

    def global_position_int(self) -> tuple[int, ...]:
        """GLOBAL_POSITION_INT."""
        onboard = self._onboard
        up = onboard.here[2]
        heights = round((onboard.config.home.altitude_amsl_m + up) * 1000.0), round((up - onboard.home.up_m) * 1000.0)
        return *self._place(), *heights, *self._velocity_cm_s(), self._heading_cdeg()

    def local_position_ned(self) -> tuple[float, ...]:
        """LOCAL_POSITION_NED."""
        frame = self._onboard.airframe
        north, east, up = self._onboard.here
        velocity = frame.velocity_north_m_s, frame.velocity_east_m_s, -frame.velocity_up_m_s
        return north, east, -up, *velocity

    def gps_raw_int(self) -> tuple[int, ...]:
        """GPS_RAW_INT; a receiver without a fix says so and repeats its last place."""
        onboard = self._onboard
        altitude = round((onboard.config.home.altitude_amsl_m + onboard.here[2]) * 1000.0)
        speed = round(onboard.airframe.ground_speed_m_s * 100.0)
        fix, satellites = (3, 10) if onboard.has_gps else (1, 2)
        quality = 70, 110, speed, self._heading_cdeg(), fix, satellites
        return *self._place(), altitude, *quality, altitude, 900, 1780, 400, 0, 0

    def altitude(self) -> tuple[float, ...]:
        """ALTITUDE."""
        onboard = self._onboard
        up = onboard.here[2]
        amsl = onboard.config.home.altitude_amsl_m + up
        return amsl, amsl, up, up - onboard.home.up_m, 0.0, up - onboard.airframe.ground_up_m

    def vfr_hud(self) -> tuple[float, ...]:
        """VFR_HUD; only a wing carries an air speed sensor."""
        onboard, frame = self._onboard, self._onboard.airframe
        air_speed = frame.air_speed_m_s if frame.vtol_state else 0.0
        amsl = onboard.config.home.altitude_amsl_m + onboard.here[2]
        throttle = 0 if onboard.landed else 55
        heading = self._heading_cdeg() // 100
        return air_speed, frame.ground_speed_m_s, amsl, frame.velocity_up_m_s, heading, throttle

    def timesync(self) -> tuple[int, ...]:
        """TIMESYNC, as PX4 asks it."""
        return 0, self._boot_us * 1000

    def system_time(self) -> tuple[int, ...]:
        """SYSTEM_TIME."""
        return BOOT_UNIX_US + round(self._onboard.now_s * 1e6), self._boot_ms

    def ping(self) -> tuple[int, ...]:
        """PING, numbered."""
        self._ping_sequence += 1
        return self._ping_sequence - 1, 0, 0

    def estimator_status(self) -> tuple[float, ...]:
        """ESTIMATOR_STATUS."""
        flags = 895 if self._commander.ready else 1152
        return 0.1, 0.05, 0.02, 0.1, 0.0, math.nan, 0.3, 0.3, flags

    def mission_current(self) -> tuple[int, ...]:
        """MISSION_CURRENT with the ids of all plans."""
        ids = self._onboard.plans.ids
        mission = self._navigator.mission
        total = len(mission.items) or NO_MISSION_TOTAL
        plan_ids = ids[MavMissionType.MISSION], ids[MavMissionType.FENCE], ids[MavMissionType.RALLY]
        return mission.current, total, 0, 0, *plan_ids

    def battery_status(self) -> tuple[int, ...]:
        """BATTERY_STATUS."""
        onboard = self._onboard
        battery, parameters = onboard.battery, onboard.parameters
        volts = self._volts
        voltages = (round(volts * 1000.0), *(CELL_UNKNOWN,) * 9)
        amps = min(round(battery.power_w / max(volts, 1.0) * 100.0), 32767)
        used_mah = round((battery.capacity_wh - battery.remaining_wh) / max(volts, 1.0) * 1000.0)
        left = round(battery.fraction * 100.0)
        state = next((number for name, number in CHARGE_STATES if battery.fraction < parameters[name]), CHARGE_OK)
        return used_mah, -1, 32767, *voltages, amps, 0, 1, 1, left, 0, state, 0, 0, 0, 0, 0, 0

    def home_position(self) -> tuple[float, ...]:
        """HOME_POSITION."""
        onboard = self._onboard
        latitude, longitude = onboard.home_place
        home = onboard.home
        altitude = round(onboard.home_amsl_m * 1000.0)
        place = round(latitude * 1e7), round(longitude * 1e7), altitude
        local = home.north_m, home.east_m, -home.up_m
        return *place, *local, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, self._boot_us

    def current_mode(self) -> tuple[int, ...]:
        """CURRENT_MODE."""
        mode = self._onboard.mode
        return mode.custom_mode, self._commander.user_mode.custom_mode, mode.value.standard_mode

    def current_event_sequence(self) -> tuple[int, ...]:
        """CURRENT_EVENT_SEQUENCE: by it a ground station sees that it has missed an event."""
        return self._onboard.outbox.event_sequence, 0

    def autopilot_version(self) -> tuple[float | bytes, ...]:
        """AUTOPILOT_VERSION."""
        uid = 0x5354_4F52_4B00_0000 | self._onboard.config.system_id
        custom = (0, 0, 0, 121, 18, 32, 203, 148)
        versions = FLIGHT_SW_VERSION, FLIGHT_SW_VERSION, OS_SW_VERSION
        return CAPABILITIES, uid, *versions, 1, 0, 0, *custom, *custom, *(0,) * 8, *(0,) * 18


def quaternion_of(roll_rad: float, pitch_rad: float, yaw_rad: float) -> tuple[float, float, float, float]:
    """Return w, x, y, z of an attitude given by its Euler angles."""
    cos_r, sin_r = math.cos(roll_rad / 2), math.sin(roll_rad / 2)
    cos_p, sin_p = math.cos(pitch_rad / 2), math.sin(pitch_rad / 2)
    cos_y, sin_y = math.cos(yaw_rad / 2), math.sin(yaw_rad / 2)
    return (
        cos_r * cos_p * cos_y + sin_r * sin_p * sin_y,
        sin_r * cos_p * cos_y - cos_r * sin_p * sin_y,
        cos_r * sin_p * cos_y + sin_r * cos_p * sin_y,
        cos_r * cos_p * sin_y - sin_r * sin_p * cos_y,
    )


def _centimetres(metres: float) -> int:
    """In the 16 bits that the wire has for it: a long fall ends at their end."""
    return min(max(round(metres * 100.0), -32768), 32767)
