"""Saying no is a result: a code for programs, a sentence for people, and the nearest remedy."""

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """Why an order is not served. Stable: programs and reports match on these."""

    DROP_IN_ZONE = "DROP_IN_ZONE"
    HUB_IN_ZONE = "HUB_IN_ZONE"
    NO_ROUTE = "NO_ROUTE"
    NO_VEHICLE = "NO_VEHICLE"
    OVERWEIGHT = "OVERWEIGHT"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    WINDOW_PAST = "WINDOW_PAST"
    WINDOW_UNREACHABLE = "WINDOW_UNREACHABLE"
    NO_ALTERNATE = "NO_ALTERNATE"
    METHOD_UNSUPPORTED = "METHOD_UNSUPPORTED"
    VERDICT_FAILED = "VERDICT_FAILED"
    FENCE_TOO_COMPLEX = "FENCE_TOO_COMPLEX"
    NO_SLOT = "NO_SLOT"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order that is not served, and why.

    Attributes:
        order_id: the order.
        code: the reason for programs.
        reason: one sentence for people, with the measured value and the limit where there is one.
        remedy: the nearest change that would make it possible, or "" where none is known.
        zone_ids: zones that caused it.
    """

    order_id: str
    code: RefusalCode
    reason: str
    remedy: str = ""
    zone_ids: tuple[str, ...] = ()
