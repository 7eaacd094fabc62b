"""The referee's rules: one table of the invariants that truth, radio and journal can decide, and how each is decided.

No rule asks the supervision, the planner or the router: a vehicle's track is measured against zones by the verifier's
own geometry, what it holds against what was approved by comparing items, and what was claimed against what fell.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from mission.geodesy.terrain import FlatTerrain
from mission.model.airspace import GeoZone
from mission.model.flight import ApprovedFlight
from mission.model.mission import GRIPPER_RELEASE, MavMissionType, Mission
from mission.verification.track import TrackPoint, clearance_of_track
from sim.referee import RefereeFinding
from sim.referee_parcels import (
    delivered_with_proof,
    nothing_after_a_cancellation,
    one_custodian,
    released_at_the_drop,
)
from sim.referee_record import FlightRecord, ModeChange, Sent, TakeOff
from vehicles import px4
from vehicles.link import HeldPlan
from vehicles.transfer import differences

REACTION_S: Final = 5.0
"""How long mission control may take to act on what it is told (fault F-A1), and to see who leads a vehicle."""
PLAN_AGE_S: Final = 5.0
"""Invariant I-4."""
SENT_BEFORE_S: Final = 10.0
"""A change of mode this long after a command for it is the command's."""
COMMANDS_WATCHED: Final = frozenset(
    {
        px4.Command.COMPONENT_ARM_DISARM,
        px4.Command.MISSION_START,
        px4.Command.DO_SET_MODE,
        px4.Command.NAV_LAND,
        px4.Command.NAV_RETURN_TO_LAUNCH,
        px4.Command.DO_GRIPPER,
        px4.Command.DO_REPOSITION,
    }
)
"""What a `Sent` may be: the commands that move something."""
TERMINAL: Final = frozenset({"DELIVERED", "DIVERTED", "RETURNED", "FAILED", "REFUSED"})
_MODE_OF_SUB_MODE: Final = {3.0: "LOITER", 4.0: "MISSION", 5.0: "RTL", 6.0: "LAND"}
_MODE_OF_COMMAND: Final = {
    px4.Command.MISSION_START: "MISSION",
    px4.Command.NAV_LAND: "LAND",
    px4.Command.NAV_RETURN_TO_LAUNCH: "RTL",
    px4.Command.DO_REPOSITION: "LOITER",
}
_ENDED: Final = frozenset({"FINISHED", "FAILED"})

Findings = Iterator[RefereeFinding]


@dataclass(frozen=True, slots=True)
class Rule:
    """One invariant: what must hold whatever happens, and what speaks against it in a record."""

    rule_id: str
    demands: str
    broken_by: Callable[[FlightRecord], Findings]


def judge(record: FlightRecord) -> list[RefereeFinding]:
    """Everything in a record that no day may hold, in the order of time."""
    found = [finding for rule in RULES for finding in rule.broken_by(record)]
    return sorted(found, key=lambda finding: finding.time_s)


# ---- orders and commands -------------------------------------------------------------------------------


def _one_end(record: FlightRecord) -> Findings:
    ended: dict[str, str] = {}
    for line in record.reports("ORDER"):
        if line.subject in ended:
            what = f"{line.subject} is {line.state} after it was {ended[line.subject]}"
            yield RefereeFinding(line.time_s, line.vehicle_id, "I-11", what)
        elif line.state in TERMINAL:
            ended[line.subject] = line.state


def _all_end(record: FlightRecord) -> Findings:
    ended = {line.subject for line in record.reports("ORDER") if line.state in TERMINAL}
    for flight in record.flights:
        began = any(line.subject == flight.sortie_id for line in record.reports("SORTIE"))
        for order in flight.plan.sortie.orders:
            if began and order.order_id not in ended:
                what = f"{order.order_id} has no end"
                yield RefereeFinding(record.ended_s, flight.vehicle_id, "I-26", what)


def _one_sortie(record: FlightRecord) -> Findings:
    active: dict[str, str] = {}
    for line in record.reports("SORTIE"):
        if line.state in _ENDED:
            active.pop(line.vehicle_id, None)
            continue
        other = active.setdefault(line.vehicle_id, line.subject)
        if other != line.subject:
            what = f"{line.subject} is {line.state} while {other} has no end"
            yield RefereeFinding(line.time_s, line.vehicle_id, "I-2", what)
    for take_off in record.take_offs:
        if record.flight(take_off.vehicle_id, take_off.sortie) is None:
            yield RefereeFinding(take_off.time_s, take_off.vehicle_id, "I-2", "it took off, and nobody had launched it")


def _once_for_a_command(record: FlightRecord) -> Findings:
    seen: set[str] = set()
    for line in record.of_effect("release"):
        if line.subject in seen:
            yield RefereeFinding(line.time_s, line.vehicle_id, "I-13", f"{line.subject} was carried out twice")
        seen.add(line.subject)
    for sent in record.sent:
        if sent.command != px4.Command.DO_GRIPPER or sent.param2 != GRIPPER_RELEASE:
            continue
        effects = [e.time_s for e in record.of_effect("release") if e.vehicle_id == sent.vehicle_id]
        last_s = max((time_s for time_s in effects if time_s <= sent.time_s), default=-math.inf)
        if effects and sent.time_s - last_s > record.policy.release_wait_s:
            what = f"a release went out {sent.time_s - last_s:.0f} s after it was decided: past its deadline"
            yield RefereeFinding(sent.time_s, sent.vehicle_id, "I-13", what)


def _written_before_done(record: FlightRecord) -> Findings:
    needs = {
        px4.Command.COMPONENT_ARM_DISARM: {"launch"},
        px4.Command.MISSION_START: {"launch", "fly_instead"},
        px4.Command.NAV_LAND: {"land"},
        px4.Command.DO_GRIPPER: {"release", "launch"},
    }
    for sent in record.sent:
        names = needs.get(px4.Command(sent.command), set())
        written = [line for name in names for line in record.of_effect(name) if line.vehicle_id == sent.vehicle_id]
        if names and not any(line.time_s <= sent.time_s for line in written):
            what = f"{px4.Command(sent.command).name} went out and is not in the journal"
            yield RefereeFinding(sent.time_s, sent.vehicle_id, "I-14", what)


# ---- what vehicles hold --------------------------------------------------------------------------------


def _unlike(mission: Mission, held: HeldPlan) -> str:
    """The first way in which what is held differs from the mission; "" for none."""
    lists = zip(MavMissionType, (mission.items, mission.fence, mission.rally), strict=True)
    of_held = (held.items, held.fence, held.rally)
    found = [text for (kind, sent), held_items in zip(lists, of_held, strict=True)
             for text in differences(kind, sent, held_items)]  # fmt: skip
    return found[0] if found else ""


def _takes_off_with_its_plan(record: FlightRecord) -> Findings:
    for take_off in record.take_offs:
        flight = record.flight(take_off.vehicle_id, take_off.sortie)
        if flight and (unlike := _unlike(flight.mission, take_off.held)):
            yield RefereeFinding(take_off.time_s, take_off.vehicle_id, "I-3", f"it took off, and {unlike}")


def _plan_seen_before_arming(record: FlightRecord) -> Findings:
    for sent in record.sent:
        if sent.command != px4.Command.COMPONENT_ARM_DISARM or sent.param1 != 1.0:
            continue
        heard = record.heard_plans.get(sent.vehicle_id, [])
        if not any(0.0 <= sent.time_s - time_s <= PLAN_AGE_S for time_s in heard):
            what = f"it was armed, and its checksums were not seen in the {PLAN_AGE_S:g} s before"
            yield RefereeFinding(sent.time_s, sent.vehicle_id, "I-4", what)


def _loaded_means_held(record: FlightRecord) -> Findings:
    for loaded in record.loaded:
        flight = next((flight for flight in record.flights if flight.sortie_id == loaded.sortie_id), None)
        unlike = _unlike(flight.mission, loaded.held) if flight else "nothing was approved"
        if unlike:
            yield RefereeFinding(loaded.time_s, loaded.vehicle_id, "I-25", f"called loaded, and {unlike}")


def _fit_to_take_off(record: FlightRecord) -> Findings:
    for take_off in record.take_offs:
        flight = record.flight(take_off.vehicle_id, take_off.sortie)
        if flight and (why := _unfit(flight, take_off)):
            yield RefereeFinding(take_off.time_s, take_off.vehicle_id, "I-8", f"it took off, and {why}")


def _unfit(flight: ApprovedFlight, take_off: TakeOff) -> str:
    limit_kg = flight.plan.sortie.vehicle.type.max_payload_kg
    if take_off.payload_kg > limit_kg:
        return f"carries {take_off.payload_kg:.2f} kg, at most {limit_kg:.2f} kg"
    return ""


# ---- zones ---------------------------------------------------------------------------------------------


def _clear_of_zones(record: FlightRecord) -> Findings:
    known = [(-math.inf, record.planned_zones), *((told.time_s, told.zones) for told in record.told_zones)]
    for since_s, zones in known:
        for vehicle_id, depth_m, zone, time_s in _entered(record, since_s, zones):
            what = f"{-depth_m:.0f} m inside zone {zone.identifier}"
            yield RefereeFinding(time_s, vehicle_id, "I-5", what)


def _acts_on_new_zones(record: FlightRecord) -> Findings:
    for told in record.told_zones:
        deadline_s = told.time_s + REACTION_S
        for vehicle_id, _, zone, time_s in _entered(record, deadline_s, told.zones):
            effects = (line for name in ("fly_instead", "hold", "land") for line in record.of_effect(name))
            acted = any(e.vehicle_id == vehicle_id and told.time_s <= e.time_s <= deadline_s for e in effects)
            if not acted and not record.alarms(vehicle_id, told.time_s, deadline_s):
                what = f"zone {zone.identifier} was known from {told.time_s:.0f} s on, and the flight went on into it"
                yield RefereeFinding(time_s, vehicle_id, "I-6", what)


def _entered(
    record: FlightRecord, since_s: float, zones: tuple[GeoZone, ...]
) -> Iterator[tuple[str, float, GeoZone, float]]:
    """Each vehicle inside each zone after a moment: how deep (negative metres), and when it is first seen there."""
    exact = replace(record.policy, zone_height_margin_m=0.0, zone_time_margin_s=0.0)
    since = record.start + timedelta(seconds=since_s) if math.isfinite(since_s) else None
    for vehicle_id, track in record.tracks.items():
        after = [point for point in track if since is None or point.time >= since]
        flight = next((flight for flight in record.flights if flight.vehicle_id == vehicle_id), None)
        if not after or flight is None:
            continue
        home_m = flight.mission.home_amsl_m

        def depth(points: list[TrackPoint], zone: GeoZone, home_m: float = home_m) -> float:
            return clearance_of_track(
                points, zones=(zone,), policy=exact, terrain=FlatTerrain(home_m), home_amsl_m=home_m
            )

        for zone in zones:
            depth_m = depth(after, zone)
            if depth_m < 0.0:
                first = next((point for point in after if depth([point], zone) < 0.0), after[0])
                yield vehicle_id, depth_m, zone, (first.time - record.start).total_seconds()


# ---- who leads, and what is believed -------------------------------------------------------------------


def _views_go_forward(record: FlightRecord) -> Findings:
    last: dict[str, tuple[int, int]] = {}
    for seen in record.seen:
        before = last.get(seen.vehicle_id, (0, -1))
        if (seen.boots, seen.boot_time_ms) < before:
            what = f"its state went from {before[1]} ms back to {seen.boot_time_ms} ms"
            yield RefereeFinding(seen.time_s, seen.vehicle_id, "I-17", what)
        last[seen.vehicle_id] = (seen.boots, seen.boot_time_ms)


def _mode_asked_for(sent: Sent) -> str:
    """The mode that a command leads to; "" for none."""
    if sent.command == px4.Command.DO_SET_MODE:
        return _MODE_OF_SUB_MODE.get(sent.param3, "OTHER")
    return _MODE_OF_COMMAND.get(px4.Command(sent.command), "")


def _never_fights(record: FlightRecord) -> Findings:
    """A change of mode in the air that nobody here asked for begins a time in which nothing is asked."""
    for vehicle_id in sorted({change.vehicle_id for change in record.mode_changes}):
        asked = [sent for sent in record.sent if sent.vehicle_id == vehicle_id and _mode_asked_for(sent)]
        changes = [change for change in record.mode_changes if change.vehicle_id == vehicle_id]
        for change, following in zip(changes, [*changes[1:], None], strict=True):
            if not _is_led_by_others(change, asked):
                continue
            until_s = following.time_s if following else math.inf
            for sent in asked:
                if change.time_s + REACTION_S < sent.time_s <= until_s:
                    what = f"{_mode_asked_for(sent)} was asked of it, led by others since {change.time_s:.1f} s"
                    yield RefereeFinding(sent.time_s, vehicle_id, "I-19", what)


def _is_led_by_others(change: ModeChange, asked: list[Sent]) -> bool:
    """Whether a mode was entered in the air that nobody here had asked for; Mission is the one that was asked first."""
    ours = any(_mode_asked_for(s) == change.mode and 0.0 <= change.time_s - s.time_s <= SENT_BEFORE_S for s in asked)
    return change.in_the_air and change.mode != "MISSION" and not ours


def _everybody_comes_down(record: FlightRecord) -> Findings:
    for vehicle_id in {take_off.vehicle_id for take_off in record.take_offs}:
        last_s = max(take_off.time_s for take_off in record.take_offs if take_off.vehicle_id == vehicle_id)
        if not record.down.get(vehicle_id, False) and not record.alarms(vehicle_id, last_s, math.inf):
            yield RefereeFinding(record.ended_s, vehicle_id, "I-27", "it is in the air, and nobody was told")


RULES: Final = (
    Rule("I-1", "a parcel that the books give to somebody is not on the street", one_custodian),
    Rule("I-2", "a vehicle flies one sortie at a time, and none that nobody launched", _one_sortie),
    Rule(
        "I-3", "a vehicle takes off with exactly the mission, fence and rally points approved", _takes_off_with_its_plan
    ),
    Rule("I-4", "the checksums of a plan were seen within 5 s of arming", _plan_seen_before_arming),
    Rule("I-5", "no track enters a zone that is in force and known", _clear_of_zones),
    Rule("I-6", "a flight into a new zone is diverted, or an incident, within 5 s", _acts_on_new_zones),
    Rule("I-8", "a vehicle takes off with no more than it carries", _fit_to_take_off),
    Rule("I-9", "a parcel is released once, at its drop, and low enough", released_at_the_drop),
    Rule("I-10", "what is called delivered was let go at its drop, and somebody has it", delivered_with_proof),
    Rule("I-11", "an order ends once", _one_end),
    Rule("I-12", "what was called off is not released", nothing_after_a_cancellation),
    Rule("I-13", "a release happens once for its id, and in time", _once_for_a_command),
    Rule("I-14", "what is done was written down before", _written_before_done),
    Rule("I-17", "the view of a vehicle goes forward in its own time", _views_go_forward),
    Rule("I-19", "who leads a vehicle is not fought", _never_fights),
    Rule("I-25", "a mission that is called loaded is held", _loaded_means_held),
    Rule("I-26", "every order that was begun ends", _all_end),
    Rule("I-27", "every vehicle comes down, or somebody is told", _everybody_comes_down),
)
"""Every invariant that a record can decide; the others need the state inside mission control."""

PHYSICAL_RULE_IDS: Final = ("crash", "disarmed in the air", "empty battery in the air")
RULE_IDS: Final = (*(rule.rule_id for rule in RULES), *PHYSICAL_RULE_IDS)
"""Names of every rule, those of `sim.referee` included."""
