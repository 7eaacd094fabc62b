"""Control's view of the vehicles, through the gateway: answers of the gateway become supervision's events."""

from mission.supervision.events import Holding
from vehicles.link import TransferState

HOLDINGS = {
    TransferState.LOADED: Holding.LOADED,
    TransferState.NOT_LOADED: Holding.NOT_LOADED,
    TransferState.UNKNOWN: Holding.UNKNOWN,
}
