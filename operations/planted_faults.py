"""The faults of a day's simulation, from the document's plain values to the simulator's."""

from collections.abc import Collection, Sequence
from typing import Any, get_args

import msgspec

from mission.errors import InputError, InputProblem
from sim.fault_kinds import BatteryDrop, Fault
from sim.fleet_config import fault_problems

KINDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(Fault))


def planted_faults(
    contents: Sequence[dict[str, Any]], vehicle_ids: Collection[str], file: str, within: str = "simulation.faults"
) -> tuple[Fault, ...]:
    """Return the faults that stand `within` a document, checked against the fleet.

    Raises:
        InputError: an unknown kind, key or vehicle, or a fault that would never act; one problem for each.
    """
    faults: list[Fault] = []
    problems: list[InputProblem] = []
    for index, content in enumerate(contents):
        place = f"{within}[{index}]"
        try:
            fault = _fault(content)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            mend = f"Kinds of fault: {', '.join(KINDS)}; their keys are in docs/faults-simulated.md"
            problems.append(InputProblem(file, place + where.rstrip("`"), what, mend))
            continue
        if fault.vehicle_id not in vehicle_ids:
            known = ", ".join(sorted(vehicle_ids)) or "none"
            what = f"{fault.vehicle_id!r} is not known"
            problems.append(InputProblem(file, f"{place}.vehicle_id", what, f"Known: {known}"))
        problems += [
            InputProblem(file, place + where, what, mend)
            for where, what, mend in fault_problems(fault, {fault.vehicle_id})
        ]
        if isinstance(fault, BatteryDrop) and (fault.after_takeoff_s is None) == (fault.at_item is None):
            mend = "Give either after_takeoff_s or at_item"
            problems.append(InputProblem(file, place, "it has no single trigger", mend))
        faults.append(fault)
    if problems:
        raise InputError(*problems)
    return tuple(faults)


def _fault(content: dict[str, Any]) -> Fault:
    fault: Fault = msgspec.convert(content, Fault)
    return fault
