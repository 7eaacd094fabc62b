"""Control of a day's flights: what goes out, in which order, and what becomes of every sortie."""

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.errors import LinkTimeoutError
from mission.model.geo import GeoPoint
from mission.supervision.lost_vehicle import IncidentState

ONCE_A_SORTIE = ("load", "launch", "release", "pass_gate")
SILENT_FROM_S = 8.0
"""The first vehicle is in the air by then."""
ENDS = {OrderState.DELIVERED, OrderState.DIVERTED, OrderState.RETURNED, OrderState.FAILED}


def ends(outcomes: Any) -> dict[str, OrderState]:
    """How every order ended."""
    return {order_id: state for outcome in outcomes for order_id, state in outcome.orders.items()}


def reasons(outcomes: Any) -> dict[str, str]:
    """Why, for each order that tells."""
    return {order_id: why for outcome in outcomes for order_id, why in outcome.reasons.items()}


async def test_a_morning_without_trouble_delivers_everything(morning: Any) -> None:
    """Every order is delivered, every sortie finished, each exactly once."""
    outcomes = await morning.fly()
    assert ends(outcomes) == {f"A-{n}": OrderState.DELIVERED for n in (1, 2, 3, 4)}
    assert Counter(o.flight.sortie_id for o in outcomes) == Counter(f.sortie_id for f in morning.plan.flights)
    assert all(outcome.state is SortieState.FINISHED for outcome in outcomes)
    assert all(outcome.took_off < outcome.landed for outcome in outcomes)


async def test_an_effect_is_on_disk_before_it_goes_out(morning: Any, to_green: Any) -> None:
    """Invariant I-14: when a vehicle is told something, the journal's last effect for it is just that."""
    morning.diversion, morning.links.vehicles["drone-1"].low_from_item = to_green, 3
    await morning.fly()
    effects = {effect for _, _, effect, _, _ in morning.links.calls}
    assert effects == {"load", "launch", "release", "pass_gate", "hold", "fly_instead"}
    for _, vehicle_id, effect, subject, lines in morning.links.calls:
        written = [line for line in lines if line["kind"] == "effect" and line["vehicle_id"] == vehicle_id]
        assert written[-1]["effect"] == effect
        assert not subject or written[-1]["subject"] == subject


async def test_every_effect_goes_out_once(morning: Any) -> None:
    """What the journal announces is what went out: a load, a launch, a release and a way on each, no more (I-9)."""
    await morning.fly()
    announced = [(line["vehicle_id"], line["effect"], line["subject"]) for line in morning.lines if "effect" in line]
    went_out = [(vehicle_id, effect, subject) for _, vehicle_id, effect, subject, _ in morning.links.calls]
    assert Counter(announced) == Counter(went_out)
    wanted = Counter((f.vehicle_id, effect) for f in morning.plan.flights for effect in ONCE_A_SORTIE)
    assert Counter((vehicle_id, effect) for vehicle_id, effect, _ in went_out) == wanted
    assert {vehicle.released.count(1) for vehicle in morning.links.vehicles.values()} == {2}
    assert len({subject for _, effect, subject in went_out if effect == "release"}) == 4


async def test_a_vehicles_next_sortie_waits_for_its_last_one(morning: Any) -> None:
    """Nothing is loaded onto a vehicle in the air; no sortie leaves before its planned departure."""
    outcomes = {outcome.flight.sortie_id: outcome for outcome in await morning.fly()}
    for vehicle_id in ("drone-1", "drone-2"):
        for before, after in pairwise(morning.of(vehicle_id)):
            digest = after.mission.digest()
            loaded = next(
                moment for moment, _, name, subject, _ in morning.links.calls if (name, subject) == ("load", digest)
            )
            assert loaded >= outcomes[before.sortie_id].landed
    launched = {subject: moment for moment, _, name, subject, _ in morning.links.calls if name == "launch"}
    assert all(launched[flight.mission.digest()] >= flight.plan.departure for flight in morning.plan.flights)


async def test_a_vehicle_that_never_answers_fails_its_orders_and_no_others(morning: Any) -> None:
    """It is named, nothing was ever sent to it, and the other vehicle delivers."""
    morning.links.vehicles["drone-2"].answers = False
    outcomes = await morning.fly()
    for outcome in outcomes:
        silent = outcome.flight.vehicle_id == "drone-2"
        assert set(outcome.orders.values()) == {OrderState.FAILED if silent else OrderState.DELIVERED}
        assert all("drone-2" in why for why in outcome.reasons.values())
        assert not silent or outcome.reasons
    assert morning.links.sent("drone-2") == []


async def test_the_orders_of_a_vehicle_that_stands_elsewhere_fail_with_the_place(morning: Any, to_green: Any) -> None:
    """A vehicle that was diverted does not fly again; the reason says where it is."""
    morning.diversion, morning.links.vehicles["drone-1"].low_from_item = to_green, 2
    first, second = (flight.plan.sortie.orders[0].order_id for flight in morning.of("drone-1"))
    outcomes = await morning.fly()
    assert ends(outcomes)[first] is OrderState.DIVERTED
    assert ends(outcomes)[second] is OrderState.FAILED
    assert reasons(outcomes)[second] == "its vehicle drone-1 stands at Green"
    assert morning.links.sent("drone-1") == ["load", "launch", "hold", "fly_instead"]


async def test_a_vehicle_that_landed_off_every_site_does_not_fly_again(morning: Any) -> None:
    """Also without a diversion: it came down where nobody sent it."""
    morning.links.vehicles["drone-1"].lands_at = GeoPoint(48.402, 15.62)
    second = morning.of("drone-1")[1].plan.sortie.orders[0].order_id
    outcomes = await morning.fly()
    assert ends(outcomes)[second] is OrderState.FAILED
    assert reasons(outcomes)[second] == "its vehicle drone-1 stands 222 m from Hub"
    assert morning.links.sent("drone-1") == list(ONCE_A_SORTIE)


async def test_the_order_to_land_goes_out_although_the_sortie_has_failed(morning: Any) -> None:
    """A vehicle that armed and never left the ground is told to land, and that is its sortie's last effect."""
    morning.links.vehicles["drone-1"].takes_off = False
    outcomes = await morning.fly()
    assert morning.links.sent("drone-1") == ["load", "launch", "land"]
    assert set(ends(outcomes).values()) == {OrderState.DELIVERED, OrderState.FAILED}


async def test_a_request_is_written_down_and_heard(morning: Any) -> None:
    """An order called off before its release comes home; one that nobody called off is delivered."""
    morning.requests.cancel("A-1")
    outcomes = await morning.fly()
    assert ends(outcomes)["A-1"] is OrderState.RETURNED
    assert set(ends(outcomes).values()) == {OrderState.RETURNED, OrderState.DELIVERED}
    written = [(line["request"], line["subject"]) for line in morning.lines if line["kind"] == "request"]
    assert written == [("Cancel", "A-1")]


async def test_who_hands_a_lead_back_is_written_down_and_the_flight_is_told(morning: Any) -> None:
    """The journal names the person before anything comes of it (I-14); here nobody else had the lead."""
    morning.requests.resume_lead("drone-1", "Ada")
    outcomes = await morning.fly()
    assert set(ends(outcomes).values()) == {OrderState.DELIVERED}
    (asked,) = (line for line in morning.lines if line["kind"] == "request")
    assert (asked["request"], asked["subject"], asked["actor"]) == ("ResumeLead", "drone-1", "Ada")
    said = [report.message for _, _, report in morning.reports if "Ada" in report.message]
    assert said == ["Ada handed the lead back, which nobody else has"]


async def test_a_vehicle_that_is_heard_and_answers_nothing_is_an_alarm_of_its_own(morning: Any) -> None:
    """A link that works one way is told apart from one that is lost (F-L7)."""
    morning.links.unheard["drone-2"] = "hold: no acknowledgement"
    await morning.fly()
    alarms = {(vehicle_id, r.state, r.message) for _, vehicle_id, r in morning.reports if r.kind == "ALARM"}
    why = "it is heard and answers no command: hold: no acknowledgement"
    assert alarms == {("drone-2", "TELEMETRY_ONLY", why)}


async def test_a_vehicle_given_up_in_the_air_is_watched_for_while_the_others_fly(morning: Any) -> None:
    """Its sortie fails; when it is heard again that is reported, and so is its landing (F-V25, I-27)."""
    morning.lost_give_up_s = 6.0
    morning.links.vehicles["drone-1"].silent_s = (SILENT_FROM_S, SILENT_FROM_S + 9.0)
    outcomes = {outcome.flight.sortie_id: outcome for outcome in await morning.fly()}
    lost = outcomes["drone-1.1"]
    assert (lost.state, outcomes["drone-1.2"].state) == (SortieState.FAILED, SortieState.FAILED)
    assert {outcomes[f"drone-2.{n}"].state for n in (1, 2)} == {SortieState.FINISHED}
    assert heard_of_lost(morning) == ["VEHICLE_LOST", "LOST_VEHICLE_HEARD"]
    assert lost.incident.state is IncidentState.HEARD


async def test_what_was_closed_before_it_was_there_stays_open(morning: Any) -> None:
    """Who spoke before the vehicle was lost meant something else (I-27)."""
    morning.lost_give_up_s = 6.0
    morning.links.vehicles["drone-1"].silent_s = (SILENT_FROM_S, math.inf)
    morning.requests.close_incident("drone-1", "too early")
    (lost,) = (outcome for outcome in await morning.fly() if outcome.incident)
    assert lost.incident.open


async def test_an_incident_that_a_person_closes_is_closed(morning: Any) -> None:
    """The journal names the person (I-27)."""
    morning.lost_give_up_s, morning.who_takes_over = 6.0, "Ada"
    morning.links.vehicles["drone-1"].silent_s = (SILENT_FROM_S, math.inf)
    (lost,) = (outcome for outcome in await morning.fly() if outcome.incident)
    assert heard_of_lost(morning) == ["VEHICLE_LOST", "LOST_VEHICLE_CLOSED"]
    assert not lost.incident.open
    (asked,) = (line for line in morning.lines if line["kind"] == "request")
    assert (asked["request"], asked["actor"]) == ("CloseIncident", "Ada")


def heard_of_lost(morning: Any) -> list[str]:
    """Codes of what was reported of lost vehicles, in order."""
    return [r.state for _, _, r in morning.reports if r.kind == "ALARM" and "VEHICLE" in r.state]


async def test_a_release_that_breaks_the_link_is_doubt_and_the_vehicle_comes_home(morning: Any) -> None:
    """Nobody knows whether it opened: not delivered, a person must look, and nothing is released again."""
    morning.links.breaks["release"] = LinkTimeoutError("the gateway is gone")
    outcomes = await morning.fly()
    assert sorted(ends(outcomes).values()) == ["DELIVERED"] * 3 + ["FAILED"]
    assert [why for why in reasons(outcomes).values() if "a person must look" in why]


@pytest.mark.parametrize("effect", ["load", "launch", "release", "pass_gate", "hold", "fly_instead"])
async def test_a_link_that_breaks_while_it_is_asked_leaves_no_order_without_an_end(
    morning: Any, to_green: Any, effect: str
) -> None:
    """No answer is an answer: what is unknown is tried again or given up, never waited for for ever."""
    morning.diversion, morning.links.vehicles["drone-1"].low_from_item = to_green, 2
    morning.links.breaks[effect] = LinkTimeoutError("the gateway is gone")
    assert set(ends(await morning.fly()).values()) <= ENDS


async def test_a_defect_in_an_effect_is_not_lost(morning: Any) -> None:
    """What is no broken link is a defect: it ends the day loudly instead of leaving a vehicle waiting."""
    morning.links.breaks["load"] = ZeroDivisionError("a defect")
    with pytest.raises(ExceptionGroup) as caught:
        await morning.fly()
    assert caught.group_contains(ZeroDivisionError)


async def test_a_defect_over_one_vehicle_is_an_alarm_and_ends_nobody_elses_flight(morning: Any) -> None:
    """The other vehicle is watched until it is home; the alarm says at once who is watched no more."""
    morning.links.breaks["load"] = ZeroDivisionError("a defect")
    with pytest.raises(ExceptionGroup):
        await morning.fly()
    alarms = [(vehicle_id, report.state) for _, vehicle_id, report in morning.reports if report.kind == "ALARM"]
    assert len(alarms) == 1
    broken, code = alarms[0]
    assert code == "SUPERVISION_ENDED"
    (other,) = {"drone-1", "drone-2"} - {broken}
    delivered = {report.subject for _, _, report in morning.reports if report.state == "DELIVERED"}
    assert delivered == {order.order_id for flight in morning.of(other) for order in flight.plan.sortie.orders}
    assert [line["vehicle_id"] for line in morning.lines if line["kind"] == "defect"] == [broken]


async def test_only_the_newest_state_is_heard(morning: Any) -> None:
    """Telemetry conflates: a burst of fifty frames between two looks is one observation, newer than the last."""
    for vehicle in morning.links.vehicles.values():
        vehicle.frames_a_step = 50
    outcomes = await morning.fly()
    assert set(ends(outcomes).values()) == {OrderState.DELIVERED}
    for outcome in outcomes:
        ages = [state.boot_time_ms for _, state in outcome.track]
        assert all(later - earlier >= 50 * 100 for earlier, later in pairwise(ages))


async def test_every_report_is_in_the_journal_and_with_the_listener(morning: Any) -> None:
    """Screen and journal tell the same, in the same order; sequence numbers have no gap."""
    await morning.fly()
    written = [
        (line["vehicle_id"], line["report"], line["state"]) for line in morning.lines if line["kind"] == "report"
    ]
    assert written == [(vehicle_id, report.kind, report.state) for _, vehicle_id, report in morning.reports]
    assert [line["sequence"] for line in morning.lines] == list(range(len(morning.lines)))


async def test_the_same_morning_is_flown_the_same_way(morning: Any, another_morning: Any) -> None:
    """Decisions depend on events and time alone: two flights of one plan give one journal."""
    await morning.fly()
    await another_morning.fly()
    assert another_morning.lines == morning.lines
