"""What is read from PX4's own flight logs, and what the referee makes of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission.errors import InputError
from mission.policy import Policy
from sim.px4_ulog import UlogFlight, is_ulog_readable, read_ulog
from sim.px4_ulog_judge import clock_of, judge_logs
from sim.referee_record import FlightRecord

if TYPE_CHECKING:
    from tests.sim.px4_ulog.conftest import LogWriter

pytestmark = pytest.mark.skipif(not is_ulog_readable(), reason="no pyulog: install requirements/sitl.txt")

NewLog = Callable[..., "LogWriter"]
START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
GRAB, RELEASE = 0, 1
LOITER, RTL = 4, 5
SET_MODE = 176


def flown(log: "LogWriter") -> None:
    """Up to 20 m, and down again: armed from 2 s, in the air from 3 s to 9 s, disarmed at 11 s."""
    log.at(1.0, 0.0, armed=False)
    log.at(2.0, 0.0)
    for time_s, height_m in ((3.0, 5.0), (5.0, 20.0), (7.0, 20.0), (9.0, 2.0)):
        log.at(time_s, height_m)
    log.at(10.0, 0.0, climb_m_s=-0.5)
    log.at(11.0, 0.0, armed=False)


def record() -> FlightRecord:
    """A day of which nothing is known."""
    return FlightRecord(START, Policy())


def rules(log: UlogFlight) -> list[str]:
    """Names of the rules that a log breaks by itself."""
    return [finding.rule for finding in judge_logs([log], record())]


def read(log: "LogWriter", folder: Path) -> UlogFlight:
    """The log, written and read again."""
    return read_ulog(log.write(folder / "flight.ulg"), "v")


def test_a_flight_is_read_as_it_was(log_writer: NewLog, tmp_path: Path) -> None:
    """Heights above the ground at boot, modes by their names, one sortie from take-off to the end."""
    log = log_writer()
    flown(log)
    told = read(log, tmp_path)
    assert [truth.height_m for truth in told.truths] == pytest.approx([0, 0, 5, 20, 20, 2, 0, 0], abs=1e-4)
    assert [truth.sortie for truth in told.truths] == [0, 0, 1, 1, 1, 1, 1, 1]
    assert {truth.mode for truth in told.truths} == {"MISSION"}
    assert told.took_off_s() == 3.0
    assert told.home_amsl_m == pytest.approx(200.0)
    assert [truth.armed for truth in told.truths][-1] is False


def test_a_flight_that_ends_well_breaks_no_rule(log_writer: NewLog, tmp_path: Path) -> None:
    """No finding, and the vehicle is down."""
    log, day = log_writer(), record()
    flown(log)
    assert judge_logs([read(log, tmp_path)], day) == []
    assert day.down == {"v": True}
    assert [take_off.time_s for take_off in day.take_offs] == [3.0]


def test_a_parcel_falls_where_the_gripper_opened(log_writer: NewLog, tmp_path: Path) -> None:
    """Opened after it was closed: once, where the vehicle then is."""
    log = log_writer()
    for time_s, command in ((0.5, GRAB), (5.1, RELEASE), (6.0, RELEASE)):
        log.add(time_s, "gripper", command)
    flown(log)
    [release] = read(log, tmp_path).truths[-1].releases
    assert (release.sortie, release.slot, release.time_s) == (1, 1, 5.1)
    assert release.height_home_m == pytest.approx(20.0)


def test_a_crash_is_found(log_writer: NewLog, tmp_path: Path) -> None:
    """On the ground at 6 m/s."""
    log = log_writer()
    log.at(1.0, 0.0)
    log.at(2.0, 20.0)
    log.at(3.0, 3.0, climb_m_s=-6.0)
    log.at(4.0, 0.0, armed=False)
    assert rules(read(log, tmp_path)) == ["crash"]


def test_motors_that_stop_in_the_air_are_found(log_writer: NewLog, tmp_path: Path) -> None:
    """Disarmed 20 m up; and whoever is in the air when the log ends never came down (I-27)."""
    log = log_writer()
    log.at(1.0, 0.0)
    log.at(2.0, 20.0)
    log.at(3.0, 20.0, armed=False)
    assert rules(read(log, tmp_path)) == ["disarmed in the air", "I-27"]


@pytest.mark.parametrize(("source_system", "expected"), [(245, ["I-19"]), (1, []), (250, [])])
def test_who_fights_a_vehicle_that_returns_by_itself_is_found(
    log_writer: NewLog, tmp_path: Path, source_system: int, expected: list[str]
) -> None:
    """Ten seconds into its own return it is told to hold: by us that is a finding (I-19), by others none of ours."""
    log = log_writer()
    log.at(1.0, 0.0)
    log.at(2.0, 20.0)
    log.at(3.0, 20.0, nav_state=RTL)
    log.at(13.0, 20.0, nav_state=RTL)
    log.add(13.0, "vehicle_command", 1.0, 4.0, 3.0, SET_MODE, source_system, source_system != 1)
    log.at(14.0, 20.0, nav_state=LOITER)
    log.at(20.0, 0.0, armed=False, nav_state=LOITER)
    found = rules(read(log, tmp_path))
    assert [rule for rule in found if rule == "I-19"] == expected


def test_a_log_is_put_into_the_days_time_by_what_both_have_written(log_writer: NewLog, tmp_path: Path) -> None:
    """Airborne at 100 s of the day and 3 s of the vehicle, whose 9th second is the day's 107th; evenly in between."""
    log = log_writer()
    flown(log)
    common = {"kind": "report", "vehicle_id": "v", "report": "SORTIE", "subject": "v.1"}
    journal = (
        common | {"time": "2026-06-15T09:01:40+00:00", "state": "AIRBORNE", "details": {}},
        common | {"time": "2026-06-15T09:01:41+00:00", "state": "AIRBORNE", "vehicle_id": "another"},
        common | {"time": "2026-06-15T09:01:47+00:00", "state": "RELEASED", "details": {"vehicle_time_ms": 9000}},
    )
    of_day = clock_of(read(log, tmp_path), START, journal)
    assert [of_day(time_s) for time_s in (1.0, 3.0, 6.0, 9.0, 20.0)] == [98.0, 100.0, 103.5, 107.0, 118.0]


def test_a_take_off_that_nobody_launched_is_found_by_the_books(log_writer: NewLog, tmp_path: Path) -> None:
    """With a journal that knows of no launch, the log's take-off breaks I-2; without books it cannot be told."""
    log = log_writer()
    flown(log)
    told = read(log, tmp_path)
    assert [finding.rule for finding in judge_logs([told], record(), [])] == ["I-2"]
    assert judge_logs([told], record()) == []


def test_what_is_no_log_is_named(log_writer: NewLog, tmp_path: Path) -> None:
    """Another file, and a log without ground truth, say what is wrong and how to mend it."""
    other = tmp_path / "other.ulg"
    other.write_text("no log at all")
    with pytest.raises(InputError, match="it is no ULog"):
        read_ulog(other, "v")
    log = log_writer(topics=("vehicle_status", "gripper"))
    log.add(1.0, "vehicle_status", 2, 3)
    with pytest.raises(InputError, match="vehicle_local_position_groundtruth"):
        read(log, tmp_path)
