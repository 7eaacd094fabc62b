"""What ASTM F3548-21 (UAS Traffic Management, UTM, Service Supplier interoperability) says, as names and numbers.

The requirements are named as in the standard; the parameters are those of its annex, under their own names.
"""

from datetime import timedelta
from enum import StrEnum

from mission.errors import InvariantError

OI_MAX_PLAN_HORIZON = timedelta(days=30)
"""OiMaxPlanHorizon, OPIN0030: an intent begins no later than this from now."""
OI_MAX_VERTICES = 10_000
"""OiMaxVertices, OPIN0020: corners of all outlines of one intent together."""
INTERSECTION_MINIMUM_PRECISION_M = 0.01
"""IntersectionMinimumPrecision, GEN0500: overlaps deeper than this are found."""
TIME_SYNC_MAX_DIFFERENTIAL = timedelta(seconds=5)
"""TimeSyncMaxDifferential, GEN0100: clocks differ by no more; an end that lies this far in the past is in the past."""
MAX_RECOVERABLE_TIME_IN_NONCONFORMING_STATE = timedelta(seconds=60)
"""MaxRecoverableTimeInNonconformingState: not back in its volumes by then, a flight is contingent."""
OI_MIN_CONFORMANCE = 0.95
"""OiMinConformancePercent: share of its time that a flight is within its volumes."""
NO_OFF_NOMINAL_VOLUMES = "OPIN0015"
"""Accepted and Activated intents have no off-nominal volumes."""
END_NOT_IN_THE_PAST = "USS0105"
"""Details that are given to others end in the future."""


class IntentState(StrEnum):
    """States of an operational intent, in the standard's spelling; ENDED is what others no longer see."""

    ACCEPTED = "Accepted"
    ACTIVATED = "Activated"
    NONCONFORMING = "Nonconforming"
    CONTINGENT = "Contingent"
    ENDED = "Ended"


OFF_NOMINAL = frozenset({IntentState.NONCONFORMING, IntentState.CONTINGENT})
"""The vehicle is not where it said it would be."""


class IntentEvent(StrEnum):
    """What happens to an intent's flight."""

    ACTIVATE = "ACTIVATE"
    LEFT_VOLUMES = "LEFT_VOLUMES"
    BACK_IN_VOLUMES = "BACK_IN_VOLUMES"
    LOST_CONTROL = "LOST_CONTROL"
    END = "END"


TRANSITIONS: dict[tuple[IntentState, IntentEvent], IntentState] = {
    (IntentState.ACCEPTED, IntentEvent.ACTIVATE): IntentState.ACTIVATED,
    (IntentState.ACCEPTED, IntentEvent.LEFT_VOLUMES): IntentState.NONCONFORMING,  # flown without having been activated
    (IntentState.ACCEPTED, IntentEvent.LOST_CONTROL): IntentState.CONTINGENT,
    (IntentState.ACCEPTED, IntentEvent.END): IntentState.ENDED,
    (IntentState.ACTIVATED, IntentEvent.LEFT_VOLUMES): IntentState.NONCONFORMING,
    (IntentState.ACTIVATED, IntentEvent.LOST_CONTROL): IntentState.CONTINGENT,
    (IntentState.ACTIVATED, IntentEvent.END): IntentState.ENDED,
    (IntentState.NONCONFORMING, IntentEvent.LEFT_VOLUMES): IntentState.NONCONFORMING,
    (IntentState.NONCONFORMING, IntentEvent.BACK_IN_VOLUMES): IntentState.ACTIVATED,
    (IntentState.NONCONFORMING, IntentEvent.LOST_CONTROL): IntentState.CONTINGENT,
    (IntentState.NONCONFORMING, IntentEvent.END): IntentState.ENDED,
    (IntentState.CONTINGENT, IntentEvent.LEFT_VOLUMES): IntentState.CONTINGENT,
    (IntentState.CONTINGENT, IntentEvent.BACK_IN_VOLUMES): IntentState.CONTINGENT,  # there is no way back from it
    (IntentState.CONTINGENT, IntentEvent.LOST_CONTROL): IntentState.CONTINGENT,
    (IntentState.CONTINGENT, IntentEvent.END): IntentState.ENDED,
}


def next_state(state: IntentState, event: IntentEvent) -> IntentState:
    """Return the state after an event.

    Raises:
        InvariantError: the table has no such event in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise InvariantError(f"an operational intent that is {state} knows no {event}") from None
