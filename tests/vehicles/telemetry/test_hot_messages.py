"""Hot messages of many vehicles: the same state as the assembler of one, message by message."""

import json
import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import common as dialect

from mission.model.telemetry import VehicleState
from vehicles.state_assembly import StateAssembler
from vehicles.telemetry import frames
from vehicles.telemetry.hot_messages import HotMessages
from vehicles.telemetry.table import StateTable
from vehicles.telemetry.wire import sample_of

U16 = st.integers(0, 65_535)
I16 = st.integers(-32_768, 32_767)
I32 = st.integers(-(2**31), 2**31 - 1)
U32 = st.integers(0, 2**32 - 1)
F32 = st.floats(-1e6, 1e6, width=32)
CLOCKS = st.integers(0, 60_000)

CONTENTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "HEARTBEAT": st.fixed_dictionaries(
        {"custom_mode": U32, "base_mode": st.integers(0, 255), "autopilot": st.just(12)}
    ),
    "SYS_STATUS": st.fixed_dictionaries(
        {"onboard_control_sensors_health": U32, "voltage_battery": U16, "battery_remaining": st.integers(-1, 100)}
    ),
    "GLOBAL_POSITION_INT": st.fixed_dictionaries(
        {"time_boot_ms": CLOCKS, "lat": I32, "lon": I32, "alt": I32, "relative_alt": I32}
        | {"vx": I16, "vy": I16, "vz": I16, "hdg": U16}
    ),
    "SYSTEM_TIME": st.fixed_dictionaries({"time_boot_ms": CLOCKS}),
    "MISSION_CURRENT": st.fixed_dictionaries(
        {"seq": U16, "total": U16, "mission_id": U32, "fence_id": U32, "rally_points_id": U32}
    ),
    "BATTERY_STATUS": st.fixed_dictionaries(
        {
            "id": st.integers(0, 1),
            "battery_remaining": st.integers(-1, 100),
            "voltages": st.lists(st.one_of(st.just(65_535), U16), min_size=10, max_size=10),
        }
    ),
    "HOME_POSITION": st.fixed_dictionaries({"latitude": I32, "longitude": I32, "altitude": I32}),
    "EXTENDED_SYS_STATE": st.fixed_dictionaries({"landed_state": st.integers(0, 9)}),
    "ESTIMATOR_STATUS": st.fixed_dictionaries({"flags": U16}),
    "WIND_COV": st.fixed_dictionaries(
        {"wind_x": st.one_of(st.just(math.nan), F32), "wind_y": st.one_of(st.just(math.nan), F32)}
    ),
    "NAMED_VALUE_FLOAT": st.fixed_dictionaries({"name": st.sampled_from(["payload_kg", "payload", "x"]), "value": F32}),
}
MESSAGES = st.sampled_from(sorted(CONTENTS)).flatmap(lambda name: st.tuples(st.just(name), CONTENTS[name]))
LAYOUTS = {layout.name: layout for layout in frames.LAYOUTS}


def payload_of(name: str, content: dict[str, Any]) -> bytes:
    """A payload as it travels, trailing zeros cut."""
    layout = LAYOUTS[name]
    row = np.zeros(1, layout.dtype)
    for field, value in content.items():
        row[field] = value.encode() if isinstance(value, str) else value
    return row.tobytes().rstrip(b"\0") or b"\0"


def json_of(content: dict[str, Any]) -> str:
    """The same message as MAVSDK tells it: NaN is null."""
    plain = {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in content.items()}
    return json.dumps(plain)


def state_in(table: StateTable, slot: int) -> tuple[VehicleState, int]:
    """The row as a state, and its boots."""
    sample = sample_of(table.records[slot], 0.0)
    return sample.state, sample.boots


def same(left: VehicleState, right: VehicleState) -> bool:
    """Equal to what 32-bit floats can tell; when it was received is not compared."""
    for field in fields(VehicleState):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if field.name == "received_s" or a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b)):
            continue
        if not (isinstance(a, float) and math.isclose(a, b, rel_tol=1e-6)):
            return False
    return True


@given(st.lists(st.tuples(st.integers(0, 2), MESSAGES), max_size=60))
def test_a_table_says_what_an_assembler_says(heard: list[tuple[int, tuple[str, dict[str, Any]]]]) -> None:
    """Three vehicles, any messages, any clocks, restarts and clocks to and fro included (F-L4, F-V18, F-L9)."""
    table = StateTable("g", 1)
    hot = HotMessages(table)
    assemblers = [StateAssembler(f"v{slot}", slot + 1) for slot in range(3)]
    for slot in range(3):
        table.add(f"v{slot}", slot + 1)
    for slot, (name, content) in heard:
        hot.add(slot, LAYOUTS[name].message_id, payload_of(name, content))
        hot.apply(0.0)
        assemblers[slot].apply(name, json_of(content), 0.0)
    for slot, assembler in enumerate(assemblers):
        state, boots = state_in(table, slot)
        assert same(state, assembler.state), (state, assembler.state)
        assert boots == assembler.boots
        assert hot.clock_conflict(slot) == assembler.clock_conflict
    assert hot.late_samples == sum(assembler.late_samples for assembler in assemblers)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4_000)), max_size=60), st.data())
def test_a_tick_at_a_time_is_as_good_as_one_by_one(heard: list[tuple[int, int]], data: st.DataObject) -> None:
    """Positions of one boot in any order, cut into ticks anywhere: the newest of each vehicle stays (F-L4, I-17)."""
    table = StateTable("g", 1)
    hot = HotMessages(table)
    for slot in range(3):
        table.add(f"v{slot}", slot + 1)
    for slot, clock_ms in heard:
        hot.add(slot, 33, payload_of("GLOBAL_POSITION_INT", {"time_boot_ms": clock_ms, "lat": clock_ms}))
        if data.draw(st.booleans()):
            hot.apply(0.0)
    hot.apply(0.0)
    for slot in range(3):
        newest_ms = max((clock for of, clock in heard if of == slot), default=-1)
        state, _ = state_in(table, slot)
        assert state.boot_time_ms == newest_ms
        assert newest_ms < 0 or state.latitude_deg == newest_ms * 1e-7


def test_frozen_telemetry_does_not_look_fresh() -> None:
    """The same position again and again leaves its age as it is (F-V30)."""
    table = StateTable("g", 1)
    hot = HotMessages(table)
    table.add("v", 1)
    for second in range(10):
        hot.add(0, 33, payload_of("GLOBAL_POSITION_INT", {"time_boot_ms": 5_000, "lat": 1}))
        hot.apply(float(second))
    table.full_frame(10.0, 0.0)
    assert hot.late_samples == 9
    assert table._received_s[0] == 0.0


def test_what_only_screens_read_is_there() -> None:
    """Attitude from angles or a quaternion, airspeed, satellites and the item reached."""
    table = StateTable("g", 1)
    hot = HotMessages(table)
    for name in ("a", "b"):
        table.add(name, 1)
    roll, pitch = math.radians(20.0), math.radians(-10.0)
    w, x = math.cos(roll / 2) * math.cos(pitch / 2), math.sin(roll / 2) * math.cos(pitch / 2)
    y, z = math.cos(roll / 2) * math.sin(pitch / 2), -math.sin(roll / 2) * math.sin(pitch / 2)
    hot.add(0, frames.ATTITUDE.message_id, payload_of("ATTITUDE", {"roll": roll, "pitch": pitch}))
    hot.add(1, frames.ATTITUDE_QUATERNION.message_id, payload_of("ATTITUDE_QUATERNION", {"q": [w, x, y, z]}))
    hot.add(0, frames.VFR_HUD.message_id, payload_of("VFR_HUD", {"airspeed": 12.5}))
    hot.add(0, frames.GPS_RAW_INT.message_id, payload_of("GPS_RAW_INT", {"fix_type": 3, "satellites_visible": 14}))
    hot.add(0, frames.MISSION_ITEM_REACHED.message_id, payload_of("MISSION_ITEM_REACHED", {"seq": 4}))
    hot.apply(0.0)
    rows = table.records
    assert rows["roll_deg"].tolist() == pytest.approx([20.0, 20.0], abs=1e-4)
    assert rows["pitch_deg"].tolist() == pytest.approx([-10.0, -10.0], abs=1e-4)
    assert (rows["airspeed_m_s"][0], rows["gps_fix"][0], rows["satellites"][0], rows["item_reached"][0]) == (
        12.5,
        3,
        14,
        4,
    )


@pytest.mark.parametrize("layout", frames.LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_is_mavlinks(layout: frames.Layout) -> None:
    """Id, checksum seed and order of the payload agree with the generated dialect, as far as we read."""
    theirs = dialect.mavlink_map[layout.message_id]
    assert (theirs.msgname, theirs.crc_extra) == (layout.name, layout.crc_extra[0])
    if layout.name == "MISSION_CURRENT":  # the dialect at hand is older than the fields that PX4 sends
        assert layout.dtype.itemsize == 18
        return
    ours, names = layout.dtype, theirs.ordered_fieldnames
    for name in ours.names or ():
        if name in names:
            before = sum(np.dtype(frames_type(theirs, index)).itemsize for index in range(names.index(name)))
            assert ours.fields is not None
            assert ours.fields[name][1] == before, name
    assert ours.itemsize <= theirs.unpacker.size


def frames_type(message: Any, index: int) -> str:
    """A field of the dialect, in wire order, as numpy's type."""
    code = {"uint8_t": "u1", "int8_t": "i1", "uint16_t": "u2", "int16_t": "i2", "uint32_t": "u4", "int32_t": "i4"}
    code |= {"uint64_t": "u8", "int64_t": "i8", "float": "f4", "double": "f8", "char": "S1"}
    kind = message.fieldtypes[message.fieldnames.index(message.ordered_fieldnames[index])]
    length = message.array_lengths[index]
    return f"({length},){code[kind]}" if length else code[kind]


def test_a_frame_of_ours_is_read_by_others() -> None:
    """Our heartbeat, decoded by the generated dialect."""
    frame = frames.FrameSender(245, 190).frame(frames.HEARTBEAT, 0, 6, 8, 0, 4, 3)
    message = dialect.MAVLink(None).decode(bytearray(frame))
    assert (message.get_type(), message.get_srcSystem(), message.type, message.autopilot) == ("HEARTBEAT", 245, 6, 8)


def test_a_later_version_of_a_message_is_read_as_far_as_it_is_known() -> None:
    """Fields behind those we know are left out."""
    table = StateTable("g", 1)
    hot = HotMessages(table)
    table.add("v", 1)
    hot.add(0, 33, payload_of("GLOBAL_POSITION_INT", {"time_boot_ms": 7, "hdg": 9_000}) + b"\x01\x02\x03")
    hot.apply(1.0)
    assert state_in(table, 0)[0].heading_deg == 90.0
    assert state_in(table, 0)[0].boot_time_ms == 7
