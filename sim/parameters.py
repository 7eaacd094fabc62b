"""The PX4 parameters that a simulated vehicle holds, and how they travel.

Names, types and defaults are PX4 v1.16's for the SIH quadcopter. INT32 values travel bytewise in the float of
PARAM_VALUE. As in PX4: an unknown name and a wrong type get no reply at all, and values out of range are taken.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAV_PARAM_TYPE_INT32 = 6
MAV_PARAM_TYPE_REAL32 = 9

_FLOAT = struct.Struct("<f")
_INT = struct.Struct("<i")

DEFAULTS: dict[str, int | float] = {
    "BAT1_CAPACITY": -1.0,
    "BAT1_N_CELLS": 4,
    "BAT1_V_CHARGED": 4.05,
    "BAT1_V_EMPTY": 3.6,
    "BAT_CRIT_THR": 0.07,
    "BAT_EMERGEN_THR": 0.05,
    "BAT_LOW_THR": 0.15,
    "COM_ARM_AUTH_REQ": 0,
    "COM_ARM_WO_GPS": 1,
    "COM_DISARM_LAND": 2.0,
    "COM_DISARM_PRFLT": 10.0,
    "COM_DL_LOSS_T": 10,
    "COM_FAIL_ACT_T": 5.0,
    "COM_FLTT_LOW_ACT": 3,
    "COM_LOW_BAT_ACT": 3,
    "COM_OBL_RC_ACT": 0,
    "COM_RC_IN_MODE": 1,
    "COM_SPOOLUP_TIME": 1.0,
    "COM_TAKEOFF_ACT": 0,
    "COM_WIND_MAX": -1.0,
    "COM_WIND_MAX_ACT": 0,
    "FW_AIRSPD_TRIM": 15.0,
    "FW_R_LIM": 50.0,
    "FW_T_CLMB_R_SP": 3.0,
    "FW_T_SINK_R_SP": 2.0,
    "GF_ACTION": 2,
    "GF_MAX_HOR_DIST": 0.0,
    "GF_MAX_VER_DIST": 0.0,
    "GF_PREDICT": 0,
    "GF_SOURCE": 0,
    "MAV_SYS_ID": 1,
    "MAV_TYPE": 2,
    "MIS_COMMAND_TOUT": 0.0,
    "MIS_DIST_1WP": 10000.0,
    "MIS_TAKEOFF_ALT": 2.5,
    "MIS_TKO_LAND_REQ": 0,
    "MPC_ACC_DOWN_MAX": 3.0,
    "MPC_ACC_HOR": 3.0,
    "MPC_ACC_UP_MAX": 4.0,
    "MPC_JERK_AUTO": 4.0,
    "MPC_LAND_ALT1": 10.0,
    "MPC_LAND_ALT2": 5.0,
    "MPC_LAND_SPEED": 0.7,
    "MPC_TKO_RAMP_T": 3.0,
    "MPC_TKO_SPEED": 1.5,
    "MPC_XY_CRUISE": 5.0,
    "MPC_XY_TRAJ_P": 0.5,
    "MPC_XY_VEL_MAX": 12.0,
    "MPC_YAWRAUTO_MAX": 45.0,
    "MPC_Z_VEL_MAX_DN": 1.5,
    "MPC_Z_VEL_MAX_UP": 3.0,
    "MPC_Z_V_AUTO_DN": 1.5,
    "MPC_Z_V_AUTO_UP": 3.0,
    "NAV_ACC_RAD": 2.0,
    "NAV_DLL_ACT": 0,
    "NAV_LOITER_RAD": 80.0,
    "NAV_MC_ALT_RAD": 0.8,
    "NAV_RCL_ACT": 2,
    "PD_GRIPPER_TO": 1.0,
    "PD_GRIPPER_TYPE": 0,
    "RTL_CONE_ANG": 45,
    "RTL_DESCEND_ALT": 10.0,
    "RTL_LAND_DELAY": 0.0,
    "RTL_MIN_DIST": 10.0,
    "RTL_RETURN_ALT": 30.0,
    "RTL_TYPE": 0,
    "SDLOG_MODE": 0,
    "SYS_AUTOSTART": 10040,
    "VT_ARSP_TRANS": 10.0,
    "VT_B_DEC_MSS": 2.0,
    "VT_TYPE": 0,
}
"""Names in the order of their indices."""


FLYABLE: dict[str, tuple[float, float]] = {
    "BAT1_N_CELLS": (1.0, 14.0),
    "BAT1_V_": (0.1, 4.5),
    "FW_AIRSPD_TRIM": (1.0, 300.0),
    "FW_R_LIM": (1.0, 85.0),
    "FW_T_": (0.05, 300.0),
    "MPC_": (0.05, 300.0),
    "NAV_ACC_RAD": (0.05, 10_000.0),
    "NAV_LOITER_RAD": (1.0, 10_000.0),
    "NAV_MC_ALT_RAD": (0.05, 10_000.0),
    "VT_ARSP_TRANS": (1.0, 300.0),
    "VT_B_DEC_MSS": (0.05, 1000.0),
    "": (-1e9, 1e9),
}
"""What the model can fly with, by the first beginning of a name that fits. Any value of the right type is held and
read back, as in PX4; what is flown is the nearest of these, and the default in place of what is no number."""


@dataclass(frozen=True, slots=True)
class WireParameter:
    """One parameter as PARAM_VALUE carries it."""

    name: str
    index: int
    count: int
    param_type: int
    wire_value: float


class Parameters:
    """The parameter store of one vehicle."""

    def __init__(self, overrides: Mapping[str, int | float]) -> None:
        self._values = dict(DEFAULTS)
        for name, value in overrides.items():
            self._values[name] = int(value) if isinstance(self._values.get(name, value), int) else _f32(value)
        self._names = sorted(self._values)
        for name, default in DEFAULTS.items():
            if isinstance(default, float):
                self._values[name] = _f32(self._values[name])
        self._flyable = {name: _flyable(name, value) for name, value in self._values.items()}

    def __getitem__(self, name: str) -> float:
        """Value as a float, as it can be flown (see `FLYABLE`); KeyError for a name that no vehicle holds."""
        return self._flyable[name]

    def integer(self, name: str) -> int:
        """Value of an INT32 parameter."""
        return int(self._values[name])

    def read(self, name: str) -> WireParameter | None:
        """The parameter by name, or None where PX4 would keep silent."""
        value = self._values.get(name)
        if value is None:
            return None
        is_int = isinstance(value, int)
        wire = _FLOAT.unpack(_INT.pack(value))[0] if is_int else float(value)
        param_type = MAV_PARAM_TYPE_INT32 if is_int else MAV_PARAM_TYPE_REAL32
        return WireParameter(name, self._names.index(name), len(self._names), param_type, wire)

    def read_index(self, index: int) -> WireParameter | None:
        """The parameter by index, or None where PX4 would keep silent."""
        return self.read(self._names[index]) if 0 <= index < len(self._names) else None

    def write(self, name: str, wire_value: float, param_type: int) -> WireParameter | None:
        """Set a parameter as PARAM_SET asks, and return what is held then; None for no reply."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, int):
            if param_type != MAV_PARAM_TYPE_INT32:
                return None
            self._values[name] = _INT.unpack(_FLOAT.pack(wire_value))[0]
        else:
            if param_type != MAV_PARAM_TYPE_REAL32:
                return None
            self._values[name] = _f32(wire_value)
        self._flyable[name] = _flyable(name, self._values[name])
        return self.read(name)

    def drift(self, name: str, value: float) -> None:
        """Change a value as if somebody else had; a name that the vehicle does not hold changes nothing."""
        known = self._values.get(name)
        if known is not None:
            self._values[name] = round(value) if isinstance(known, int) else _f32(value)
            self._flyable[name] = _flyable(name, self._values[name])

    def __iter__(self) -> Iterator[WireParameter]:
        """All parameters by index."""
        return (parameter for name in self._names if (parameter := self.read(name)) is not None)


def _flyable(name: str, value: float) -> float:
    if not math.isfinite(value):
        return float(DEFAULTS.get(name, 0.0))
    least, most = next(limits for beginning, limits in FLYABLE.items() if name.startswith(beginning))
    return min(max(float(value), least), most)


def _f32(value: float) -> float:
    return float(_FLOAT.unpack(_FLOAT.pack(value))[0])
