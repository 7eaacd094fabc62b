"""Judging flights of real PX4 by their own logs, for every test that flies some."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mission.planner import DayPlan
from mission.policy import Policy
from sim.px4_ulog import UlogFlight, is_ulog_readable, read_ulog
from sim.px4_ulog_judge import judge_logs
from sim.referee_record import FlightRecord

BOOTED = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
"""When a vehicle without a day was switched on."""


class LogReferee:
    """Reads the logs of a run and lets the referee judge them. Where pyulog is absent its tests are skipped."""

    def flights(self, folder: Path, vehicle_id: str) -> list[UlogFlight]:
        """Every log below a folder in which the vehicle left the ground, oldest first; those of the pad are left out.

        PX4 begins a new log with each arming after the first, and closes one on disarming.
        """
        logs = (read_ulog(path, vehicle_id) for path in sorted(folder.glob("**/log/**/*.ulg")))
        return [log for log in logs if log.took_off_s() is not None]

    def judge_flight(self, folder: Path) -> UlogFlight:
        """The one flight of one vehicle, by its log alone; it fails on any finding."""
        [log] = self.flights(folder, "v")
        found = judge_logs([log], FlightRecord(BOOTED, Policy()))
        assert found == [], "\n".join(map(str, found))
        assert log.truths[-1].landed
        assert not log.truths[-1].armed
        return log

    def judge_day(self, folder: Path, plan: DayPlan) -> list[UlogFlight]:
        """A flown day's logs, with its journal and what was approved; it fails on any finding.

        Instances are numbered in the order of the day's vehicles; each vehicle has flown one sortie.
        """
        instances = sorted(folder.glob("stork-px4-*"), key=lambda path: int(path.name.split("-")[2]))
        logs: list[UlogFlight] = []
        for vehicle, instance in zip(plan.day.vehicles, instances, strict=True):
            logs += self.flights(instance, vehicle.vehicle_id)
        record = FlightRecord(plan.day.start, plan.day.policy, plan.flights, plan.day.zones)
        journal = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        found = judge_logs(logs, record, [json.loads(line) for line in journal])
        assert found == [], "\n".join(map(str, found))
        return logs


@pytest.fixture
def by_log() -> LogReferee:
    """The referee, on PX4's own logs."""
    if not is_ulog_readable():
        pytest.skip("no pyulog: install requirements/sitl.txt")
    return LogReferee()


def modes_in_the_air(logs: Sequence[UlogFlight]) -> list[str]:
    """The modes flown, in order, each once in a row."""
    flown = [truth.mode for log in logs for truth in log.truths if not truth.landed]
    return [mode for mode, before in zip(flown, [None, *flown], strict=False) if mode != before]


@pytest.fixture
def modes() -> Callable[[Sequence[UlogFlight]], list[str]]:
    """Gives the modes of logs."""
    return modes_in_the_air
