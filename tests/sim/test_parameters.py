"""Parameters on the wire."""

import math
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import common as dialect

from sim.parameters import DEFAULTS, Parameters

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation

INT32, REAL32 = 6, 9


def as_float(value: int) -> float:
    """An INT32 bytewise in a float."""
    return float(struct.unpack("<f", struct.pack("<i", value))[0])


def read(station: "GroundStation", name: bytes, index: int = -1) -> list[tuple[str, float, int]]:
    """Ask for one parameter; return what is answered."""
    station.heard.clear()
    station.send(dialect.MAVLink_param_request_read_message(1, 1, name, index))
    return [(m.param_id, m.param_value, m.param_type) for m in station.named("PARAM_VALUE")]


def test_float_parameter_is_read(station: "GroundStation") -> None:
    """RTL_RETURN_ALT is 30 m by default."""
    assert read(station, b"RTL_RETURN_ALT") == [("RTL_RETURN_ALT", 30.0, REAL32)]


def test_int_parameter_travels_bytewise_in_the_float(station: "GroundStation") -> None:
    """GF_ACTION 2 arrives as the float with the bytes 02 00 00 00."""
    assert read(station, b"GF_ACTION") == [("GF_ACTION", as_float(2), INT32)]


def test_unknown_parameter_gets_no_answer(station: "GroundStation") -> None:
    """PX4 keeps silent about a name or an index it does not hold."""
    assert read(station, b"NO_SUCH_PARAM") == []
    assert read(station, b"", 9999) == []


def test_parameter_is_set_and_said_back_even_out_of_range(station: "GroundStation") -> None:
    """PX4 takes values out of range, and answers with what it holds."""
    station.send(dialect.MAVLink_param_set_message(1, 1, b"RTL_RETURN_ALT", -5000.0, REAL32))
    station.send(dialect.MAVLink_param_set_message(1, 1, b"GF_ACTION", as_float(3), INT32))
    assert station.autopilot.onboard.parameters["RTL_RETURN_ALT"] == -5000.0
    assert station.autopilot.onboard.parameters.integer("GF_ACTION") == 3
    assert len(station.named("PARAM_VALUE")) == 2


def test_setting_with_the_wrong_type_gets_no_answer_and_changes_nothing(station: "GroundStation") -> None:
    """An INT32 set as REAL32 is dropped in silence."""
    station.send(dialect.MAVLink_param_set_message(1, 1, b"GF_ACTION", 3.0, REAL32))
    station.send(dialect.MAVLink_param_set_message(1, 1, b"RTL_RETURN_ALT", as_float(3), INT32))
    assert not station.named("PARAM_VALUE")
    assert station.autopilot.onboard.parameters.integer("GF_ACTION") == 2


def test_list_sends_every_parameter_once_with_its_index(station: "GroundStation") -> None:
    """PARAM_REQUEST_LIST is answered by index, over some cycles."""
    station.send(dialect.MAVLink_param_request_list_message(1, 1))
    station.run(2.0)
    values = station.named("PARAM_VALUE")
    assert [m.param_index for m in values] == list(range(len(DEFAULTS)))
    assert {m.param_count for m in values} == {len(DEFAULTS)}
    assert [m.param_id for m in values] == sorted(DEFAULTS)


def test_overrides_keep_the_type() -> None:
    """A configured value takes the type of the parameter; floats are what a 32-bit float holds."""
    parameters = Parameters({"GF_ACTION": 3.0, "RTL_RETURN_ALT": 20, "BAT_LOW_THR": 0.2})
    assert parameters.integer("GF_ACTION") == 3
    assert parameters["RTL_RETURN_ALT"] == 20.0
    answer = parameters.read("BAT_LOW_THR")
    assert answer is not None
    assert answer.param_type == REAL32
    assert answer.wire_value == pytest.approx(0.2, abs=1e-7)


@given(st.sampled_from(sorted(DEFAULTS)), st.floats(width=32))
def test_any_value_is_held_as_it_was_set_and_flown_as_a_number(name: str, value: float) -> None:
    """What no vehicle can fly with – NaN, infinity, an acceleration of 0 – is read back, but never flown."""
    parameters = Parameters({})
    kind = INT32 if isinstance(DEFAULTS[name], int) else REAL32
    held = parameters.write(name, value, kind)
    assert held is not None
    assert held.wire_value == value or math.isnan(value)
    assert math.isfinite(parameters[name])
    assert parameters[name] > 0.0 or not name.startswith(("MPC_", "NAV_ACC", "BAT1_V", "BAT1_N"))
