"""The desk: at most once, in time, by the right hand, one at a time, safety first."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from mission.model.gripper import GripperAnswer
from mission.model.mission import Mission
from mission.model.telemetry import FlightMode, LandedState
from vehicles import messages as m
from vehicles.command_desk import CommandDesk
from vehicles.leases import LeaseTable
from vehicles.link import Outcome, TransferState, unconfirmed
from vehicles.link_health import LinkCondition
from vehicles.px4_profile import Profile, ProfileParameter

EPOCH = 77
PROFILE = Profile("wanted", (ProfileParameter("GF_ACTION", 2), ProfileParameter("COM_WIND_MAX", 12.0)))


class Bench:
    """A desk with one fake vehicle, and a way to write commands."""

    def __init__(self, link: Any) -> None:
        self.link = link
        self.conditions = {"v": LinkCondition.UP, "silent": LinkCondition.SILENT}
        self.leases = LeaseTable()
        for vehicle_id in self.conditions:
            self.leases.take(vehicle_id, 10, link.now_s(), 60.0)
        self.desk = CommandDesk(
            {"v": link}, self.conditions.__getitem__, EPOCH, now_s=link.now_s, leases=self.leases, profile=PROFILE
        )
        self._numbers = itertools.count()

    def header(self, **change: Any) -> m.CommandHeader:
        """A good header, or one with something wrong."""
        good = {
            "command_id": f"c{next(self._numbers)}",
            "authority_epoch": 10,
            "gateway_epoch": EPOCH,
            "deadline_s": self.link.now_s() + 5.0,
        }
        return m.CommandHeader(**{**good, **change})


@pytest.fixture
async def bench(link: Any) -> AsyncIterator[Bench]:
    """A desk that is closed after the test."""
    bench = Bench(link)
    yield bench
    await bench.desk.close()


async def test_upload_then_launch_flies(bench: Bench, mission: Mission) -> None:
    """The usual way: DONE twice, and the permit is used up."""
    uploaded = await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    assert uploaded.ok
    assert bench.desk.loaded_digest("v") == mission.digest()
    launched = await bench.desk.execute(m.Launch(bench.header(), "v", mission.digest()))
    assert launched.status is m.CommandStatus.DONE
    assert bench.desk.loaded_digest("v") == ""


async def test_one_id_has_one_effect(bench: Bench) -> None:
    """A command repeated before, during or after it runs gets the same answer (F-L3, I-13)."""
    command = m.Hold(bench.header(), "v")
    together = await asyncio.gather(*(bench.desk.execute(command) for _ in range(5)))
    after = await bench.desk.execute(command)
    assert {result.status for result in (*together, after)} == {m.CommandStatus.DONE}
    assert bench.link.log.count("hold") == 1


async def test_nothing_happens_after_its_deadline(bench: Bench) -> None:
    """An expired command is refused at the gateway (F-S17, I-13)."""
    late = m.Hold(bench.header(deadline_s=bench.link.now_s() - 0.001), "v")
    assert (await bench.desk.execute(late)).status is m.CommandStatus.EXPIRED
    assert bench.link.log == []


async def test_a_command_that_waited_too_long_expires(bench: Bench, mission: Mission) -> None:
    """The deadline is looked at again when its turn comes."""
    bench.link.delay_s = 0.05
    first = asyncio.create_task(bench.desk.execute(m.Upload(bench.header(), "v", mission)))
    await asyncio.sleep(0)
    second = m.Launch(bench.header(deadline_s=bench.link.now_s() + 0.02), "v", mission.digest())
    assert (await bench.desk.execute(second)).status is m.CommandStatus.EXPIRED
    assert (await first).ok


@pytest.mark.parametrize("change", [{"authority_epoch": 9}, {"gateway_epoch": EPOCH - 1}])
async def test_an_old_epoch_is_refused(bench: Bench, change: dict[str, int]) -> None:
    """A replaced decider, or a sender that believes in a dead gateway, commands nothing (F-S10, I-2)."""
    result = await bench.desk.execute(m.Land(bench.header(**change), "v"))
    assert result.status is m.CommandStatus.STALE_EPOCH
    assert bench.link.log == []


async def test_a_command_without_a_lease_has_no_effect(bench: Bench) -> None:
    """A newer epoch alone is no right to command: the lease comes first, and it runs out (I-2)."""
    newcomer = m.Hold(bench.header(authority_epoch=11), "v")
    assert (await bench.desk.execute(newcomer)).status is m.CommandStatus.NO_LEASE
    bench.leases.take("v", 11, bench.link.now_s(), 60.0)
    assert (await bench.desk.execute(m.Hold(bench.header(authority_epoch=11), "v"))).ok
    replaced = m.Hold(bench.header(authority_epoch=10), "v")
    assert (await bench.desk.execute(replaced)).status is m.CommandStatus.STALE_EPOCH
    bench.leases.take("v", 11, bench.link.now_s() - 60.0, 1.0)
    late = m.Hold(bench.header(authority_epoch=11), "v")
    assert (await bench.desk.execute(late)).status is m.CommandStatus.NO_LEASE
    assert bench.link.log == ["hold"]


async def test_a_lease_lost_while_a_command_waits_stops_it(bench: Bench, mission: Mission) -> None:
    """Whoever took over meanwhile is not overridden by what was queued before (F-S10)."""
    bench.link.delay_s = 0.02
    first = asyncio.create_task(bench.desk.execute(m.Upload(bench.header(), "v", mission)))
    await asyncio.sleep(0)
    second = asyncio.create_task(bench.desk.execute(m.Launch(bench.header(), "v", mission.digest())))
    await asyncio.sleep(0)
    bench.leases.take("v", 11, bench.link.now_s(), 60.0)
    assert (await second).status is m.CommandStatus.STALE_EPOCH
    await first
    assert "arm" not in bench.link.log


async def test_a_parameter_that_drifted_stops_the_launch(bench: Bench, mission: Mission) -> None:
    """The difference is shown, and nothing is armed (F-V27, I-8)."""
    assert (await bench.desk.execute(m.Upload(bench.header(), "v", mission))).ok
    bench.link.parameters["GF_ACTION"] = 0
    launched = await bench.desk.execute(m.Launch(bench.header(), "v", mission.digest()))
    assert launched.status is m.CommandStatus.REFUSED
    assert "GF_ACTION wanted 2, found 0" in launched.reason
    assert "arm" not in bench.link.log


async def test_a_launch_whose_profile_is_not_answered_is_not_begun_and_may_be_tried_again(
    bench: Bench, mission: Mission
) -> None:
    """Fault F-L7: silence is no drift; nothing was armed, the permit stays, and the next launch flies."""
    loaded = await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    assert loaded.transfer is not None
    held = bench.link.parameters.pop("COM_WIND_MAX")
    unheard = await bench.desk.execute(m.Launch(bench.header(), "v", loaded.transfer.digest))
    assert unheard.status is m.CommandStatus.NO_LINK
    assert unheard.reason.startswith("1 of 2 parameters of profile wanted were not answered, COM_WIND_MAX first")
    assert "arm" not in bench.link.log
    bench.link.parameters["COM_WIND_MAX"] = held
    assert (await bench.desk.execute(m.Launch(bench.header(), "v", loaded.transfer.digest))).ok


async def test_a_profile_is_applied_and_then_holds(bench: Bench) -> None:
    """Check names what differs; apply sets it and reads it back; check agrees."""
    bench.link.parameters["COM_WIND_MAX"] = -1.0
    checked = await bench.desk.execute(m.CheckProfile(bench.header(), "v"))
    assert [(drift.name, drift.wanted, drift.found) for drift in checked.drifts] == [("COM_WIND_MAX", 12.0, -1.0)]
    assert checked.status is m.CommandStatus.REFUSED
    assert (await bench.desk.execute(m.ApplyProfile(bench.header(), "v"))).ok
    assert (await bench.desk.execute(m.CheckProfile(bench.header(), "v"))).ok


@pytest.mark.parametrize(
    ("vehicle_id", "expected"),
    [("nobody", m.CommandStatus.NO_SUCH_VEHICLE), ("silent", m.CommandStatus.NO_LINK)],
)
async def test_what_is_not_there_is_not_commanded(bench: Bench, vehicle_id: str, expected: m.CommandStatus) -> None:
    """A vehicle of another gateway, or one that never answered, is reported as such."""
    assert (await bench.desk.execute(m.Hold(bench.header(), vehicle_id))).status is expected


async def test_a_vehicle_in_conflict_takes_no_commands(bench: Bench) -> None:
    """Two vehicles on one system id: not even a hold, which would reach both (F-L9)."""
    bench.conditions["v"] = LinkCondition.CONFLICT
    assert (await bench.desk.execute(m.Hold(bench.header(), "v"))).status is m.CommandStatus.NO_LINK
    assert bench.link.log == []


async def test_a_link_that_is_down_takes_only_safety_commands(bench: Bench, mission: Mission) -> None:
    """No new orders without heartbeats (F-L2); a hold is tried, since the way out may be open (F-L7)."""
    bench.conditions["v"] = LinkCondition.DOWN
    upload = await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    assert upload.status is m.CommandStatus.NO_LINK
    assert (await bench.desk.execute(m.Hold(bench.header(), "v"))).ok


async def test_hold_supersedes_all_that_runs_or_waits(bench: Bench, mission: Mission) -> None:
    """A safety command does not queue behind uploads; what it ended says so, and the permit is void."""
    bench.link.delay_s = 30.0
    running = asyncio.create_task(bench.desk.execute(m.Upload(bench.header(), "v", mission)))
    waiting = asyncio.create_task(bench.desk.execute(m.Upload(bench.header(), "v", mission)))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(1.0):
        assert (await bench.desk.execute(m.Hold(bench.header(), "v"))).ok
        statuses = [(await task).status for task in (running, waiting)]
    assert statuses == [m.CommandStatus.SUPERSEDED, m.CommandStatus.SUPERSEDED]
    assert bench.desk.loaded_digest("v") == ""


async def test_a_restart_of_the_autopilot_voids_the_permit(bench: Bench, mission: Mission) -> None:
    """What it held before is not known to be held now (F-V18)."""
    await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    bench.desk.forget_loaded("v")
    launched = await bench.desk.execute(m.Launch(bench.header(), "v", mission.digest()))
    assert launched.status is m.CommandStatus.REFUSED


async def test_an_infeasible_mission_is_refused_with_its_transfer(bench: Bench, mission: Mission) -> None:
    """The answer carries how the transfer ended, and the permit does not exist."""
    bench.link.feasible = False
    result = await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    assert result.status is m.CommandStatus.REFUSED
    assert result.transfer is not None
    assert result.transfer.state is TransferState.NOT_LOADED


async def test_a_diversion_answers_with_its_transfer(bench: Bench, mission: Mission) -> None:
    """DONE = seen in Mission mode with the new mission."""
    bench.link.current = replace(
        bench.link.current, armed=True, mode=FlightMode.MISSION, landed_state=LandedState.IN_AIR
    )
    result = await bench.desk.execute(m.FlyInstead(bench.header(), "v", mission))
    assert result.ok
    assert result.transfer is not None
    assert result.transfer.digest == mission.digest()


async def test_a_broken_link_is_an_answer(bench: Bench) -> None:
    """A LinkError inside a command becomes UNCONFIRMED, and the desk goes on."""
    result = await bench.desk.execute(m.ReadParameter(bench.header(), "v", "NO_SUCH"))
    assert result.status is m.CommandStatus.UNCONFIRMED
    assert (await bench.desk.execute(m.Hold(bench.header(), "v"))).ok


@pytest.mark.parametrize("make", [m.Land, m.ReturnToLaunch, m.Disarm])
async def test_every_safety_command_reaches_the_vehicle(bench: Bench, make: Any) -> None:
    """Land, return and disarm are executed as asked."""
    assert (await bench.desk.execute(make(bench.header(), "v"))).ok
    assert len(bench.link.log) == 1


async def test_a_launch_closes_its_grippers_first(bench: Bench, mission: Mission) -> None:
    """A gripper left open proves nothing when it is told to open (PX4 answers at once): it is closed on the ground."""
    await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    launched = await bench.desk.execute(m.Launch(bench.header(), "v", mission.digest(), (1, 2)))
    assert launched.ok
    assert bench.link.log.index("close 1") < bench.link.log.index("close 2") < bench.link.log.index("arm")


async def test_a_vehicle_whose_gripper_does_not_close_is_not_launched(bench: Bench, mission: Mission) -> None:
    """It has none, or it is broken: known before the flight."""
    bench.link.deaf = {"close 1"}
    await bench.desk.execute(m.Upload(bench.header(), "v", mission))
    launched = await bench.desk.execute(m.Launch(bench.header(), "v", mission.digest(), (1,)))
    assert launched.status is m.CommandStatus.REFUSED
    assert "gripper 1" in launched.reason
    assert "arm" not in bench.link.log


async def test_a_release_of_one_id_opens_one_gripper_once(bench: Bench) -> None:
    """Invariants I-9 and I-13: repeated, it is answered and not done again."""
    bench.link.current = replace(bench.link.current, armed=True, mode=FlightMode.MISSION, mission_current=4)
    release = m.Release(bench.header(command_id="sortie/A-1/1"), "v", 1, 4)
    results = [await bench.desk.execute(release) for _ in range(3)]
    assert {(result.status, result.gripper) for result in results} == {
        (m.CommandStatus.DONE, GripperAnswer.OPENED),
    }
    assert bench.link.log.count("open 1") == 1


async def test_a_release_after_its_deadline_is_not_sent(bench: Bench) -> None:
    """Fault F-S17: late is never."""
    bench.link.current = replace(bench.link.current, armed=True, mode=FlightMode.MISSION, mission_current=4)
    late = m.Release(bench.header(deadline_s=bench.link.now_s() - 0.1), "v", 1, 4)
    result = await bench.desk.execute(late)
    assert (result.status, result.gripper) == (m.CommandStatus.EXPIRED, None)
    assert bench.link.log == []


@pytest.mark.parametrize("answers", [0, 1])
async def test_a_command_that_nothing_answered_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    """Not observed, though the vehicle answered, is one thing; not a word from it is a deaf vehicle (F-L7)."""

    async def hold(timeout_s: float) -> Outcome:
        bench.link.answers += answers
        return unconfirmed("not observed")

    monkeypatch.setattr(bench.link, "hold", hold)
    result = await bench.desk.execute(m.Hold(bench.header(), "v"))
    assert (result.status, result.answered) == (m.CommandStatus.UNCONFIRMED, answers > 0)
