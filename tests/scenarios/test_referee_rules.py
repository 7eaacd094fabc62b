"""Every rule of the referee, by a violation planted into the true record of a clean day."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from mission.model.airspace import CircleFootprint, GeoZone, Restriction, ZoneSource, ZoneVolume
from mission.model.geo import GeoPoint, Height, VerticalDatum
from operations.scenarios.flying import FlownScenario
from sim.referee_record import Fallen, FlightRecord, ModeChange, Seen, Sent, Written, ZonesKnown
from sim.referee_rules import RULES, judge
from vehicles import px4
from vehicles.link import HeldPlan

DROP_M_1 = GeoPoint(48.4075, 15.6215)
ISLAND = GeoPoint(48.4037, 15.6205)


def rules_broken(record: FlightRecord) -> set[str]:
    """Names of the rules that a record breaks."""
    return {finding.rule for finding in judge(record)}


def zone_at_the_drop() -> GeoZone:
    """A prohibited circle where the first drone hands over."""
    ground, ceiling = Height(0.0, VerticalDatum.AGL), Height(120.0, VerticalDatum.AGL)
    volume = ZoneVolume(CircleFootprint(DROP_M_1, 80.0), ground, ceiling)
    return GeoZone("new", "New", Restriction.PROHIBITED, (volume,), ZoneSource("test", "test"))


def with_line(record: FlightRecord, *lines: Written) -> FlightRecord:
    """The record with more in its journal."""
    return replace(record, written=sorted([*record.written, *lines], key=lambda line: line.time_s))


def without(record: FlightRecord, unwanted: Callable[[Written], bool]) -> FlightRecord:
    """The record with less in its journal."""
    return replace(record, written=[line for line in record.written if not unwanted(line)])


def report(record: FlightRecord, name: str, subject: str, state: str) -> Written:
    """The line of the journal that reports this."""
    return next(line for line in record.reports(name) if (line.subject, line.state) == (subject, state))


def fell(record: FlightRecord) -> Fallen:
    """How the first drone's parcel fell."""
    return next(fallen for fallen in record.fallen if fallen.vehicle_id == "drone-1")


def with_fall(record: FlightRecord, *falls: Fallen) -> FlightRecord:
    """The record with these falls of the first drone instead of its own."""
    return replace(record, fallen=[f for f in record.fallen if f.vehicle_id != "drone-1"] + list(falls))


def higher(held: HeldPlan) -> HeldPlan:
    """A plan whose second item is 1 m higher."""
    items = held.items
    return replace(held, items=(items[0], replace(items[1], z=items[1].z + 1.0), *items[2:]))


def hub_has_it(record: FlightRecord) -> FlightRecord:
    """The books give a parcel that was handed over to the hub."""
    return with_line(record, replace(report(record, "CUSTODY", "M-1", "RECIPIENT"), time_s=200.0, state="HUB"))


def second_sortie(record: FlightRecord) -> FlightRecord:
    """Another sortie of a vehicle is airborne before its first one has ended."""
    return with_line(record, Written(50.0, "drone-1", "report", "SORTIE", "drone-1.9", "AIRBORNE"))


def unlaunched(record: FlightRecord) -> FlightRecord:
    """A vehicle takes off, and no launch is in the journal."""
    return without(record, lambda line: line.name == "launch")


def other_plan_at_take_off(record: FlightRecord) -> FlightRecord:
    """What is held at take-off differs by 1 m in one item."""
    return replace(record, take_offs=[replace(t, held=higher(t.held)) for t in record.take_offs])


def no_rally_points(record: FlightRecord) -> FlightRecord:
    """What is held at take-off lacks its rally points."""
    return replace(record, take_offs=[replace(t, held=replace(t.held, rally=())) for t in record.take_offs])


def checksums_unseen(record: FlightRecord) -> FlightRecord:
    """No checksum of a plan arrives in the last 5 s before arming."""
    armed = min(s.time_s for s in record.sent if s.command == px4.Command.COMPONENT_ARM_DISARM)
    return replace(record, heard_plans={"drone-1": [armed - 6.0], "drone-2": [armed - 6.0, armed + 1.0]})


def over_the_island(record: FlightRecord) -> FlightRecord:
    """One point of a track is over the zone that planning kept clear of."""
    track = record.tracks["drone-1"]
    middle = replace(track[40], latitude_deg=ISLAND.latitude_deg, longitude_deg=ISLAND.longitude_deg)
    return replace(record, tracks=record.tracks | {"drone-1": [*track[:40], middle, *track[41:]]})


def told_of_a_zone(record: FlightRecord) -> FlightRecord:
    """A zone at the drop is known 60 s before the vehicle gets there."""
    return replace(record, told_zones=(ZonesKnown(50.0, (zone_at_the_drop(),)),))


def overloaded(record: FlightRecord) -> FlightRecord:
    """A vehicle takes off with 3 kg; it carries 2.5 kg."""
    return replace(record, take_offs=[replace(t, payload_kg=3.0) for t in record.take_offs])


def beside_the_drop(record: FlightRecord) -> FlightRecord:
    """A commanded release 20 m north of its drop."""
    fallen = fell(record)
    return with_fall(record, replace(fallen, latitude_deg=fallen.latitude_deg + 20.0 / 111_200.0))


def from_too_high(record: FlightRecord) -> FlightRecord:
    """A commanded release from 40 m."""
    return with_fall(record, replace(fell(record), height_home_m=40.0))


def twice_from_one_slot(record: FlightRecord) -> FlightRecord:
    """Two commanded releases of one parcel."""
    return with_fall(record, fell(record), replace(fell(record), time_s=fell(record).time_s + 1.0))


def delivered_unreleased(record: FlightRecord) -> FlightRecord:
    """Called delivered, and nothing fell."""
    return with_fall(record)


def delivered_uncommanded(record: FlightRecord) -> FlightRecord:
    """Called delivered, and the parcel fell by itself on the way."""
    return with_fall(record, replace(fell(record), time_s=60.0))


def delivered_to_nobody(record: FlightRecord) -> FlightRecord:
    """Called delivered, and nobody is written down to have it."""
    return without(record, lambda line: line.name == "CUSTODY" and line.state == "RECIPIENT")


def ends_twice(record: FlightRecord) -> FlightRecord:
    """An order is delivered, and failed afterwards."""
    return with_line(record, replace(report(record, "ORDER", "M-1", "DELIVERED"), time_s=220.0, state="FAILED"))


def released_when_called_off(record: FlightRecord) -> FlightRecord:
    """A cancellation is acknowledged, and the parcel is released all the same."""
    return with_line(record, Written(60.0, "drone-1", "report", "RELEASE", "M-1", "CANCELLED"))


def one_id_twice(record: FlightRecord) -> FlightRecord:
    """The effect of one command id is carried out a second time."""
    return with_line(record, replace(record.of_effect("release")[0], time_s=130.0))


def release_too_late(record: FlightRecord) -> FlightRecord:
    """A release goes out when the gate's time is long over."""
    return replace(record, sent=[*record.sent, Sent(230.0, "drone-1", px4.Command.DO_GRIPPER, 1.0, 0.0, 0.0)])


def unwritten_landing(record: FlightRecord) -> FlightRecord:
    """A vehicle is told to land, and the journal knows nothing of it."""
    return replace(record, sent=[*record.sent, Sent(100.0, "drone-1", px4.Command.NAV_LAND, 0.0, 0.0, 0.0)])


def view_goes_back(record: FlightRecord) -> FlightRecord:
    """A state is older than the one before, in the same boot."""
    last = max(seen.boot_time_ms for seen in record.seen)
    return replace(record, seen=[*record.seen, Seen(record.ended_s, "drone-1", 0, last - 5000)])


def fought(record: FlightRecord) -> FlightRecord:
    """The vehicle returns by itself, and 10 s later is told to fly its mission."""
    changes = [*record.mode_changes, ModeChange(50.0, "drone-1", "RTL", in_the_air=True)]
    again = Sent(60.0, "drone-1", px4.Command.MISSION_START, 0.0, 0.0, 0.0)
    changes.sort(key=lambda change: change.time_s)
    return replace(record, mode_changes=changes, sent=sorted([*record.sent, again], key=lambda sent: sent.time_s))


def loaded_unlike(record: FlightRecord) -> FlightRecord:
    """An upload is called read back as approved; the vehicle held something else then."""
    return replace(record, loaded=[replace(loaded, held=higher(loaded.held)) for loaded in record.loaded])


def endless_order(record: FlightRecord) -> FlightRecord:
    """An order that was begun has no end."""
    return without(record, lambda line: line.name == "ORDER" and line.state == "DELIVERED" and line.subject == "M-1")


def left_in_the_air(record: FlightRecord) -> FlightRecord:
    """A vehicle is in the air in the end, and there is no alarm."""
    return replace(record, down=record.down | {"drone-2": False})


PLANTED: tuple[tuple[str, Callable[[FlightRecord], FlightRecord]], ...] = (
    ("I-1", hub_has_it),
    ("I-2", second_sortie),
    ("I-2", unlaunched),
    ("I-3", other_plan_at_take_off),
    ("I-3", no_rally_points),
    ("I-4", checksums_unseen),
    ("I-5", over_the_island),
    ("I-5", told_of_a_zone),
    ("I-6", told_of_a_zone),
    ("I-8", overloaded),
    ("I-9", beside_the_drop),
    ("I-9", from_too_high),
    ("I-9", twice_from_one_slot),
    ("I-10", delivered_unreleased),
    ("I-10", delivered_uncommanded),
    ("I-10", delivered_to_nobody),
    ("I-10", beside_the_drop),
    ("I-11", ends_twice),
    ("I-12", released_when_called_off),
    ("I-13", one_id_twice),
    ("I-13", release_too_late),
    ("I-14", unlaunched),
    ("I-14", unwritten_landing),
    ("I-17", view_goes_back),
    ("I-19", fought),
    ("I-25", loaded_unlike),
    ("I-26", endless_order),
    ("I-27", left_in_the_air),
)


def test_a_clean_day_breaks_no_rule(clean_day: FlownScenario) -> None:
    """Two deliveries by the book: nothing is found, by no rule."""
    assert clean_day.findings == ()
    assert judge(clean_day.record) == []


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_a_planted_violation_is_found(
    clean_day: FlownScenario, rule: str, plant: Callable[[FlightRecord], FlightRecord]
) -> None:
    """I-1 I-2 I-3 I-4 I-5 I-6 I-8 I-9 I-10 I-11 I-12 I-13 I-14 I-17 I-19 I-25 I-26 I-27: each by its name."""
    assert rule in rules_broken(plant(clean_day.record))


def test_every_rule_has_a_planted_violation() -> None:
    """A rule that nothing breaks proves nothing."""
    assert {rule.rule_id for rule in RULES} == {rule for rule, _ in PLANTED}


def test_an_incident_within_five_seconds_answers_for_a_new_zone(clean_day: FlownScenario) -> None:
    """I-6 is kept by an alarm about the vehicle in time, and broken by one that comes later."""
    told = told_of_a_zone(clean_day.record)
    alarm = Written(54.0, "drone-1", "report", "ALARM", "drone-1.1", "ZONE_AHEAD")
    assert "I-6" not in rules_broken(with_line(told, alarm))
    assert "I-6" in rules_broken(with_line(told, replace(alarm, time_s=56.0)))
    assert "I-6" in rules_broken(with_line(told, replace(alarm, vehicle_id="drone-2")))


def test_a_parcel_that_falls_by_itself_is_nobodys_release(clean_day: FlownScenario) -> None:
    """What the gripper lets go uncommanded breaks no rule of releases: it breaks the claim of a delivery (F-V22)."""
    found = rules_broken(delivered_uncommanded(clean_day.record))
    assert "I-9" not in found
    assert "I-10" in found


def test_a_restart_of_the_autopilot_may_set_its_clock_back(clean_day: FlownScenario) -> None:
    """I-17 holds for each boot: a new one begins at 0."""
    reborn = Seen(clean_day.record.ended_s, "drone-1", 1, 100)
    assert rules_broken(replace(clean_day.record, seen=[*clean_day.record.seen, reborn])) == set()


def test_a_mode_that_was_asked_for_is_led_by_nobody_else(clean_day: FlownScenario) -> None:
    """I-19: a hold of ours, and the mission of ours after it, fight nobody."""
    record = clean_day.record
    hold = Sent(49.0, "drone-1", px4.Command.DO_SET_MODE, 1.0, 4.0, 3.0)
    start = Sent(60.0, "drone-1", px4.Command.MISSION_START, 0.0, 0.0, 0.0)
    changes = [ModeChange(50.0, "drone-1", "LOITER", in_the_air=True)]
    modes = sorted([*record.mode_changes, *changes], key=lambda change: change.time_s)
    sent = sorted([*record.sent, hold, start], key=lambda sent: sent.time_s)
    assert rules_broken(replace(record, mode_changes=modes, sent=sent)) == set()


def test_a_track_is_judged_from_when_a_zone_is_known(clean_day: FlownScenario) -> None:
    """A vehicle that was in a zone before anybody knew of it broke nothing; it must not come back."""
    record = clean_day.record
    there = [p.time for p in record.tracks["drone-1"] if abs(p.latitude_deg - DROP_M_1.latitude_deg) < 1e-4]
    gone_s = (max(there) + timedelta(seconds=30) - record.start).total_seconds()
    assert rules_broken(replace(record, told_zones=(ZonesKnown(gone_s, (zone_at_the_drop(),)),))) == set()
