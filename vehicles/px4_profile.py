"""PX4's safety parameters as an operator wants them: read from a file, asserted, and applied on the ground.

The file is QGroundControl's parameter format, so a vehicle can also be set up with that. Parameters are read one
by one: the full list changes at run time. PX4 does not answer a name that it does not know, nor a value of the
wrong type, so both show as a difference and never as agreement.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mission.errors import InputError, InputProblem, LinkError, LinkTimeoutError
from mission.model.telemetry import LandedState, VehicleState
from vehicles.link import OBSERVED, Outcome, refused, unconfirmed

INT32: Final = 6
REAL32: Final = 9
"""MAV_PARAM_TYPE of the two types that PX4 has."""
SIMULATED_TIMES: Final = frozenset({"COM_DL_LOSS_T"})
"""Times that wait for a partner on the wall clock; they grow with a simulation's speed."""
RELATIVE_TOLERANCE: Final = 1e-6
"""PX4 holds 32-bit floats."""


@dataclass(frozen=True, slots=True)
class ProfileParameter:
    """One parameter as it must be: an int `value` is INT32, a float is REAL32."""

    name: str
    value: int | float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """All parameters that are asserted before a launch, in the order of their file."""

    name: str = ""
    parameters: tuple[ProfileParameter, ...] = ()

    def at_speed(self, speed_factor: float) -> "Profile":
        """The profile for a simulation that runs `speed_factor` times faster than real time."""
        if speed_factor <= 1.0:
            return self
        scaled = (
            ProfileParameter(p.name, math.ceil(p.value * speed_factor), p.reason) if p.name in SIMULATED_TIMES else p
            for p in self.parameters
        )
        return Profile(self.name, tuple(scaled))

    def values(self) -> dict[str, int | float]:
        """Value by name."""
        return {parameter.name: parameter.value for parameter in self.parameters}


@dataclass(frozen=True, slots=True)
class Drift:
    """A parameter that is not as the profile wants it.

    Attributes:
        found: what the vehicle holds; None when it did not answer.
        why: what is wrong beyond the value: another type, or no answer.
        answered: False where nothing was heard of it: then it is not known to differ.
    """

    name: str
    wanted: int | float
    found: int | float | None
    why: str = ""
    answered: bool = True

    def __str__(self) -> str:
        found = "not answered" if self.found is None else f"{self.found:g}"
        return f"{self.name} wanted {self.wanted:g}, found {found}" + (f" ({self.why})" if self.why else "")


class ParameterPort(Protocol):
    """What asserting and applying needs of a vehicle (part of `vehicles.link.VehicleLink`)."""

    def state(self) -> VehicleState:
        """The latest state."""
        ...

    def now_s(self) -> float:
        """Monotonic seconds."""
        ...

    async def read_parameter(self, name: str, timeout_s: float) -> int | float:
        """Read one parameter.

        Raises:
            LinkTimeoutError: no answer.
        """
        ...

    async def set_parameter(self, name: str, value: float, timeout_s: float) -> Outcome:
        """Set one parameter, observed by reading it again."""
        ...


async def find_drift(link: ParameterPort, profile: Profile, timeout_s: float) -> tuple[Drift, ...]:
    """Read every parameter and return those that are not known to be as wanted; empty means that all are."""
    deadline_s = link.now_s() + timeout_s
    drifts = []
    for wanted in profile.parameters:
        if (left_s := deadline_s - link.now_s()) <= 0.0:
            drifts.append(Drift(wanted.name, wanted.value, None, "no time was left to ask for it", answered=False))
            continue
        drift = await _compare(link, wanted, left_s)
        if drift is not None:
            drifts.append(drift)
    return tuple(drifts)


async def _compare(link: ParameterPort, wanted: ProfileParameter, timeout_s: float) -> Drift | None:
    try:
        found = await link.read_parameter(wanted.name, timeout_s)
    except LinkTimeoutError:
        return Drift(wanted.name, wanted.value, None, "unknown to the autopilot, or no link", answered=False)
    except LinkError as problem:
        return Drift(wanted.name, wanted.value, None, str(problem))
    if isinstance(found, int) is not isinstance(wanted.value, int):
        kind = "INT32" if isinstance(found, int) else "REAL32"
        return Drift(wanted.name, wanted.value, found, f"the autopilot holds it as {kind}")
    if isinstance(found, int):
        return None if found == wanted.value else Drift(wanted.name, wanted.value, found)
    same = math.isclose(found, wanted.value, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9)
    return None if same else Drift(wanted.name, wanted.value, found)


async def apply_profile(link: ParameterPort, profile: Profile, timeout_s: float) -> tuple[Outcome, tuple[Drift, ...]]:
    """Set what differs and read everything again; returns how it ended, and what still differs.

    Only a disarmed vehicle on the ground is changed.
    """
    state = link.state()
    if state.armed or state.landed_state is not LandedState.ON_GROUND:
        doing = "armed" if state.armed else state.landed_state.name
        return refused(f"parameters are changed on the ground only: the vehicle is {doing}"), ()
    deadline_s = link.now_s() + timeout_s
    for drift in await find_drift(link, profile, timeout_s):
        if link.state().armed:
            return refused("the vehicle was armed meanwhile"), ()
        if drift.found is not None:  # what was not read is not there to be set
            await link.set_parameter(drift.name, drift.wanted, max(0.0, deadline_s - link.now_s()))
    left = await find_drift(link, profile, max(0.0, deadline_s - link.now_s()))
    return drift_outcome(profile, left), left


def drift_outcome(profile: Profile, drifts: tuple[Drift, ...]) -> Outcome:
    """OBSERVED when nothing differs, a refusal that names every difference, UNCONFIRMED where only answers lack."""
    differing = [str(drift) for drift in drifts if drift.answered]
    if differing:
        return refused(f"PX4 is not set up as profile {profile.name} wants: " + "; ".join(differing))
    if drifts:
        of_all = f"{len(drifts)} of {len(profile.parameters)} parameters of profile {profile.name}"
        return unconfirmed(f"{of_all} were not answered, {drifts[0].name} first: {drifts[0].why}")
    return OBSERVED


def read_profile(path: Path) -> Profile:
    """Read a parameter file of QGroundControl; the profile is named like the file.

    Raises:
        InputError: it cannot be read, or a line of it is not a parameter; every such line is named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        mend = "Give a readable parameter file in UTF-8."
        raise InputError(InputProblem(str(path), "file", str(problem), mend)) from problem
    return parse_profile(text, path.stem, str(path))


def parse_profile(text: str, name: str, document: str) -> Profile:
    """The profile in `text`; `document` names it in problems.

    Raises:
        InputError: one problem for each line that is not a parameter, or that repeats a name.
    """
    parameters: dict[str, ProfileParameter] = {}
    problems: list[InputProblem] = []
    for number, fields, reason in _lines(text):
        found = _parameter(fields, reason)
        if isinstance(found, str):
            problems.append(
                InputProblem(document, f"line {number}", found, "Separate 1, 1, NAME, value and type (6 or 9) by tabs.")
            )
        elif found.name in parameters:
            what = f"{found.name} is there already"
            problems.append(InputProblem(document, f"line {number}", what, "Keep one of the two lines."))
        else:
            parameters[found.name] = found
    if not parameters and not problems:
        problems.append(InputProblem(document, "file", "no parameter is in it", "Name at least one parameter."))
    if problems:
        raise InputError(*problems)
    return Profile(name, tuple(parameters.values()))


def _lines(text: str) -> Iterator[tuple[int, list[str], str]]:
    """Line number, fields, and the comment above, for every line with fields."""
    reason = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            reason = stripped.lstrip("# ")
        elif not stripped:
            reason = ""
        else:
            yield number, stripped.split("\t"), reason
            reason = ""


def _parameter(fields: list[str], reason: str) -> ProfileParameter | str:
    """The parameter in a line's fields, or what is wrong with them."""
    if len(fields) != 5:
        return f"{len(fields)} fields, not 5"
    name, value, kind = fields[2], fields[3], fields[4]
    if not name.isidentifier() or len(name) > 16:
        return f"{name!r} is not a parameter's name"
    try:
        if kind == str(INT32):
            return ProfileParameter(name, int(value), reason)
        if kind == str(REAL32) and math.isfinite(float(value)):
            return ProfileParameter(name, float(value), reason)
    except ValueError:
        return f"{value!r} is not a value of type {kind}"
    return f"type {kind} with value {value} is neither INT32 (6) nor a finite REAL32 (9)"
