"""What one PX4 SITL instance shall be: place, speed, parameters, deadlines; and PX4's environment made of it."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from mission.errors import InputError, InputProblem
from sim.px4_sitl_build import SIH_QUADCOPTER_AIRFRAME
from sim.px4_sitl_numbers import HIGHEST_NUMBER

SIH_QUADCOPTER_MODEL = "sihsim_quadx"
FASTEST_SPEED_FACTOR = 20.0  # SIH holds about this much on one core
SLOWEST_SPEED_FACTOR = 0.1

_PARAMETER_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
_PARAMETERS_SET_OTHERWISE = {
    "SYS_AUTOSTART": "the field `airframe` sets it",
    "SYS_AUTOCONFIG": "PX4's start script sets it",
    "MAV_SYS_ID": "it is always the instance number + 1",
    "SIH_LOC_LAT0": "the field `home` sets it",
    "SIH_LOC_LON0": "the field `home` sets it",
    "SIH_LOC_H0": "the field `home` sets it",
}
# Variables other than PX4_* that PX4's start script reads; inherited ones would change the vehicle unseen.
_START_SCRIPT_VARIABLES = frozenset({"R", "replay", "replay_mode", "ROS_DOMAIN_ID"})


class KeepFiles(StrEnum):
    """When the work directory (log, ULogs, parameters, missions) stays after the end."""

    ON_FAILURE = "on_failure"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Px4Home:
    """Where the vehicle boots: WGS84 degrees, altitude of the ground AMSL in metres.

    PX4 holds it in three 32-bit floats: expect up to 0.9 m (longitude; 0.2 m latitude at 48°) of rounding.

    Raises:
        ValueError: outside ±90, ±180 or -1000..10000 m, or not finite.
    """

    latitude_deg: float
    longitude_deg: float
    altitude_amsl_m: float

    def __post_init__(self) -> None:
        for name, lowest, highest in (
            ("latitude_deg", -90.0, 90.0),
            ("longitude_deg", -180.0, 180.0),
            ("altitude_amsl_m", -1000.0, 10000.0),
        ):
            if not lowest <= getattr(self, name) <= highest:
                raise ValueError(f"{name} {getattr(self, name)} is outside {lowest:g}..{highest:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Px4Config:
    """One PX4 SITL vehicle.

    Attributes:
        home: where it boots.
        build_dir: PX4's build folder; None for the one STORK_PX4_DIR names.
        speed_factor: simulated seconds per second. PX4's start script multiplies its link-loss time-outs
            (COM_DL_LOSS_T, COM_RC_LOSS_T, COM_OF_LOSS_T, COM_OBC_LOSS_T) with it, unless given in `parameters`.
        parameters: PX4 parameters by name as they shall be held from boot; read back before the start succeeds.
        airframe: SYS_AUTOSTART; `model` is its name in PX4 (PX4_SIM_MODEL).
        instance: exactly this instance number; None for the lowest free one from `first_instance` up.
        ready_timeout_s: real seconds from the start until it must be able to arm.
        stop_timeout_s: real seconds after SIGTERM until SIGKILL.
        keep: when the work directory stays.
        work_root: where the work directory is made; None for the system's folder for temporary files.

    Raises:
        InputError: one problem for every field that cannot be right.
    """

    home: Px4Home
    build_dir: Path | None = None
    speed_factor: float = 1.0
    parameters: Mapping[str, int | float] = field(default_factory=dict)
    airframe: int = SIH_QUADCOPTER_AIRFRAME
    model: str = SIH_QUADCOPTER_MODEL
    instance: int | None = None
    first_instance: int = 0
    ready_timeout_s: float = 60.0
    stop_timeout_s: float = 2.0
    keep: KeepFiles = KeepFiles.ON_FAILURE
    work_root: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        problems = [*self._field_problems(), *_parameter_problems(self.parameters)]
        if problems:
            raise InputError(*problems)

    def _field_problems(self) -> Iterator[InputProblem]:
        if not SLOWEST_SPEED_FACTOR <= self.speed_factor <= FASTEST_SPEED_FACTOR:
            mend = f"Give {SLOWEST_SPEED_FACTOR:g} to {FASTEST_SPEED_FACTOR:g}"
            yield _problem("speed_factor", f"{self.speed_factor} cannot be simulated", mend)
        for name in ("instance", "first_instance"):
            number = getattr(self, name)
            if number is not None and not 0 <= number <= HIGHEST_NUMBER:
                yield _problem(name, f"{number} is no instance number", f"Give 0 to {HIGHEST_NUMBER}")
        for name in ("ready_timeout_s", "stop_timeout_s"):
            if not 0.0 < getattr(self, name) < math.inf:
                yield _problem(name, f"{getattr(self, name)} is no time to wait", "Give seconds above 0")
        if self.airframe <= 0:
            yield _problem("airframe", f"{self.airframe} is no airframe", "Give PX4's SYS_AUTOSTART number")
        if not re.fullmatch(r"\w+", self.model):
            yield _problem("model", f"{self.model!r} is no model name", f"Give one as {SIH_QUADCOPTER_MODEL}")


def px4_environment(config: Px4Config, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment PX4 is started with: the inherited one, minus all that would configure PX4, plus `config`.

    The speed factor is left out at 1: PX4 then needs no ``bc`` and keeps its own time-outs.
    """
    environment = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("PX4_") and name not in _START_SCRIPT_VARIABLES
    }
    environment |= {
        "PX4_SYS_AUTOSTART": str(config.airframe),
        "PX4_SIMULATOR": "sihsim",
        "PX4_SIM_MODEL": config.model,
        "PX4_HOME_LAT": f"{config.home.latitude_deg:.9f}",
        "PX4_HOME_LON": f"{config.home.longitude_deg:.9f}",
        "PX4_HOME_ALT": f"{config.home.altitude_amsl_m:.3f}",
    }
    if config.speed_factor != 1.0:
        environment["PX4_SIM_SPEED_FACTOR"] = f"{config.speed_factor:g}"
    for name, value in config.parameters.items():
        environment[f"PX4_PARAM_{name}"] = repr(value)
    return environment


def same_parameter_value(wanted: float, shown: str) -> bool:
    """Whether PX4 shows this value: integers exactly, floats with the four decimals it prints."""
    try:
        held = float(shown)
    except ValueError:
        return False
    if "." not in shown:
        return held == wanted
    return math.isclose(held, wanted, rel_tol=1e-6, abs_tol=6e-5)


def _parameter_problems(parameters: Mapping[str, int | float]) -> Iterator[InputProblem]:
    for name, value in parameters.items():
        place = f"parameters[{name}]"
        if not _PARAMETER_NAME.fullmatch(name):
            yield _problem(place, "this is no PX4 parameter name", "Write it as PX4 does: A-Z, 0-9, _, up to 16")
        elif name in _PARAMETERS_SET_OTHERWISE:
            yield _problem(place, "it cannot be given here", f"Leave it out: {_PARAMETERS_SET_OTHERWISE[name]}")
        elif re.fullmatch(r"MAV_\d_BROADCAST", name) and value != 0:
            yield _problem(place, "PX4 would send to the network", "Leave it out: SITL stays on loopback")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield _problem(place, f"{value!r} is no parameter value", "Give a whole or decimal number")


def _problem(place: str, what: str, mend: str) -> InputProblem:
    return InputProblem("<Px4Config>", place, what, mend)
