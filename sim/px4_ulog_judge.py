"""Judges flights of real PX4 by their own logs: the referee's rules, on what the vehicles wrote down themselves.

A log knows no zones, orders or plans; with the books (the journal and what was approved) more can be decided. What
no log tells is left out: which plan was held, what was weighed, what telemetry showed (I-3, I-4, I-8, I-17, I-25).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

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

Journal = Sequence[Mapping[str, Any]]
Clock = Callable[[float], float]
"""The record's seconds, of a vehicle's since its boot."""


def judge_logs(
    logs: Sequence[UlogFlight], record: FlightRecord, journal: Journal | None = None
) -> list[RefereeFinding]:
    """Everything that the logs show and no day may hold, in the order of time.

    Args:
        logs: one of each vehicle, of one flight; they are written into `record`.
        record: what was approved, where anything was.
        journal: its lines as JSON objects; they are written into `record` as well. Without them a vehicle's own
            clock is the record's, and only what a log alone decides is judged.
    """
    record.read_journal(journal or ())
    referee = Referee()
    for log in logs:
        _write_down(log, record, clock_of(log, record.start, journal or ()), referee)
    decided = BY_LOG_ALONE if journal is None else WITH_BOOKS
    found = [finding for rule in RULES if rule.rule_id in decided for finding in rule.broken_by(record)]
    return sorted([*referee.findings, *found], key=lambda finding: finding.time_s)


def clock_of(log: UlogFlight, start: datetime, journal: Journal) -> Clock:
    """Puts a vehicle's time into the day's, by the moments that both have written down.

    These are its take-off, which the journal sees in telemetry, and every report that carries the vehicle's own
    time. Between them time is taken to pass evenly: a simulation on a busy machine is slower than it should be.
    """
    moments = sorted(_moments_of_both(log, start, journal))
    if not moments:
        return lambda time_s: time_s
    own_s, day_s = np.array(moments).T
    first, last = day_s[0] - own_s[0], day_s[-1] - own_s[-1]

    def of_day(time_s: float) -> float:
        if time_s <= own_s[0]:
            return time_s + float(first)
        return time_s + float(last) if time_s >= own_s[-1] else float(np.interp(time_s, own_s, day_s))

    return of_day


def _moments_of_both(log: UlogFlight, start: datetime, journal: Journal) -> Iterator[tuple[float, float]]:
    """Pairs of the vehicle's and the day's seconds."""
    took_off_s = log.took_off_s()
    for line in journal:
        if line.get("vehicle_id") != log.vehicle_id or line["kind"] != "report":
            continue
        time_s = (datetime.fromisoformat(line["time"]) - start).total_seconds()
        own_ms = (line.get("details") or {}).get("vehicle_time_ms")
        if own_ms is not None:
            yield own_ms / 1000.0, time_s
        elif line["state"] == "AIRBORNE" and took_off_s is not None:
            yield took_off_s, time_s


def _write_down(log: UlogFlight, record: FlightRecord, of_day: Clock, referee: Referee) -> None:
    witness = VehicleWitness(record)
    for truth in log.truths:
        moment = replace(truth, time_s=of_day(truth.time_s))
        witness.observe(moment, _NOT_LOGGED, record.start + timedelta(seconds=moment.time_s))
        referee.observe(moment)
    for command in log.commands:
        ours = command.from_outside and command.source_system == px4.OWN_SYSTEM_ID
        if ours and command.number in COMMANDS_WATCHED:
            sent = Sent(of_day(command.time_s), log.vehicle_id, command.number, *command.parameters)
            record.sent.append(sent)
    if log.truths:
        last = log.truths[-1]
        record.down[log.vehicle_id] = last.landed and not last.armed
        record.ended_s = max(record.ended_s, of_day(last.time_s))
