"""Sequences around a hand-over: grippers closed before the flight, one opened at a gate, the way on."""

from collections.abc import Sequence

from mission.model.gripper import GripperAnswer
from mission.model.telemetry import FlightMode
from vehicles.link import OBSERVED, GripperOutcome, Outcome, VehicleLink, refused

MAX_TELEMETRY_AGE_S = 2.0
"""Oldest position with which a gripper may be opened."""


async def close_grippers(link: VehicleLink, grippers: Sequence[int], timeout_s: float) -> Outcome:
    """Close them one by one: a gripper that will not close carries nothing, and one left open proves nothing later."""
    deadline_s = link.now_s() + timeout_s
    for gripper in grippers:
        outcome = await link.close_gripper(gripper, max(0.0, deadline_s - link.now_s()))
        if not outcome.ok:
            return Outcome(outcome.status, f"gripper {gripper} did not close: {outcome.reason}")
    return OBSERVED


async def release_at_gate(link: VehicleLink, gripper: int, gate_item: int, timeout_s: float) -> GripperOutcome:
    """Open a gripper if the vehicle waits at `gate_item` now, by fresh telemetry; else nothing is sent.

    Whether it is at the drop was judged by whoever commands this. What may have changed since is asked here: that
    it still flies the mission, and has not left the gate.
    """
    state = link.state()
    age_s = link.now_s() - state.received_s
    if age_s > MAX_TELEMETRY_AGE_S:
        return GripperOutcome(GripperAnswer.NOT_SENT, f"the newest position is {age_s:.1f} s old")
    if state.mode is not FlightMode.MISSION or not state.armed:
        return GripperOutcome(GripperAnswer.NOT_SENT, f"the vehicle does not fly its mission ({state.mode})")
    if state.mission_current != gate_item:
        reason = f"the vehicle is at item {state.mission_current}, its gate is item {gate_item}"
        return GripperOutcome(GripperAnswer.NOT_SENT, reason)
    return await link.open_gripper(gripper, timeout_s)


async def pass_gate(link: VehicleLink, gate_item: int, timeout_s: float) -> Outcome:
    """Go on with the item after the gate, observed; a vehicle that went on by itself is left alone."""
    state = link.state()
    if state.mode is not FlightMode.MISSION:
        return refused(f"the vehicle does not fly its mission ({state.mode})")
    if state.mission_current > gate_item:
        return OBSERVED
    if state.mission_current < gate_item:
        return refused(f"the vehicle is at item {state.mission_current}, not yet at its gate, item {gate_item}")
    return await link.set_current_item(gate_item + 1, timeout_s)
