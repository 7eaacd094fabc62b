"""Launch and diversion: a permit is bound to a digest, and only what is observed counts."""

import asyncio
import math
from dataclasses import replace
from typing import Any

import pytest

from mission.model.mission import Mission
from mission.model.telemetry import FlightMode, LandedState
from vehicles.commands import fly_instead, launch
from vehicles.link import OutcomeStatus, PlanIds, StatusText, TransferResult, TransferState


async def _loaded(link: Any, mission: Mission) -> TransferResult:
    result: TransferResult = await link.upload(mission, 5.0)
    link.log.clear()
    return result


async def test_a_loaded_mission_is_armed_then_started(link: Any, mission: Mission) -> None:
    """The order is fixed: item 0, arm, start."""
    loaded = await _loaded(link, mission)
    assert (await launch(link, loaded, mission.digest(), 5.0)).ok
    assert link.log == ["set current", "arm", "start"]


@pytest.mark.parametrize("state", [TransferState.UNKNOWN, TransferState.NOT_LOADED])
async def test_what_is_not_loaded_cannot_be_armed(link: Any, mission: Mission, state: TransferState) -> None:
    """UNKNOWN is a state, and it does not fly (F-V12)."""
    outcome = await launch(link, TransferResult(state, mission.digest()), mission.digest(), 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert "arm" not in link.log


async def test_nothing_loaded_cannot_be_armed(link: Any, mission: Mission) -> None:
    """A vehicle of which no transfer is known stays on the ground."""
    assert not (await launch(link, None, mission.digest(), 5.0)).ok
    assert link.log == []


async def test_a_permit_for_another_digest_does_not_arm(link: Any, mission: Mission) -> None:
    """The permit is for exactly what was verified (I-3)."""
    loaded = await _loaded(link, mission)
    assert not (await launch(link, loaded, "0" * 64, 5.0)).ok
    assert link.log == []


async def test_a_plan_changed_since_is_not_armed(link: Any, mission: Mission) -> None:
    """Another station's upload changes the autopilot's checksum, and the start is blocked (F-V13, I-4)."""
    loaded = await _loaded(link, mission)
    link.ids = PlanIds(9, 2, 3)
    outcome = await launch(link, loaded, mission.digest(), 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert "arm" not in link.log


@pytest.mark.parametrize(
    "wrong",
    [
        {"armed": True},
        {"landed_state": LandedState.IN_AIR},
        {"landed_state": LandedState.UNKNOWN},
        {"received_s": -1e9},
    ],
    ids=["armed", "in the air", "unknown", "old telemetry"],
)
async def test_only_a_vehicle_known_to_stand_disarmed_is_launched(
    link: Any, mission: Mission, wrong: dict[str, Any]
) -> None:
    """Armed, flying, of unknown state, or not heard lately: refused before anything is sent (I-8)."""
    loaded = await _loaded(link, mission)
    link.current = replace(link.current, **wrong)
    assert not (await launch(link, loaded, mission.digest(), 5.0)).ok
    assert link.log == []


async def test_a_vehicle_not_ready_is_not_armed(link: Any, mission: Mission) -> None:
    """PREARM is asked before the arm command."""
    loaded = await _loaded(link, mission)
    link.ready_in_hold = False
    assert not (await launch(link, loaded, mission.digest(), 5.0)).ok
    assert "arm" not in link.log


async def test_a_start_that_is_refused_disarms(link: Any, mission: Mission) -> None:
    """A vehicle whose start failed does not stay armed among people (F-V10)."""
    loaded = await _loaded(link, mission)
    link.deaf = {"start"}
    outcome = await launch(link, loaded, mission.digest(), 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert link.log[-1] == "disarm"
    assert not link.current.armed


async def test_a_vehicle_left_armed_is_unconfirmed(link: Any, mission: Mission) -> None:
    """When even the disarming is not seen, the outcome is not a plain refusal."""
    loaded = await _loaded(link, mission)
    link.deaf = {"start", "disarm"}
    assert (await launch(link, loaded, mission.digest(), 5.0)).status is OutcomeStatus.UNCONFIRMED


def _flying(link: Any) -> None:
    link.current = replace(
        link.current, armed=True, mode=FlightMode.MISSION, landed_state=LandedState.IN_AIR, mission_current=3
    )


async def test_a_diversion_holds_transfers_and_starts(link: Any, mission: Mission) -> None:
    """Hold before the upload, item 0 before the start: nothing is entered in the middle."""
    _flying(link)
    outcome, transferred = await fly_instead(link, mission, 5.0)
    assert outcome.ok
    assert transferred is not None
    assert transferred.digest == mission.digest()
    assert link.log[0] == "hold"
    assert link.log[-2:] == ["set current", "start"]


async def test_a_diversion_that_is_not_loaded_stays_in_hold(link: Any, mission: Mission) -> None:
    """The caller's next rung is told where the vehicle is: holding."""
    _flying(link)
    link.spoil = lambda _kind, _items: ()
    outcome, transferred = await fly_instead(link, mission, 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert "holds position" in outcome.reason
    assert transferred is not None
    assert link.current.mode is FlightMode.HOLD


async def test_a_vehicle_on_the_ground_is_not_diverted(link: Any, mission: Mission) -> None:
    """A diversion starts a mission: on the ground that would be a launch without a permit."""
    outcome, _ = await fly_instead(link, mission, 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert link.log == []


@pytest.mark.parametrize("mode", [FlightMode.MANUAL, FlightMode.OFFBOARD])
async def test_a_vehicle_flown_by_somebody_is_not_countermanded(link: Any, mission: Mission, mode: FlightMode) -> None:
    """A takeover by hand releases our authority (F-V28, I-19)."""
    _flying(link)
    link.current = replace(link.current, mode=mode)
    outcome, _ = await fly_instead(link, mission, 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert link.log == []


async def test_checksums_that_were_seen_too_long_ago_do_not_arm(
    link: Any, mission: Mission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last look at what is on board and arming, another station has five seconds at most (I-4)."""
    monkeypatch.setattr("vehicles.commands.MAX_PLAN_ID_AGE_S", 0.0)
    ready = link.readiness

    async def late(samples: int, timeout_s: float) -> bool | None:
        await asyncio.sleep(0.01)
        answer: bool | None = await ready(samples, timeout_s)
        return answer

    loaded = await _loaded(link, mission)
    link.readiness = late
    outcome = await launch(link, loaded, mission.digest(), 5.0)
    assert "last seen" in outcome.reason
    assert "arm" not in link.log


async def test_a_vehicle_that_is_not_ready_says_why_in_its_own_words(link: Any, mission: Mission) -> None:
    """The autopilot's warnings since the launch began go with the refusal (F-V9)."""
    loaded = await _loaded(link, mission)
    link.ready_in_hold = False
    link.texts = [StatusText(2, "Preflight Fail: Compass 0 fault", math.inf), StatusText(6, "hello", math.inf)]
    outcome = await launch(link, loaded, mission.digest(), 5.0)
    assert "Compass 0 fault" in outcome.reason
    assert "hello" not in outcome.reason
