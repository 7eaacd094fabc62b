"""Who has a parcel, as a table: one custodian at a time (invariant I-1)."""

from enum import StrEnum
from typing import Final


class Custodian(StrEnum):
    """Who answers for a parcel. NOBODY: it was let go or lost, and no one is known to have it."""

    HUB = "HUB"
    VEHICLE = "VEHICLE"
    RECIPIENT = "RECIPIENT"
    LANDING_SITE = "LANDING_SITE"
    NOBODY = "NOBODY"


class CustodyEvent(StrEnum):
    """What moves a parcel from one custodian to another."""

    TAKE_ALONG = "TAKE_ALONG"
    HAND_OVER = "HAND_OVER"
    BRING_BACK = "BRING_BACK"
    SET_DOWN = "SET_DOWN"
    LOSE = "LOSE"


CUSTODY_TABLE: Final = {
    (Custodian.HUB, CustodyEvent.TAKE_ALONG): Custodian.VEHICLE,
    (Custodian.VEHICLE, CustodyEvent.HAND_OVER): Custodian.RECIPIENT,
    (Custodian.VEHICLE, CustodyEvent.BRING_BACK): Custodian.HUB,
    (Custodian.VEHICLE, CustodyEvent.SET_DOWN): Custodian.LANDING_SITE,
    (Custodian.VEHICLE, CustodyEvent.LOSE): Custodian.NOBODY,
}
