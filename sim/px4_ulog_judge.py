"""Judges flights of real PX4 by their own logs: the referee's rules, on what the vehicles wrote down themselves.

A log knows no zones, orders or plans; with the books (the journal and what was approved) more can be decided. What
no log tells is left out: which plan was held, what was weighed, what telemetry showed (I-3, I-4, I-8, I-17, I-25).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from mission.model.mission import MavMissionType
from sim.px4_ulog import UlogFlight
from sim.referee import Referee, RefereeFinding
from sim.referee_record import FlightRecord, Sent, VehicleWitness
from sim.referee_rules import COMMANDS_WATCHED, RULES
from vehicles import px4

BY_LOG_ALONE: Final = frozenset({"I-19", "I-27"})
WITH_BOOKS: Final = BY_LOG_ALONE | {"I-1", "I-2", "I-5", "I-6", "I-9", "I-10", "I-11", "I-12", "I-13", "I-14", "I-26"}
"""Rules that logs decide, without and with the books; what no vehicle may do (`sim.referee`) comes on top."""
_NOT_LOGGED: Final[Mapping[MavMissionType, tuple[()]]] = dict.fromkeys(MavMissionType, ())


def judge_logs(logs: Sequence[UlogFlight], record: FlightRecord, *, has_books: bool) -> list[RefereeFinding]:
    """Everything that the logs show and no day may hold, in the order of time.

    Args:
        logs: one of each vehicle; they are written into `record`.
        record: what else is known.
        has_books: whether that is the journal and what was approved.
    """
    referee = Referee()
    for log in logs:
        _write_down(log, record, referee)
    decided = WITH_BOOKS if has_books else BY_LOG_ALONE
    found = [finding for rule in RULES if rule.rule_id in decided for finding in rule.broken_by(record)]
    return sorted([*referee.findings, *found], key=lambda finding: finding.time_s)


def boot_s(log: UlogFlight, record: FlightRecord) -> float:
    """When the vehicle was switched on, in the record's seconds: its first take-off is the journal's.

    The journal sees a take-off in telemetry, so a log's times come out a second or two late, never early. Without a
    journal, or without a take-off, a vehicle's own clock is the record's.
    """
    reports = (line for line in record.reports("SORTIE") if line.vehicle_id == log.vehicle_id)
    seen_s = min((line.time_s for line in reports if line.state == "AIRBORNE"), default=None)
    took_off_s = log.took_off_s()
    return seen_s - took_off_s if seen_s is not None and took_off_s is not None else 0.0


def _write_down(log: UlogFlight, record: FlightRecord, referee: Referee) -> None:
    began_s = boot_s(log, record)
    witness = VehicleWitness(record)
    for truth in log.truths:
        moment = replace(truth, time_s=truth.time_s + began_s)
        witness.observe(moment, _NOT_LOGGED, _date(record.start, moment.time_s))
        referee.observe(moment)
    for command in log.commands:
        ours = command.from_outside and command.source_system == px4.OWN_SYSTEM_ID
        if ours and command.number in COMMANDS_WATCHED:
            sent = Sent(command.time_s + began_s, log.vehicle_id, command.number, *command.parameters)
            record.sent.append(sent)
    if log.truths:
        last = log.truths[-1]
        record.down[log.vehicle_id] = last.landed and not last.armed
        record.ended_s = max(record.ended_s, last.time_s + began_s)


def _date(start: datetime, time_s: float) -> datetime:
    return start + timedelta(seconds=time_s)
