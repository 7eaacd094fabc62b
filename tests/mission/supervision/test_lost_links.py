"""What holds for links that are lost at awkward moments: no order is left without an end."""

from typing import TYPE_CHECKING

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.model.geo import GeoPoint
from mission.model.telemetry import FlightMode, Freshness, LandedState
from mission.supervision.events import FreshnessChanged

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

HUB = GeoPoint(48.40, 15.60)


def test_a_link_is_regained_through_stale_telemetry_as_well(flown: "Flown") -> None:
    """What comes back is often old at first: LOST, STALE, FRESH is a regained link like any other."""
    flown.fly()
    for freshness in (Freshness.LOST, Freshness.STALE, Freshness.FRESH):
        flown.hear(FreshnessChanged(freshness))
    assert flown.supervisor.state is SortieState.AIRBORNE


def test_a_take_off_that_nobody_saw_still_delivers(flown: "Flown") -> None:
    """The link is lost between launch and take-off: when it is back the orders are in flight with the vehicle."""
    flown.load()
    flown.hear(FreshnessChanged(Freshness.LOST))
    flown.hear(FreshnessChanged(Freshness.FRESH))
    flown.see(armed=True, landed_state=LandedState.IN_AIR, mode=FlightMode.MISSION, height_home_m=60.0)
    flown.release()
    flown.touch_down(HUB)
    assert flown.supervisor.order_states == {"A-1": OrderState.DELIVERED}


def test_a_vehicle_found_on_the_ground_after_a_lost_launch_fails_its_orders(flown: "Flown") -> None:
    """Whatever happened meanwhile, no order is left without an end."""
    flown.load()
    flown.hear(FreshnessChanged(Freshness.LOST))
    flown.hear(FreshnessChanged(Freshness.FRESH))
    flown.touch_down(HUB)
    assert flown.supervisor.finished
    assert flown.supervisor.order_states == {"A-1": OrderState.FAILED}
