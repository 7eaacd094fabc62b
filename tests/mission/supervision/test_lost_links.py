"""What holds for links that are lost at awkward moments: no order is left without an end."""

from typing import TYPE_CHECKING

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.model.geo import GeoPoint
from mission.model.telemetry import FlightMode, Freshness, LandedState
from mission.supervision.events import AnswersChanged, FreshnessChanged, Report, ReportKind

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

HUB = GeoPoint(48.40, 15.60)


def test_a_link_is_regained_through_stale_telemetry_as_well(flown: "Flown") -> None:
    """What comes back is often old at first: LOST, STALE, FRESH is a regained link like any other."""
    flown.fly()
    for freshness in (Freshness.LOST, Freshness.STALE, Freshness.FRESH):
        flown.hear(FreshnessChanged(freshness))
    assert flown.supervisor.state is SortieState.AIRBORNE


def test_a_vehicle_that_is_heard_and_answers_nothing_is_telemetry_only(flown: "Flown") -> None:
    """One alarm while it lasts, a new one when it comes again; on a lost link it is the link that is lost (F-L7)."""

    def codes(event: AnswersChanged | FreshnessChanged) -> list[str]:
        return [c.state for c in flown.hear(event) if isinstance(c, Report) and c.kind is ReportKind.ALARM]

    flown.fly()
    assert codes(AnswersChanged("hold: no acknowledgement")) == ["TELEMETRY_ONLY"]
    assert codes(AnswersChanged("land: no acknowledgement")) == []
    assert codes(AnswersChanged("")) == []
    assert codes(FreshnessChanged(Freshness.LOST)) == ["LINK_LOST"]
    assert codes(AnswersChanged("hold: no acknowledgement")) == []
    assert codes(FreshnessChanged(Freshness.FRESH)) == ["TELEMETRY_ONLY"]


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
