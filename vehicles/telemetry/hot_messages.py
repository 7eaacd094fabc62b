"""What many vehicles say of themselves → rows of a `StateTable`, a whole tick at a time. Pure: no sockets, no clock.

The rules are those of `vehicles.state_assembly`, which does the same for one vehicle and one message at a time: an
older sample never overwrites a newer one of the same boot; a reboot forgets everything; clocks that jump to and fro are
two vehicles. The tests hold the two against each other.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from mission.model.telemetry import LandedState, VehicleState
from vehicles import px4
from vehicles.state_assembly import CLOCK_CONFLICTS, HEADING_UNKNOWN, REBOOT_CONFIRMATIONS, REBOOT_STEP_MS, UNSET_U16
from vehicles.telemetry import frames
from vehicles.telemetry.table import StateTable
from vehicles.telemetry.wire import ARMABLE, ARMED, MODES

Slots = npt.NDArray[np.intp]
Fields = npt.NDArray[np.void]

_MODE_INDEX = {mode: index for index, mode in enumerate(MODES)}
_PAYLOAD_NAME = px4.PAYLOAD_NAME.encode("ascii")
MOST_LANDED = max(LandedState)


class HotMessages:
    """Collects the payloads of a tick, then decodes all of a kind at once.

    Args:
        table: whose rows are written; slots are its.
        speed_factor: how many times faster than ours the vehicles' clocks run.

    Attributes:
        late_samples: positions dropped because a newer one was already held.
    """

    def __init__(self, table: StateTable, speed_factor: float = 1.0) -> None:
        self.late_samples = 0
        self._table = table
        self._reboot_step_ms = int(REBOOT_STEP_MS * max(1.0, speed_factor))
        self._waiting: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
        self._restart_evidence: dict[int, int] = {}
        self._conflicts: dict[int, int] = {}
        self._take = {
            frames.HEARTBEAT.message_id: self._take_heartbeat,
            frames.SYS_STATUS.message_id: self._take_sys_status,
            frames.SYSTEM_TIME.message_id: self._take_system_time,
            frames.GPS_RAW_INT.message_id: self._take_gps,
            frames.ATTITUDE.message_id: self._take_attitude,
            frames.ATTITUDE_QUATERNION.message_id: self._take_quaternion,
            frames.MISSION_CURRENT.message_id: self._take_mission_current,
            frames.MISSION_ITEM_REACHED.message_id: self._take_item_reached,
            frames.VFR_HUD.message_id: self._take_airspeed,
            frames.BATTERY_STATUS.message_id: self._take_battery,
            frames.ESTIMATOR_STATUS.message_id: self._take_estimator,
            frames.WIND_COV.message_id: self._take_wind,
            frames.HOME_POSITION.message_id: self._take_home,
            frames.EXTENDED_SYS_STATE.message_id: self._take_landed,
            frames.NAMED_VALUE_FLOAT.message_id: self._take_named_value,
        }

    def add(self, slot: int, message_id: int, payload: bytes) -> None:
        """Keep the payload (trailing zeros cut or not) of a message in `frames.HOT` for the end of the tick."""
        self._waiting[message_id].append((slot, payload))

    def clock_conflict(self, slot: int) -> bool:
        """Whether two clocks were seen to alternate behind this slot."""
        return self._conflicts.get(slot, 0) >= CLOCK_CONFLICTS

    def apply(self, now_s: float) -> None:
        """End a tick: write what was kept into the table, positions first, for they tell of a reboot."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        positions = waiting.pop(frames.GLOBAL_POSITION_INT.message_id, None)
        if positions:
            self._take_positions(*_decoded(frames.GLOBAL_POSITION_INT, positions), now_s)
        for message_id, messages in waiting.items():
            take = self._take.get(message_id)
            if take is not None:
                slots, fields = _decoded(frames.HOT[message_id], messages)
                take(slots, fields)
                self._table.news(slots)

    # -- clocks and positions -----------------------------------------------------------------------------

    def _take_positions(self, slots: Slots, fields: Fields, now_s: float) -> None:
        clock = fields["time_boot_ms"].astype(np.int64)
        odd = self._is_odd(slots, clock)
        for index in np.flatnonzero(odd):  # one by one, in the order in which they came
            newer = self._clock_advances(int(slots[index]), int(clock[index]))
            self.late_samples += newer is False
            if newer:
                self._write_positions(slots[index : index + 1], fields[index : index + 1], now_s)
        order = np.flatnonzero(~odd)[np.argsort(clock[~odd], kind="stable")]  # so that the newest is written last
        newer_rows = order[clock[order] > self._table.records["boot_time_ms"][slots[order]]]
        self.late_samples += len(order) - len(newer_rows)
        self._write_positions(slots[newer_rows], fields[newer_rows], now_s)

    def _is_odd(self, slots: Slots, clock: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Samples of vehicles that may have restarted."""
        fell = self._table.records["boot_time_ms"][slots] - clock > self._reboot_step_ms
        if not fell.any() and not self._restart_evidence:
            return fell
        return np.isin(slots, [*slots[fell], *self._restart_evidence])

    def _clock_advances(self, slot: int, boot_time_ms: int) -> bool | None:
        """Whether a sample's clock is newer than the newest position's; None while a restart is in doubt."""
        newest_ms = int(self._table.records["boot_time_ms"][slot])
        if newest_ms - boot_time_ms <= self._reboot_step_ms:
            if self._restart_evidence.pop(slot, 0):
                self._conflicts[slot] = self._conflicts.get(slot, 0) + 1
            return boot_time_ms > newest_ms
        self._restart_evidence[slot] = self._restart_evidence.get(slot, 0) + 1
        if self._restart_evidence[slot] < REBOOT_CONFIRMATIONS:
            return None
        del self._restart_evidence[slot]
        self._forget(slot)
        return True

    def _forget(self, slot: int) -> None:
        """After a restart nothing of before is known."""
        row = self._table.records[slot]
        blank = VehicleState(row["vehicle_id"].decode("ascii"), int(row["system_id"]))
        self._table.put(slot, blank, int(row["boots"]) + 1)

    def _take_system_time(self, slots: Slots, fields: Fields) -> None:
        clock = fields["time_boot_ms"].astype(np.int64)
        for index in np.flatnonzero(self._is_odd(slots, clock)):
            self._clock_advances(int(slots[index]), int(clock[index]))

    def _write_positions(self, slots: Slots, fields: Fields, now_s: float) -> None:
        records = self._table.records
        records["boot_time_ms"][slots] = fields["time_boot_ms"]
        records["latitude_deg"][slots] = fields["lat"] * 1e-7
        records["longitude_deg"][slots] = fields["lon"] * 1e-7
        records["altitude_amsl_m"][slots] = fields["alt"] / 1000.0
        records["height_home_m"][slots] = fields["relative_alt"] / 1000.0
        records["velocity_north_m_s"][slots] = fields["vx"] / 100.0
        records["velocity_east_m_s"][slots] = fields["vy"] / 100.0
        records["velocity_down_m_s"][slots] = fields["vz"] / 100.0
        records["heading_deg"][slots] = np.where(fields["hdg"] == HEADING_UNKNOWN, np.nan, fields["hdg"] / 100.0)
        self._table.heard(slots, now_s)

    # -- the others, each as it is in `state_assembly` -----------------------------------------------------

    def _take_heartbeat(self, slots: Slots, fields: Fields) -> None:
        records = self._table.records
        records["mode"][slots] = [_MODE_INDEX[px4.flight_mode(mode)] for mode in fields["custom_mode"].tolist()]
        self._set_flag(slots, ARMED, (fields["base_mode"] & px4.MAV_MODE_FLAG_SAFETY_ARMED) != 0)

    def _set_flag(self, slots: Slots, flag: int, values: npt.NDArray[np.bool_]) -> None:
        flags = self._table.records["flags"]
        before = flags[slots]
        flags[slots] = np.where(values, before | flag, before & (0xFF ^ flag))  # the last of a vehicle's stays

    def _take_sys_status(self, slots: Slots, fields: Fields) -> None:
        records = self._table.records
        self._set_flag(slots, ARMABLE, (fields["onboard_control_sensors_health"] & px4.PREARM_CHECK_BIT) != 0)
        known = fields["battery_remaining"] >= 0
        records["battery_remaining"][slots[known]] = fields["battery_remaining"][known] / 100.0
        known = fields["voltage_battery"] != UNSET_U16
        records["battery_voltage_v"][slots[known]] = fields["voltage_battery"][known] / 1000.0

    def _take_battery(self, slots: Slots, fields: Fields) -> None:
        records = self._table.records
        first = (fields["id"] == 0) & (fields["battery_remaining"] >= 0)
        slots, fields = slots[first], fields[first]
        records["battery_remaining"][slots] = fields["battery_remaining"] / 100.0
        cells = fields["voltages"].astype(np.int64)
        known = cells != UNSET_U16
        volts = (cells * known).sum(axis=1) / 1000.0
        has_cells = known.any(axis=1)
        records["battery_voltage_v"][slots[has_cells]] = volts[has_cells]

    def _take_landed(self, slots: Slots, fields: Fields) -> None:
        known = fields["landed_state"] <= MOST_LANDED
        self._table.records["landed_state"][slots[known]] = fields["landed_state"][known]

    def _take_mission_current(self, slots: Slots, fields: Fields) -> None:
        records = self._table.records
        records["mission_current"][slots] = fields["seq"]
        records["mission_total"][slots] = np.where(fields["total"] == UNSET_U16, 0, fields["total"])
        records["mission_plan_id"][slots] = fields["mission_id"]
        records["fence_plan_id"][slots] = fields["fence_id"]
        records["rally_plan_id"][slots] = fields["rally_points_id"]

    def _take_item_reached(self, slots: Slots, fields: Fields) -> None:
        self._table.records["item_reached"][slots] = fields["seq"]

    def _take_airspeed(self, slots: Slots, fields: Fields) -> None:
        self._table.records["airspeed_m_s"][slots] = fields["airspeed"]

    def _take_gps(self, slots: Slots, fields: Fields) -> None:
        self._table.records["gps_fix"][slots] = fields["fix_type"]
        self._table.records["satellites"][slots] = fields["satellites_visible"]

    def _take_attitude(self, slots: Slots, fields: Fields) -> None:
        self._table.records["roll_deg"][slots] = np.degrees(fields["roll"])
        self._table.records["pitch_deg"][slots] = np.degrees(fields["pitch"])

    def _take_quaternion(self, slots: Slots, fields: Fields) -> None:
        w, x, y, z = (fields["q"][:, axis].astype(float) for axis in range(4))
        roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
        pitch = np.arcsin(np.clip(2.0 * (w * y - z * x), -1.0, 1.0))
        self._table.records["roll_deg"][slots] = np.degrees(roll)
        self._table.records["pitch_deg"][slots] = np.degrees(pitch)

    def _take_estimator(self, slots: Slots, fields: Fields) -> None:
        self._table.records["estimator_flags"][slots] = fields["flags"]

    def _take_wind(self, slots: Slots, fields: Fields) -> None:
        wind_m_s = np.hypot(fields["wind_x"].astype(float), fields["wind_y"].astype(float))
        known = ~np.isnan(wind_m_s)
        self._table.records["wind_m_s"][slots[known]] = wind_m_s[known]

    def _take_home(self, slots: Slots, fields: Fields) -> None:
        records = self._table.records
        records["home_latitude_deg"][slots] = fields["latitude"] * 1e-7
        records["home_longitude_deg"][slots] = fields["longitude"] * 1e-7
        records["home_altitude_amsl_m"][slots] = fields["altitude"] / 1000.0

    def _take_named_value(self, slots: Slots, fields: Fields) -> None:
        payload = fields["name"] == _PAYLOAD_NAME
        self._table.records["payload_kg"][slots[payload]] = fields["value"][payload]


def _decoded(layout: frames.Layout, messages: list[tuple[int, bytes]]) -> tuple[Slots, npt.NDArray[Any]]:
    """All payloads of one kind as one array: trailing zeros restored, later versions' further fields cut."""
    size = layout.dtype.itemsize
    whole = b"".join([payload.ljust(size, b"\0")[:size] for _, payload in messages])
    return np.array([slot for slot, _ in messages], np.intp), np.frombuffer(whole, layout.dtype)
