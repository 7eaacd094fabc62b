"""What a PX4 really did, from its own flight log (ULog): true positions, modes, commands received, grippers.

Under SITL the log holds the simulator's ground truth, so nothing here has passed a radio, MAVSDK or telemetry.
Needs the package `pyulog` (group `sitl`): without it `read_ulog` raises.
"""

import importlib
import importlib.util
import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mission.errors import InputError, InputProblem
from sim.payload import Release
from sim.truth import Truth

GROUND_M: Final = 0.3
"""PX4's simulator lets a vehicle sink into the ground, and float above it, by centimetres."""
ARMED: Final = 2
GRIPPER_GRAB: Final = 0
GRIPPER_RELEASE: Final = 1
NAV_STATES: Final[Mapping[int, str]] = {
    0: "MANUAL",
    2: "POSCTL",
    3: "MISSION",
    4: "LOITER",
    5: "RTL",
    14: "OFFBOARD",
    17: "TAKEOFF",
    18: "LAND",
}
"""vehicle_status.nav_state by the names of `sim.modes.Mode`; others are called NAV_ and their number."""

TOPICS: Final = (
    "vehicle_global_position_groundtruth",
    "vehicle_local_position_groundtruth",
    "vehicle_status",
    "vehicle_land_detected",
    "battery_status",
)
"""Without any of these a log says nothing that could be judged."""


@dataclass(frozen=True, slots=True)
class HeardCommand:
    """A command as PX4 received it: from outside over MAVLink, or from a module of its own."""

    time_s: float
    number: int
    parameters: tuple[float, float, float]
    source_system: int
    from_outside: bool


@dataclass(frozen=True, slots=True)
class UlogFlight:
    """One log. Times are seconds since boot.

    Attributes:
        truths: as often as the log has ground truth (10 Hz); releases are those of the gripper.
        commands: in the order received.
        texts: what PX4 wrote to its console and ground stations, with the time.
        items: sequence numbers of mission items, in the order in which they became current.
        home_amsl_m: where it stood at boot.
    """

    vehicle_id: str
    truths: tuple[Truth, ...]
    commands: tuple[HeardCommand, ...]
    texts: tuple[tuple[float, str], ...]
    items: tuple[int, ...]
    home_amsl_m: float

    def took_off_s(self) -> float | None:
        """When it first left the ground; None when it never did."""
        return next((truth.time_s for truth in self.truths if truth.sortie), None)


def is_ulog_readable() -> bool:
    """Whether the package that reads logs is here."""
    return importlib.util.find_spec("pyulog") is not None


def read_ulog(path: Path, vehicle_id: str) -> UlogFlight:
    """Read a log of PX4 SITL.

    Raises:
        InputError: it is no log, lacks a topic, or `pyulog` is not installed.
    """
    log = _opened(path)
    topics = {data.name: data.data for data in reversed(log.data_list)}  # of several instances, the first
    missing = [name for name in TOPICS if name not in topics]
    if missing:
        mend = "Log with SDLOG_PROFILE 1 under SITL, from boot (PX4's defaults there)."
        raise InputError(InputProblem(str(path), "topics", f"the log lacks {', '.join(missing)}", mend))
    truths = _truths(topics, vehicle_id)
    texts = tuple((message.timestamp / 1e6, message.message.strip()) for message in log.logged_messages)
    items = [int(n) for n in topics.get("mission_result", {}).get("seq_current", ())]
    changed = tuple(item for item, before in zip(items, [None, *items], strict=False) if item != before)
    home_amsl_m = float(topics[TOPICS[0]]["alt"][0])
    return UlogFlight(vehicle_id, truths, _commands(topics), texts, changed, home_amsl_m)


def _opened(path: Path) -> Any:
    try:
        package = importlib.import_module("pyulog")
        broken: type[Exception] = importlib.import_module("pyulog.exceptions").ULogException
    except ModuleNotFoundError:
        mend = "Install requirements/sitl.txt."
        raise InputError(InputProblem(str(path), "file", "pyulog is not installed", mend)) from None
    try:
        with path.open("rb") as stream:  # opened here: pyulog leaves a broken log open
            return package.ULog(stream)
    except (OSError, ValueError, TypeError, struct.error, broken) as problem:
        mend = "Give a log that PX4 has written to its end."
        raise InputError(InputProblem(str(path), "file", f"it is no ULog: {problem}", mend)) from problem


class _Series:
    """One topic's fields, as they were at a moment: those of the newest message by then."""

    def __init__(self, fields: Mapping[str, NDArray[Any]]) -> None:
        self._fields = fields
        self._times = [int(time) for time in fields["timestamp"]]

    def at(self, time_us: int, name: str, before: float) -> float:
        """A field; `before` for a moment before the first message."""
        index = bisect_right(self._times, time_us) - 1
        return float(self._fields[name][index]) if index >= 0 else before


def _truths(topics: Mapping[str, Mapping[str, NDArray[Any]]], vehicle_id: str) -> tuple[Truth, ...]:
    place, motion, status, land, battery = (topics[name] for name in TOPICS)
    moving, flown, landed, charge = _Series(motion), _Series(status), _Series(land), _Series(battery)
    ground_m = float(place["alt"][0])
    sortie, was_landed, released = 0, True, list[Release]()
    moves = iter(_gripper_moves(topics.get("gripper")))
    move = next(moves, None)
    truths = []
    for index, time in enumerate(place["timestamp"]):
        time_us = int(time)
        height_m = float(place["alt"][index]) - ground_m
        is_landed = bool(landed.at(time_us, "landed", 1.0))
        armed = flown.at(time_us, "arming_state", 0.0) == ARMED
        sortie += was_landed and not is_landed and armed
        was_landed = is_landed
        latitude, longitude = float(place["lat"][index]), float(place["lon"][index])
        while move is not None and move <= time_us:
            where = latitude, longitude, height_m
            released.append(Release(sortie, 1, float("nan"), move / 1e6, *where))
            move = next(moves, None)
        nav_state = int(flown.at(time_us, "nav_state", 4.0))
        truths.append(
            Truth(
                time_s=time_us / 1e6,
                vehicle_id=vehicle_id,
                latitude_deg=latitude,
                longitude_deg=longitude,
                altitude_amsl_m=float(place["alt"][index]),
                height_m=height_m if abs(height_m) > GROUND_M else 0.0,
                ground_speed_m_s=float(np.hypot(moving.at(time_us, "vx", 0.0), moving.at(time_us, "vy", 0.0))),
                climb_m_s=-moving.at(time_us, "vz", 0.0),
                armed=armed,
                landed=is_landed,
                motors_failed=False,
                mode=NAV_STATES.get(nav_state, f"NAV_{nav_state}"),
                sortie=sortie,
                battery_fraction=charge.at(time_us, "remaining", 1.0),
                energy_used_wh=float("nan"),
                payload_kg=float("nan"),
                releases=tuple(released),
            )
        )
    return tuple(truths)


def _gripper_moves(gripper: Mapping[str, NDArray[Any]] | None) -> Iterator[int]:
    """When the gripper was opened, after it was closed, in microseconds."""
    holds = True
    for time, command in zip(gripper["timestamp"], gripper["command"], strict=True) if gripper else ():
        if command == GRIPPER_RELEASE and holds:
            yield int(time)
        holds = command == GRIPPER_GRAB


def _commands(topics: Mapping[str, Mapping[str, NDArray[Any]]]) -> tuple[HeardCommand, ...]:
    heard = topics.get("vehicle_command")
    if heard is None:
        return ()
    return tuple(
        HeardCommand(
            time / 1e6,
            int(heard["command"][index]),
            (float(heard["param1"][index]), float(heard["param2"][index]), float(heard["param3"][index])),
            int(heard["source_system"][index]),
            bool(heard["from_external"][index]),
        )
        for index, time in enumerate(heard["timestamp"].tolist())
    )
