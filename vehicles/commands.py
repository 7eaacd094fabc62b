"""The sequences that make a vehicle fly: a launch, and another mission in flight.

A permit to arm is bound to a digest: only a mission proved to be on board, and still there by the autopilot's own
checksums, is started; and only what the vehicle is then seen to do counts.
"""

from collections.abc import Callable

from mission.model.mission import Mission
from mission.model.telemetry import FlightMode, LandedState
from vehicles.link import (
    OBSERVED,
    Outcome,
    OutcomeStatus,
    TransferResult,
    TransferState,
    VehicleLink,
    refused,
    unconfirmed,
)

CLEANUP_TIMEOUT_S = 3.0
"""A launch that failed is given this long, past its deadline, to see the vehicle disarmed again."""

MAX_TELEMETRY_AGE_S = 2.0
"""Oldest position with which a vehicle may be armed."""

MAX_PLAN_ID_AGE_S = 5.0
"""How long before arming the autopilot's checksums of its plan may have been seen (invariant I-4)."""

WARNING = 4
"""MAV_SEVERITY_WARNING: what is less severe is no reason."""


async def launch(link: VehicleLink, loaded: TransferResult | None, digest: str, timeout_s: float) -> Outcome:
    """Arm and start the mission of `digest`, which `loaded` must have proved to be on board.

    Checked in order: the permit; disarmed and on the ground; Hold; item 0 current; the autopilot's checksums
    unchanged since the transfer; ready to arm. Then armed (observed), then Mission mode (observed). When the start
    fails the vehicle is disarmed again.
    """
    deadline_s = link.now_s() + timeout_s

    def left_s() -> float:
        return max(0.0, deadline_s - link.now_s())

    not_ready = _permit(link, loaded, digest) or await _prepared(link, loaded, left_s)
    if not_ready is not None:
        return not_ready
    armed = await link.arm(left_s())
    if not armed.ok:
        return await _called_off(link, armed)
    started = await link.start_mission(left_s())
    if not started.ok:
        return await _called_off(link, started)
    return OBSERVED


async def _prepared(link: VehicleLink, loaded: TransferResult | None, left_s: Callable[[], float]) -> Outcome | None:
    """Hold, item 0, unchanged checksums, ready to arm: why not, or None when all of it was observed."""
    began_s = link.now_s()
    if link.state().mode is not FlightMode.HOLD:
        held = await link.hold(left_s())
        if not held.ok:
            return held
    current = await link.set_current_item(0, left_s())
    if not current.ok:
        return current
    seen_s = link.now_s()  # the item was seen in a MISSION_CURRENT from just now, and the checksums with it
    if loaded is None or link.plan_ids() != loaded.plan_ids:
        return refused(f"what is on board changed since it was verified: now {link.plan_ids()}")
    not_ready = await _ready(link, began_s, left_s())
    if not_ready is None and link.now_s() - seen_s > MAX_PLAN_ID_AGE_S:
        return refused(f"what is on board was last seen more than {MAX_PLAN_ID_AGE_S:g} s ago")
    return not_ready


async def _ready(link: VehicleLink, began_s: float, timeout_s: float) -> Outcome | None:
    """Why the autopilot is not ready to arm, in its own words since `began_s`; None = it is, by a fresh SYS_STATUS."""
    ready = await link.readiness(1, timeout_s)
    if ready is None:
        return unconfirmed("not known whether the vehicle is ready to arm: no SYS_STATUS before the deadline")
    if ready:
        return None
    said = dict.fromkeys(text.text for text in link.status_texts(began_s) if text.severity <= WARNING)
    return refused("the vehicle is not ready to arm" + (f" ({'; '.join(said)})" if said else ""))


def _permit(link: VehicleLink, loaded: TransferResult | None, digest: str) -> Outcome | None:
    """Why the vehicle must not be armed for this digest; None = it may."""
    if loaded is None or loaded.state is not TransferState.LOADED:
        known = "nothing" if loaded is None else f"{loaded.state} ({loaded.reason})"
        return refused(f"no verified mission on board: {known}")
    if loaded.digest != digest:
        return refused(f"mission {loaded.digest[:12]} is on board, a permit for {digest[:12]} was given")
    state = link.state()
    age_s = link.now_s() - state.received_s
    if age_s > MAX_TELEMETRY_AGE_S:
        return refused(f"the newest position is {age_s:.1f} s old, at most {MAX_TELEMETRY_AGE_S:g} s is allowed")
    if state.armed:
        return refused("the vehicle is armed already")
    if state.landed_state is not LandedState.ON_GROUND:
        return refused(f"the vehicle is not known to be on the ground ({state.landed_state.name})")
    return None


async def _called_off(link: VehicleLink, failed: Outcome) -> Outcome:
    """After a failed arm or start: disarmed again, or say that it is not."""
    if failed.status is OutcomeStatus.REFUSED and not link.state().armed:
        return failed
    if link.state().landed_state is not LandedState.ON_GROUND:
        return Outcome(failed.status, f"{failed.reason}; the vehicle is in the air")
    disarmed = await link.disarm(CLEANUP_TIMEOUT_S)
    if disarmed.ok:
        return Outcome(failed.status, f"{failed.reason}; the vehicle is disarmed")
    return unconfirmed(f"{failed.reason}; and not seen disarmed: {disarmed.reason}")


async def fly_instead(link: VehicleLink, mission: Mission, timeout_s: float) -> tuple[Outcome, TransferResult | None]:
    """In flight: Hold (observed) → verified transfer → item 0 current → start (observed).

    When a step fails the vehicle stays in Hold with the old or no mission, and the outcome says so: the caller's
    next rung is another mission, or a landing. A vehicle flown by hand is never countermanded.
    """
    deadline_s = link.now_s() + timeout_s
    state = link.state()
    if not state.armed or state.landed_state is LandedState.ON_GROUND:
        return refused("the vehicle is not flying"), None
    if state.mode in (FlightMode.MANUAL, FlightMode.OFFBOARD):
        return refused(f"somebody else flies it ({state.mode})"), None
    held = await link.hold(deadline_s - link.now_s())
    if not held.ok:
        return held, None
    transferred = await link.upload(mission, max(0.0, deadline_s - link.now_s()))
    if not transferred.ok:
        reason = f"the vehicle holds position; transfer {transferred.state}: {transferred.reason}"
        known = transferred.state is TransferState.NOT_LOADED
        return (refused(reason) if known else unconfirmed(reason)), transferred
    started = await link.start_mission(max(0.0, deadline_s - link.now_s()))
    if not started.ok:
        return Outcome(started.status, f"the vehicle was left in Hold; {started.reason}"), transferred
    return OBSERVED, transferred
