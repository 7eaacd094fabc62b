"""The life of a sortie, as a table: from its plan to a vehicle that is landed and disarmed."""

from enum import StrEnum
from typing import Final


class SortieState(StrEnum):
    """Where a sortie stands.

    UNKNOWN is a state: the vehicle may or may not hold the mission, so it cannot arm (design rule 6).
    """

    PLANNED = "PLANNED"
    LOADING = "LOADING"
    LOADED = "LOADED"
    UNKNOWN = "UNKNOWN"
    LAUNCHING = "LAUNCHING"
    AIRBORNE = "AIRBORNE"
    DIVERTING = "DIVERTING"
    LOST = "LOST"
    FINISHED = "FINISHED"
    FAILED = "FAILED"


class SortieEvent(StrEnum):
    """What can happen to a sortie."""

    LOAD = "LOAD"
    HELD_AS_APPROVED = "HELD_AS_APPROVED"
    NOT_HELD = "NOT_HELD"
    DOUBTFUL = "DOUBTFUL"
    LAUNCH = "LAUNCH"
    LAUNCH_REFUSED = "LAUNCH_REFUSED"
    LAUNCH_NOT_BEGUN = "LAUNCH_NOT_BEGUN"
    TOOK_OFF = "TOOK_OFF"
    DIVERT = "DIVERT"
    LOSE_LINK = "LOSE_LINK"
    REGAIN_LINK = "REGAIN_LINK"
    LANDED_AND_DISARMED = "LANDED_AND_DISARMED"
    GIVE_UP = "GIVE_UP"


S, E = SortieState, SortieEvent

SORTIE_TABLE: Final = {
    (S.PLANNED, E.LOAD): S.LOADING,
    (S.PLANNED, E.GIVE_UP): S.FAILED,
    (S.LOADING, E.HELD_AS_APPROVED): S.LOADED,
    (S.LOADING, E.NOT_HELD): S.FAILED,
    (S.LOADING, E.DOUBTFUL): S.UNKNOWN,
    (S.LOADING, E.GIVE_UP): S.FAILED,
    (S.UNKNOWN, E.LOAD): S.LOADING,
    (S.UNKNOWN, E.GIVE_UP): S.FAILED,
    (S.LOADED, E.LAUNCH): S.LAUNCHING,
    (S.LOADED, E.GIVE_UP): S.FAILED,
    (S.LAUNCHING, E.TOOK_OFF): S.AIRBORNE,
    (S.LAUNCHING, E.LAUNCH_REFUSED): S.FAILED,
    (S.LAUNCHING, E.LAUNCH_NOT_BEGUN): S.LOADED,
    (S.LAUNCHING, E.LOSE_LINK): S.LOST,
    (S.AIRBORNE, E.DIVERT): S.DIVERTING,
    (S.AIRBORNE, E.LANDED_AND_DISARMED): S.FINISHED,
    (S.AIRBORNE, E.LOSE_LINK): S.LOST,
    (S.DIVERTING, E.DIVERT): S.DIVERTING,
    (S.DIVERTING, E.LANDED_AND_DISARMED): S.FINISHED,
    (S.DIVERTING, E.LOSE_LINK): S.LOST,
    (S.LOST, E.REGAIN_LINK): S.AIRBORNE,
    (S.LOST, E.LANDED_AND_DISARMED): S.FINISHED,
    (S.LOST, E.GIVE_UP): S.FAILED,
}
