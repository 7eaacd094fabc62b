"""The life of an order, as a table (invariant I-11: one terminal state, absorbing)."""

from enum import StrEnum
from typing import Final


class OrderState(StrEnum):
    """Where an order stands."""

    RECEIVED = "RECEIVED"
    REFUSED = "REFUSED"
    PLANNED = "PLANNED"
    IN_FLIGHT = "IN_FLIGHT"
    RELEASED = "RELEASED"
    DELIVERED = "DELIVERED"
    DIVERTED = "DIVERTED"
    RETURNED = "RETURNED"
    FAILED = "FAILED"


class OrderEvent(StrEnum):
    """What can happen to an order."""

    REFUSE = "REFUSE"
    PLAN = "PLAN"
    TAKE_OFF = "TAKE_OFF"
    RELEASE = "RELEASE"
    HAND_OVER = "HAND_OVER"
    LAND_ELSEWHERE = "LAND_ELSEWHERE"
    LAND_AT_HUB = "LAND_AT_HUB"
    FAIL = "FAIL"


ORDER_TABLE: Final = {
    (OrderState.RECEIVED, OrderEvent.REFUSE): OrderState.REFUSED,
    (OrderState.RECEIVED, OrderEvent.PLAN): OrderState.PLANNED,
    (OrderState.PLANNED, OrderEvent.TAKE_OFF): OrderState.IN_FLIGHT,
    (OrderState.PLANNED, OrderEvent.FAIL): OrderState.FAILED,
    (OrderState.IN_FLIGHT, OrderEvent.RELEASE): OrderState.RELEASED,
    (OrderState.IN_FLIGHT, OrderEvent.LAND_ELSEWHERE): OrderState.DIVERTED,
    (OrderState.IN_FLIGHT, OrderEvent.LAND_AT_HUB): OrderState.RETURNED,
    (OrderState.IN_FLIGHT, OrderEvent.FAIL): OrderState.FAILED,
    (OrderState.RELEASED, OrderEvent.HAND_OVER): OrderState.DELIVERED,
    (OrderState.RELEASED, OrderEvent.FAIL): OrderState.FAILED,
}
