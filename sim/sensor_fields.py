"""What the sensor and control messages of a vehicle say, as PX4 v1.16 SITL fills them; see `telemetry_fields`."""

import math
import struct

from sim.onboard import Onboard
from sim.telemetry_fields import TelemetryFields

GRAVITY_M_S2 = 9.80665
MAGNETIC_FIELD_GAUSS = (0.21, 0.0, 0.43)
"""North, east, down: central Europe."""
ALL_IMU_FIELDS = 511
FRAME_LOCAL_NED = 1
ESTIMATOR_AUTOPILOT = 8
NAN = math.nan
POSE_COVARIANCE = (0.05, *(NAN,) * 5, 0.05, *(NAN,) * 4, 0.09, *(NAN,) * 3, 5e-4, NAN, NAN, 5e-4, NAN, 0.01)
VELOCITY_COVARIANCE = (0.02, *(NAN,) * 5, 0.02, *(NAN,) * 4, 0.02, *(NAN,) * 9)
COVARIANCES = struct.pack("<42f", *POSE_COVARIANCE, *VELOCITY_COVARIANCE)
"""As they travel: they never change."""
SERVO_STOPPED_US = 900
SERVO_HOVER_US = 1500
ROTORS = 4
DISTANCE_RANGE_CM = (0, 10_000)
FACING_DOWN = 25
REMOTE_ID_GROUND, REMOTE_ID_AIRBORNE = 1, 2
UNKNOWN_ALTITUDE_M = -1000.0


def pressure_hpa(amsl_m: float) -> float:
    """Static pressure of the ICAO standard atmosphere, below 11 km (ICAO Doc 7488)."""
    return 1013.25 * float((1.0 - 2.25577e-5 * amsl_m) ** 5.25588)


class SensorFields:
    """A method a message, named as the message."""

    def __init__(self, onboard: Onboard, telemetry: TelemetryFields) -> None:
        self._onboard = onboard
        self._telemetry = telemetry

    @property
    def _amsl_m(self) -> float:
        return self._onboard.config.home.altitude_amsl_m + self._onboard.here[2]

    def highres_imu(self) -> tuple[float, ...]:
        """HIGHRES_IMU."""
        airframe, amsl = self._onboard.airframe, self._amsl_m
        x_acc = -GRAVITY_M_S2 * math.sin(-airframe.pitch_rad)
        y_acc = -GRAVITY_M_S2 * math.sin(airframe.roll_rad)
        imu = x_acc, y_acc, -GRAVITY_M_S2, 0.0, 0.0, airframe.yaw_rate_rad_s
        return *imu, *MAGNETIC_FIELD_GAUSS, pressure_hpa(amsl), 0.0, amsl, 15.0, ALL_IMU_FIELDS, 0

    def odometry(self) -> tuple[float | bytes, ...]:
        """ODOMETRY in the local frame NED; velocities too, as PX4 sends them."""
        airframe = self._onboard.airframe
        north, east, up = self._onboard.here
        velocity = airframe.velocity_north_m_s, airframe.velocity_east_m_s, -airframe.velocity_up_m_s
        motion = *self._telemetry.quaternion(), *velocity, 0.0, 0.0, airframe.yaw_rate_rad_s
        return north, east, -up, *motion, COVARIANCES, 1, 1, 0, ESTIMATOR_AUTOPILOT, 0

    def attitude_target(self) -> tuple[float, ...]:
        """ATTITUDE_TARGET; the controller is perfect, so the target is the attitude."""
        onboard = self._onboard
        thrust = 0.0 if onboard.landed else 0.5
        return *self._telemetry.quaternion(), 0.0, 0.0, onboard.airframe.yaw_rate_rad_s, thrust, 0

    def position_target_local_ned(self) -> tuple[float, ...]:
        """POSITION_TARGET_LOCAL_NED: where the trajectory is now; nothing before anything is flown."""
        airframe = self._onboard.airframe
        if airframe.guidance is None:
            return NAN, NAN, NAN, NAN, NAN, NAN, 0.0, 0.0, 100.0, airframe.heading_rad, 0.0, 63, 1
        north, east, up = self._onboard.here
        return north, east, -up, *self._velocity(), 0.0, 0.0, 0.0, *self._yaw(), 0, FRAME_LOCAL_NED

    def position_target_global_int(self) -> tuple[float, ...] | None:
        """POSITION_TARGET_GLOBAL_INT; only while an armed vehicle follows something."""
        onboard = self._onboard
        if not onboard.armed or onboard.airframe.guidance is None:
            return None
        north, east, _ = onboard.here
        latitude, longitude = onboard.plane.to_global(north, east)
        place = round(latitude * 1e7), round(longitude * 1e7), self._amsl_m
        return *place, *self._velocity(), 0.0, 0.0, 0.0, *self._yaw(), 0, 5

    def _velocity(self) -> tuple[float, float, float]:
        airframe = self._onboard.airframe
        return airframe.velocity_north_m_s, airframe.velocity_east_m_s, -airframe.velocity_up_m_s

    def _yaw(self) -> tuple[float, float]:
        airframe = self._onboard.airframe
        return airframe.heading_rad, airframe.yaw_rate_rad_s

    def servo_output_raw(self) -> tuple[int, ...]:
        """SERVO_OUTPUT_RAW of the main outputs: the rotors on the first four."""
        onboard = self._onboard
        turning = onboard.armed and not onboard.motors_failed
        rotors = (SERVO_HOVER_US if turning and not onboard.landed else SERVO_STOPPED_US,) * ROTORS
        return *rotors, *(SERVO_STOPPED_US,) * 4, 0, *(SERVO_STOPPED_US,) * 8

    def distance_sensor(self) -> tuple[float, ...]:
        """DISTANCE_SENSOR: the ground below."""
        above_m = self._onboard.here[2] - self._onboard.airframe.ground_up_m
        distance_cm = min(max(round(above_m * 100.0), 0), DISTANCE_RANGE_CM[1])
        return *DISTANCE_RANGE_CM, distance_cm, 0, 0, FACING_DOWN, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0

    def scaled_pressure(self) -> tuple[float, ...]:
        """SCALED_PRESSURE."""
        return pressure_hpa(self._amsl_m), 0.0, 1200, 0

    def vibration(self) -> tuple[float, ...]:
        """VIBRATION; the simulated airframe has next to none."""
        return 0.0, 0.01, 0.1, 0, 0, 0

    def wind_cov(self) -> tuple[float, ...] | None:
        """WIND_COV: the estimator's wind, in the air only; PX4 estimates none on the ground."""
        onboard = self._onboard
        if onboard.landed or not onboard.world.has_wind:
            return None
        airframe = onboard.airframe
        wind = airframe.wind_north_m_s, airframe.wind_east_m_s
        return *wind, 0.0, 0.1, 0.0, self._amsl_m, 0.5, 0.0

    def open_drone_id_location(self) -> tuple[float, ...]:
        """OPEN_DRONE_ID_LOCATION."""
        onboard, airframe = self._onboard, self._onboard.airframe
        north, east, up = onboard.here
        latitude, longitude = onboard.plane.to_global(north, east)
        heights = self._amsl_m, self._amsl_m, up - onboard.home.up_m, 65535.0
        course = round(math.degrees(airframe.heading_rad) * 100.0) % 36000
        climb = min(max(round(airframe.velocity_up_m_s * 100.0), -6200), 6200)
        speeds = course, round(airframe.ground_speed_m_s * 100.0), climb
        status = REMOTE_ID_GROUND if onboard.landed else REMOTE_ID_AIRBORNE
        return round(latitude * 1e7), round(longitude * 1e7), *heights, *speeds, *(0,) * 22, status, 0, 12, 5, 0, 3, 0

    def open_drone_id_system(self) -> tuple[float, ...]:
        """OPEN_DRONE_ID_SYSTEM: home stands for the operator."""
        onboard = self._onboard
        latitude, longitude = onboard.home_place
        heights = UNKNOWN_ALTITUDE_M, UNKNOWN_ALTITUDE_M, onboard.home_amsl_m
        remote_id_s = 220_924_800 + int(onboard.now_s)
        return round(latitude * 1e7), round(longitude * 1e7), *heights, remote_id_s, 1, 0, *(0,) * 26

    def time_estimate_to_target(self) -> tuple[int, ...]:
        """TIME_ESTIMATE_TO_TARGET: how long it would take home; the rest is unknown."""
        onboard = self._onboard
        cruise = max(onboard.parameters["MPC_XY_CRUISE"], 0.1)
        away = math.hypot(onboard.here[0] - onboard.home.north_m, onboard.here[1] - onboard.home.east_m)
        return round(away / cruise), -1, -1, -1, -1

    def named_value_float(self) -> tuple[float | bytes, ...]:
        """NAMED_VALUE_FLOAT: the payload scale."""
        return self._onboard.payload.mass_kg, b"payload_kg"
