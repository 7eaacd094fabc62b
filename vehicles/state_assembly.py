"""Many MAVLink messages → one `VehicleState`: no sockets, no clock, no threads.

Rules kept here: an older sample never overwrites a newer one of the same boot; a reboot forgets everything
that was known; a vehicle whose clock jumps to and fro is two vehicles on one system id.
"""

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace

import msgspec

from mission.model.telemetry import LandedState, VehicleState
from vehicles import px4
from vehicles.link import PlanIds, StatusText

REBOOT_STEP_MS = 5_000
"""A clock that falls by more than this has restarted; by less, the sample is merely late."""

REBOOT_CONFIRMATIONS = 3
"""Samples of the new boot, in a row, before a restart is believed: late packets come one by one."""

CLOCK_CONFLICTS = 5
"""Jumps to and fro between two clocks before two vehicles are believed behind one system id."""

MOTION_GATE_M = 200.0
"""Samples further apart than this plus `MOTION_GATE_M_S` × time are no motion of a small aircraft."""
MOTION_GATE_M_S = 60.0

UNSET_U16 = 65_535
HEADING_UNKNOWN = UNSET_U16


class _Heartbeat(msgspec.Struct, gc=False):
    base_mode: int
    custom_mode: int
    autopilot: int


class _SysStatus(msgspec.Struct, gc=False):
    onboard_control_sensors_health: int
    battery_remaining: int
    voltage_battery: int


class _GlobalPosition(msgspec.Struct, gc=False):
    time_boot_ms: int
    lat: int
    lon: int
    alt: int
    relative_alt: int
    vx: int
    vy: int
    vz: int
    hdg: int


class _ExtendedSysState(msgspec.Struct, gc=False):
    landed_state: int


class _MissionCurrent(msgspec.Struct, gc=False):
    seq: int
    total: int = UNSET_U16
    mission_id: int = 0
    fence_id: int = 0
    rally_points_id: int = 0


class _Battery(msgspec.Struct, gc=False):
    id: int
    battery_remaining: int
    voltages: list[int]


class _Home(msgspec.Struct, gc=False):
    latitude: int
    longitude: int
    altitude: int


class _SystemTime(msgspec.Struct, gc=False):
    time_boot_ms: int


class _Estimator(msgspec.Struct, gc=False):
    flags: int


class _Wind(msgspec.Struct, gc=False):
    wind_x: float | None
    wind_y: float | None


class _NamedValue(msgspec.Struct, gc=False):
    name: str
    value: float | None = None


class _Text(msgspec.Struct, gc=False):
    severity: int
    text: str
    id: int = 0
    chunk_seq: int = 0


class StateAssembler:
    """The latest state of one vehicle, from the JSON form of its messages.

    Attributes:
        received: how often each message was accepted; a verb waits for a count above the one it started at.
        boots: how often the autopilot was seen to restart.
        late_samples: positions dropped because a newer one was already held.
        undecodable: messages whose fields were not what MAVLink says.
        clock_conflict: two clocks alternate on this system id.
        implausible_jumps: positions further from the one before than an aircraft moves (they are kept, and counted).
    """

    def __init__(self, vehicle_id: str, system_id: int, speed_factor: float = 1.0) -> None:
        self._blank = VehicleState(vehicle_id=vehicle_id, system_id=system_id)
        self._state = self._blank
        self._reboot_step_ms = REBOOT_STEP_MS * max(1.0, speed_factor)
        self._plan_ids = PlanIds()
        self._texts: deque[StatusText] = deque(maxlen=256)
        self._new_texts: deque[StatusText] = deque(maxlen=256)
        self._chunks: dict[int, list[StatusText]] = {}
        self._restart_evidence = 0
        self._conflicts = 0
        self.received: Counter[str] = Counter()
        self.last_heartbeat_s = -math.inf
        self.boots = 0
        self.late_samples = 0
        self.undecodable = 0
        self.implausible_jumps = 0
        self._apply: dict[str, Callable[[str, float], bool]] = {
            px4.HEARTBEAT: self._apply_heartbeat,
            px4.SYS_STATUS: self._apply_sys_status,
            px4.GLOBAL_POSITION_INT: self._apply_position,
            px4.EXTENDED_SYS_STATE: self._apply_landed,
            px4.MISSION_CURRENT: self._apply_mission_current,
            px4.BATTERY_STATUS: self._apply_battery,
            px4.HOME_POSITION: self._apply_home,
            px4.SYSTEM_TIME: self._apply_system_time,
            px4.ESTIMATOR_STATUS: self._apply_estimator,
            px4.WIND_COV: self._apply_wind,
            px4.STATUSTEXT: self._apply_text,
            px4.NAMED_VALUE_FLOAT: self._apply_named_value,
        }

    @property
    def state(self) -> VehicleState:
        """The latest state."""
        return self._state

    @property
    def plan_ids(self) -> PlanIds:
        """The autopilot's checksums of what it holds."""
        return self._plan_ids

    @property
    def clock_conflict(self) -> bool:
        """Whether two clocks were seen to alternate."""
        return self._conflicts >= CLOCK_CONFLICTS

    def texts(self, since_s: float) -> tuple[StatusText, ...]:
        """The last texts (at most 256) received at or after `since_s`."""
        return tuple(text for text in self._texts if text.received_s >= since_s)

    def take_new_texts(self) -> tuple[StatusText, ...]:
        """The texts completed since this was last asked: for one consumer only."""
        taken = tuple(self._new_texts)
        self._new_texts.clear()
        return taken

    def apply(self, name: str, fields_json: str, now_s: float) -> bool:
        """Take one message; returns whether anything known changed. Unknown or broken messages change nothing."""
        handler = self._apply.get(name)
        if handler is None:
            return False
        try:
            accepted = handler(fields_json, now_s)
        except (msgspec.DecodeError, ValueError):
            self.undecodable += 1
            return False
        if accepted:
            self.received[name] += 1
        return accepted

    def _apply_heartbeat(self, fields_json: str, now_s: float) -> bool:
        beat = _HEARTBEAT(fields_json)
        self.last_heartbeat_s = now_s
        self._state = replace(
            self._state,
            armed=bool(beat.base_mode & px4.MAV_MODE_FLAG_SAFETY_ARMED),
            mode=px4.flight_mode(beat.custom_mode),
        )
        return True

    def _apply_sys_status(self, fields_json: str, _now_s: float) -> bool:
        status = _SYS_STATUS(fields_json)
        self._state = replace(
            self._state,
            armable=bool(status.onboard_control_sensors_health & px4.PREARM_CHECK_BIT),
        )
        if status.battery_remaining >= 0:
            self._state = replace(self._state, battery_remaining=status.battery_remaining / 100.0)
        if status.voltage_battery != UNSET_U16:
            self._state = replace(self._state, battery_voltage_v=status.voltage_battery / 1000.0)
        return True

    def _apply_battery(self, fields_json: str, _now_s: float) -> bool:
        battery = _BATTERY(fields_json)
        if battery.id != 0 or battery.battery_remaining < 0:
            return False
        cells = [millivolts for millivolts in battery.voltages if millivolts != UNSET_U16]
        voltage = sum(cells) / 1000.0 if cells else self._state.battery_voltage_v
        self._state = replace(
            self._state, battery_remaining=battery.battery_remaining / 100.0, battery_voltage_v=voltage
        )
        return True

    def _apply_landed(self, fields_json: str, _now_s: float) -> bool:
        self._state = replace(self._state, landed_state=LandedState(_EXTENDED(fields_json).landed_state))
        return True

    def _apply_mission_current(self, fields_json: str, _now_s: float) -> bool:
        current = _MISSION_CURRENT(fields_json)
        total = 0 if current.total == UNSET_U16 else current.total
        self._state = replace(
            self._state,
            mission_current=current.seq,
            mission_total=total,
            mission_plan_id=current.mission_id,
            fence_plan_id=current.fence_id,
            rally_plan_id=current.rally_points_id,
        )
        self._plan_ids = PlanIds(current.mission_id, current.fence_id, current.rally_points_id)
        return True

    def _apply_estimator(self, fields_json: str, _now_s: float) -> bool:
        self._state = replace(self._state, estimator_flags=_ESTIMATOR(fields_json).flags)
        return True

    def _apply_wind(self, fields_json: str, _now_s: float) -> bool:
        wind = _WIND(fields_json)
        if wind.wind_x is None or wind.wind_y is None:
            return False
        self._state = replace(self._state, wind_m_s=math.hypot(wind.wind_x, wind.wind_y))
        return True

    def _apply_home(self, fields_json: str, _now_s: float) -> bool:
        home = _HOME(fields_json)
        self._state = replace(
            self._state,
            home_latitude_deg=home.latitude * 1e-7,
            home_longitude_deg=home.longitude * 1e-7,
            home_altitude_amsl_m=home.altitude / 1000.0,
        )
        return True

    def _apply_system_time(self, fields_json: str, _now_s: float) -> bool:
        return self._clock_advances(_SYSTEM_TIME(fields_json).time_boot_ms) is not None

    def _apply_position(self, fields_json: str, now_s: float) -> bool:
        position = _POSITION(fields_json)
        newer = self._clock_advances(position.time_boot_ms)
        if newer is None:
            return False
        if not newer:
            self.late_samples += 1
            return False
        latitude_deg, longitude_deg = position.lat * 1e-7, position.lon * 1e-7
        self._watch_motion(latitude_deg, longitude_deg, position.time_boot_ms)
        known_heading = position.hdg != HEADING_UNKNOWN
        self._state = replace(
            self._state,
            boot_time_ms=position.time_boot_ms,
            received_s=now_s,
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            altitude_amsl_m=position.alt / 1000.0,
            height_home_m=position.relative_alt / 1000.0,
            velocity_north_m_s=position.vx / 100.0,
            velocity_east_m_s=position.vy / 100.0,
            velocity_down_m_s=position.vz / 100.0,
            heading_deg=position.hdg / 100.0 if known_heading else math.nan,
        )
        return True

    def _apply_named_value(self, fields_json: str, _now_s: float) -> bool:
        named = _NAMED_VALUE(fields_json)
        if named.name.rstrip("\0") != px4.PAYLOAD_NAME:
            return False
        self._state = replace(self._state, payload_kg=math.nan if named.value is None else named.value)
        return True

    def _clock_advances(self, boot_time_ms: int) -> bool | None:
        """Whether a sample's clock is newer than the newest position's; None while a restart is in doubt."""
        newest_ms = self._state.boot_time_ms
        if newest_ms - boot_time_ms <= self._reboot_step_ms:
            if self._restart_evidence:
                self._conflicts += 1
                self._restart_evidence = 0
            return boot_time_ms > newest_ms
        self._restart_evidence += 1
        if self._restart_evidence < REBOOT_CONFIRMATIONS:
            return None
        self._forget()
        return True

    def _forget(self) -> None:
        """After a restart nothing of before is known: not the plan, not the position."""
        self._state = self._blank
        self._plan_ids = PlanIds()
        self._chunks.clear()
        self._restart_evidence = 0
        self.boots += 1

    def _watch_motion(self, latitude_deg: float, longitude_deg: float, boot_time_ms: int) -> None:
        before = self._state
        if not before.has_position:
            return
        north_m = (latitude_deg - before.latitude_deg) * 111_195.0
        east_m = (longitude_deg - before.longitude_deg) * 111_195.0 * math.cos(math.radians(latitude_deg))
        elapsed_s = (boot_time_ms - before.boot_time_ms) / 1000.0
        if math.hypot(north_m, east_m) > MOTION_GATE_M + MOTION_GATE_M_S * elapsed_s:
            self.implausible_jumps += 1

    def _apply_text(self, fields_json: str, now_s: float) -> bool:
        text = _TEXT(fields_json)
        chunks = self._chunks.setdefault(text.id, [])
        if text.chunk_seq == 0:
            chunks.clear()
        chunks.append(StatusText(text.severity, text.text, now_s))
        if len(text.text) >= px4.STATUSTEXT_CHUNK_CHARS:  # also with id 0, with which PX4 begins its count
            return False
        self._complete(text.id)
        return True

    def _complete(self, identity: int) -> None:
        chunks = self._chunks.pop(identity)
        whole = "".join(chunk.text for chunk in chunks).rstrip("\t\n\0 ")
        text = StatusText(chunks[0].severity, whole, chunks[0].received_s)
        self._texts.append(text)
        self._new_texts.append(text)

    def flush_texts(self, before_s: float) -> None:
        """Give out texts whose last chunk did not come before `before_s`: half a reason is better than none."""
        for identity in [key for key, chunks in self._chunks.items() if chunks[0].received_s < before_s]:
            self._complete(identity)


_HEARTBEAT = msgspec.json.Decoder(_Heartbeat).decode
_SYS_STATUS = msgspec.json.Decoder(_SysStatus).decode
_POSITION = msgspec.json.Decoder(_GlobalPosition).decode
_EXTENDED = msgspec.json.Decoder(_ExtendedSysState).decode
_MISSION_CURRENT = msgspec.json.Decoder(_MissionCurrent).decode
_BATTERY = msgspec.json.Decoder(_Battery).decode
_HOME = msgspec.json.Decoder(_Home).decode
_SYSTEM_TIME = msgspec.json.Decoder(_SystemTime).decode
_ESTIMATOR = msgspec.json.Decoder(_Estimator).decode
_WIND = msgspec.json.Decoder(_Wind).decode
_TEXT = msgspec.json.Decoder(_Text).decode
_NAMED_VALUE = msgspec.json.Decoder(_NamedValue).decode
