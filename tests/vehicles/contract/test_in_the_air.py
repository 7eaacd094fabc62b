"""What every link promises of a vehicle in the air, whatever carries it: effect, refusal, deadline."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from mission.geodesy.distance import distance_m
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from vehicles.link import Outcome, OutcomeStatus, VehicleLink

if TYPE_CHECKING:
    from tests.vehicles.contract.conftest import Carrier, Rig

PATIENCE_S = 60.0
SHORT_S = 1.0
OVERTIME_S = 8.0
"""How much later than its deadline a verb may end on a busy machine."""
HEIGHT_M = 15.0


def _is_down(state: VehicleState) -> bool:
    return not state.armed and state.landed_state is LandedState.ON_GROUND


def _reached(index: int) -> Callable[[VehicleState], bool]:
    return lambda state: state.mission_current >= index


def test_a_mission_is_flown_to_its_end(carrier: "Carrier") -> None:
    """Loaded, armed, started; it passes its items in order and ends landed and disarmed near home."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        for index in range(2, len(rig.mission.items)):
            await rig.until(f"item {index}", _reached(index))
        await rig.until("landed and disarmed", _is_down)
        position = rig.link.state().position
        assert position is not None
        assert distance_m(position, rig.at(0.0, 0.0)) < 3.0

    carrier.run(ask)


def test_a_vehicle_told_to_hold_stays_where_it_is(carrier: "Carrier") -> None:
    """Hold is observed, and it comes to rest; a mission that is started again goes on."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        held = await rig.link.hold(PATIENCE_S)
        assert held.ok, held
        state = await rig.until("at rest", lambda state: abs(state.velocity_north_m_s) < 0.5)
        assert (state.mode, state.armed) == (FlightMode.HOLD, True)
        started = await rig.link.start_mission(PATIENCE_S)
        assert started.ok, started
        await rig.until("on its way again", lambda state: abs(state.velocity_north_m_s) > 1.0)

    carrier.run(ask)


def test_a_vehicle_is_sent_to_a_point_and_holds_there(carrier: "Carrier") -> None:
    """OBSERVED once it is there: by latitude, longitude, and height above sea level."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        place = rig.at(3e-4, 3e-4)
        outcome = await rig.link.reposition(place, rig.home_amsl_m + HEIGHT_M, PATIENCE_S)
        assert outcome.ok, outcome
        state = rig.link.state()
        assert state.position is not None
        assert distance_m(state.position, place) < 2.5
        assert state.altitude_amsl_m == pytest.approx(rig.home_amsl_m + HEIGHT_M, abs=2.5)
        assert state.mode is FlightMode.HOLD

    carrier.run(ask)


def test_a_vehicle_is_not_sent_out_of_its_fence(carrier: "Carrier") -> None:
    """PX4 acknowledges, says no in words, and holds: REFUSED with these words, and it stays inside."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        outcome = await rig.link.reposition(rig.at(3e-3, 0.0), rig.home_amsl_m + HEIGHT_M, PATIENCE_S)
        assert outcome.status is OutcomeStatus.REFUSED, outcome
        assert "geofence" in outcome.reason
        assert rig.link.state().mode is FlightMode.HOLD
        assert rig.link.state().latitude_deg < rig.at(1e-3, 0.0).latitude_deg

    carrier.run(ask)


def test_a_vehicle_told_to_land_comes_down_where_it_is(carrier: "Carrier") -> None:
    """Land is observed; then it is on the ground, disarmed, near where it was told."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        place = rig.link.state().position
        landing = await rig.link.land(PATIENCE_S)
        assert landing.ok, landing
        down = await rig.until("landed and disarmed", _is_down)
        assert place is not None
        assert down.position is not None
        assert distance_m(place, down.position) < 40.0
        assert (await rig.link.land(PATIENCE_S)).ok  # it is what it was asked to be

    carrier.run(ask)


def test_a_vehicle_told_to_return_comes_home(carrier: "Carrier") -> None:
    """Return is observed; by the profile's RTL_TYPE it ends at the mission's landing, wherever it took off."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        returned = await rig.link.return_to_launch(PATIENCE_S)
        assert returned.ok, returned
        down = await rig.until("landed and disarmed", _is_down)
        assert down.position is not None
        assert distance_m(down.position, rig.at(0.0, 0.0)) < 3.0

    carrier.run(ask)


def test_motors_are_not_stopped_in_the_air(carrier: "Carrier") -> None:
    """Disarming is refused while it flies, and never forced."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        outcome = await rig.link.disarm(PATIENCE_S)
        assert outcome.status is OutcomeStatus.REFUSED, outcome
        assert rig.link.state().armed

    carrier.run(ask)


Verb = Callable[[VehicleLink], Awaitable[Outcome]]


def test_a_verb_that_nobody_hears_is_unconfirmed_and_the_flight_goes_on(carrier: "Carrier") -> None:
    """Hold, reposition, land and return into a cut link: UNCONFIRMED at the deadline, and later without effect."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        place = rig.at(3e-4, 3e-4)
        verbs: tuple[Verb, ...] = (
            lambda link: link.hold(SHORT_S),
            lambda link: link.reposition(place, rig.home_amsl_m + HEIGHT_M, SHORT_S),
            lambda link: link.land(SHORT_S),
            lambda link: link.return_to_launch(SHORT_S),
        )
        for verb in verbs:
            rig.cut()
            began_s = rig.link.now_s()
            outcome = await verb(rig.link)
            assert outcome.status is OutcomeStatus.UNCONFIRMED, outcome
            assert rig.link.now_s() - began_s < SHORT_S + OVERTIME_S
            rig.mend()
            await rig.heard_again()
            assert rig.link.state().mode in {FlightMode.MISSION, FlightMode.HOLD}  # Hold: its mission has ended

    carrier.run(ask)


def test_a_point_that_is_too_far_for_the_deadline_is_unconfirmed(carrier: "Carrier") -> None:
    """The vehicle has begun, is not there, and the outcome says how far it is."""

    async def ask(rig: "Rig") -> None:
        await rig.flying()
        deadline_s = 2.2  # a heartbeat tells of Hold; so high a climb takes longer at any speed factor here
        outcome = await rig.link.reposition(rig.at(-9e-4, 6e-4), rig.home_amsl_m + 250.0, deadline_s)
        assert outcome.status is OutcomeStatus.UNCONFIRMED, outcome
        assert "left after" in outcome.reason

    carrier.run(ask)
