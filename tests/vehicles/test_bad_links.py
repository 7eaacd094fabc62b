"""The link code that flies, behind links that lose, double, delay, squeeze and cut, against a simulated PX4.

In virtual time: a minute costs a tenth of a second. What was claimed is compared with what the vehicle really holds.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, MavMissionType, Mission, MissionItem
from sim.fleet_config import Home, VehicleConfig
from sim.link_faults import CUT, PERFECT, Change, Faults, FaultyLink, Way
from sim.lossy_wire import LossyVehicle
from sim.virtual_time import run_in_virtual_time
from vehicles.commands import launch
from vehicles.link import OutcomeStatus, TransferResult, TransferState
from vehicles.transfer import differences

LIMIT_S = 60.0
VEHICLE = VehicleConfig("v", 1, 14540, Home(48.41, 15.60, 200.0))
BAD_LINKS = {
    "30 % loss": Faults(loss=0.3),
    "bursts of 5": Faults(loss=0.3, burst_packets=5),
    "doubled, reordered": Faults(duplicated=0.1, delay_s=0.02, jitter_s=0.1, reordered=True),
    "150 ms": Faults(delay_s=0.15),
    "600-800 ms": Faults(delay_s=0.6, jitter_s=0.2, reordered=True),
    "57.6 kbit/s": Faults(delay_s=0.02, bandwidth_bit_s=57_600.0),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a transfer ended, whether the vehicle holds the mission, and how many messages that took."""

    result: TransferResult
    holds: bool
    sent: int
    took_s: float


def holds(vehicle: LossyVehicle, mission: Mission) -> bool:
    """What the vehicle really holds, past all links."""
    held = vehicle.autopilot.onboard.plans.items
    lists = dict(zip(MavMissionType, (mission.items, mission.fence, mission.rally), strict=True))
    return not any(differences(kind, items, held[kind]) for kind, items in lists.items())


async def uploaded(vehicle: LossyVehicle, mission: Mission, timeout_s: float = LIMIT_S) -> Ended:
    """One transfer and the truth about it."""
    before, began_s = vehicle.wire.link.ways[Way.UP].offered, vehicle.link.now_s()
    result = await vehicle.link.upload(mission, timeout_s)
    sent = vehicle.wire.link.ways[Way.UP].offered - before
    return Ended(result, holds(vehicle, mission), sent, vehicle.link.now_s() - began_s)


def behind(
    faults: Faults, seed: int | str, act: Callable[[LossyVehicle], Awaitable[Any]], config: VehicleConfig = VEHICLE
) -> Any:
    """Do something with a vehicle behind a bad link, in virtual time."""

    async def run() -> Any:
        async with LossyVehicle(config, FaultyLink(seed, faults, faults)) as vehicle:
            return await act(vehicle)

    return run_in_virtual_time(run())


@pytest.mark.parametrize("name", BAD_LINKS)
def test_a_mission_arrives_over_a_bad_link(name: str, mission: Mission) -> None:
    """Loaded within a minute, truly, with item 0 current, and without a storm of messages (F-L1, F-L4, F-L5, F-L13)."""
    for seed in range(3):
        ended = behind(BAD_LINKS[name], seed, lambda vehicle: uploaded(vehicle, mission))
        assert ended.result.state is TransferState.LOADED, ended
        assert ended.holds
        assert ended.sent < 400


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32),
    faults=st.builds(
        Faults,
        loss=st.floats(0.0, 0.6),
        burst_packets=st.sampled_from([1.0, 5.0]),
        duplicated=st.floats(0.0, 0.3),
        delay_s=st.floats(0.0, 0.8),
        jitter_s=st.floats(0.0, 0.3),
        reordered=st.booleans(),
    ),
    limit_s=st.floats(1.0, 40.0),
)
def test_no_claim_is_ever_false(seed: int, faults: Faults, limit_s: float) -> None:
    """Whatever the link does and whenever the deadline comes: LOADED is held, NOT_LOADED is not (I-25, F-V12)."""
    mission = _mission()
    ended = behind(faults, seed, lambda vehicle: uploaded(vehicle, mission, limit_s))
    assert ended.result.state is not TransferState.LOADED or ended.holds
    assert ended.result.state is not TransferState.NOT_LOADED or not ended.holds


def _mission() -> Mission:
    """The fixture's mission, for hypothesis, which does not mix with fixtures of a function."""

    def place(command: int, z: float) -> MissionItem:
        return MissionItem(command, x=484_100_000, y=156_000_000, z=z)

    items = (place(22, 15.0), *(place(16, 15.0 + number) for number in range(6)), place(21, 0.0))
    return Mission(items, (), (), GeoPoint(48.41, 15.6), 200.0)


def test_an_upload_whose_end_is_never_heard_is_settled_by_reading_back(mission: Mission) -> None:
    """Every last acknowledgement is lost: LOADED all the same, and the mission went up once (F-L6)."""

    async def act(vehicle: LossyVehicle) -> Ended:
        take, send = vehicle.wire.autopilot.take, vehicle.wire.send
        announced: list[tuple[str, object]] = []

        def counting(message: Any) -> None:
            announced.append((message.name, message.fields.get("mission_type")))
            send(message)

        def without_acknowledgements() -> list[bytes]:
            return [frame for frame in take() if int.from_bytes(frame[7:10], "little") != 47]

        vehicle.wire.autopilot.take = without_acknowledgements  # type: ignore[method-assign]  # a fault planted
        vehicle.wire.send = counting  # type: ignore[method-assign]  # to count
        ended = await uploaded(vehicle, mission)
        assert announced.count(("MISSION_COUNT", 0)) == 1
        return ended

    ended = behind(PERFECT, 1, act)
    assert ended.result.ok, ended.result
    assert ended.holds


def test_a_link_lost_amid_an_upload_leaves_the_plan_unknown_and_it_cannot_be_started(mission: Mission) -> None:
    """Cut both ways while items go up: UNKNOWN, and the launch is refused (F-V12)."""

    async def act(vehicle: LossyVehicle) -> tuple[TransferState, OutcomeStatus, bool]:
        cut_s = vehicle.link.now_s() + 0.3
        vehicle.wire.link.schedule(Change(cut_s, Way.UP, CUT), Change(cut_s, Way.DOWN, CUT))
        ended = await uploaded(vehicle, mission, 20.0)
        vehicle.wire.link.set(up=PERFECT, down=PERFECT)
        started = await launch(vehicle.link, ended.result, mission.digest(), 10.0)
        return ended.result.state, started.status, vehicle.autopilot.onboard.armed

    assert behind(Faults(delay_s=0.05), 1, act) == (TransferState.UNKNOWN, OutcomeStatus.REFUSED, False)


def test_a_one_way_link_ends_by_the_deadline_with_nothing_claimed(mission: Mission) -> None:
    """The vehicle is heard and does not hear: the transfer is UNKNOWN, a hold UNCONFIRMED, each in its time (F-L7)."""

    async def act(vehicle: LossyVehicle) -> tuple[Ended, OutcomeStatus, float]:
        vehicle.wire.link.set(up=CUT)
        answers = vehicle.link.answers
        ended = await uploaded(vehicle, mission, 8.0)
        began_s = vehicle.link.now_s()
        held = await vehicle.link.select_mission_mode(5.0)
        assert vehicle.link.answers == answers
        return ended, held.status, vehicle.link.now_s() - began_s

    ended, status, took_s = behind(PERFECT, 1, act)
    assert ended.result.state is TransferState.UNKNOWN
    assert ended.took_s < 8.5
    assert status is OutcomeStatus.UNCONFIRMED
    assert took_s < 6.0


def test_an_item_that_is_refused_is_named_over_a_bad_link_as_well(mission: Mission) -> None:
    """DO_SET_SERVO is unsupported: NOT_LOADED, item 2 named, nothing of it on board (F-V11)."""
    broken = replace(mission, items=(*mission.items[:2], replace(mission.items[2], command=183), *mission.items[3:]))
    for seed in range(3):
        ended = behind(BAD_LINKS["30 % loss"], seed, lambda vehicle: uploaded(vehicle, broken))
        assert ended.result.state is TransferState.NOT_LOADED, ended.result
        assert "mission item 2: UNSUPPORTED" in ended.result.reason


def test_a_fence_that_is_refused_ends_the_transfer(mission: Mission) -> None:
    """More vertices than the autopilot takes: NOT_LOADED before the mission was sent, and no launch (F-V14)."""
    vertices = tuple(replace(mission.fence[n % 4], param1=68.0) for n in range(68))

    async def act(vehicle: LossyVehicle) -> tuple[Ended, OutcomeStatus]:
        wanted = replace(mission, fence=vertices)
        ended = await uploaded(vehicle, wanted)
        return ended, (await launch(vehicle.link, ended.result, wanted.digest(), 5.0)).status

    ended, started = behind(PERFECT, 1, act)
    assert ended.result.state is TransferState.NOT_LOADED
    assert "NO_SPACE" in ended.result.reason
    assert started is OutcomeStatus.REFUSED


def test_an_infeasible_mission_is_found_out_before_take_off_over_a_bad_link(mission: Mission) -> None:
    """A second take-off is acknowledged, and never flown: NOT_LOADED, at 20 % loss as well (F-V15)."""
    twice = replace(mission, items=(*mission.items[:2], mission.items[0], *mission.items[2:]))
    ended = behind(Faults(loss=0.2), 3, lambda vehicle: uploaded(vehicle, twice))
    assert ended.result.state is TransferState.NOT_LOADED
    assert "infeasible" in ended.result.reason


def test_the_same_mission_again_is_a_new_one_to_the_autopilot_and_begins_at_item_0(mission: Mission) -> None:
    """On the ground the old list is cleared first: an identical upload cannot keep an old index (F-V16, F-V17)."""

    async def act(vehicle: LossyVehicle) -> tuple[int, int, int]:
        plans = vehicle.autopilot.onboard.plans
        await uploaded(vehicle, mission)
        revision = plans.revision[MavMissionType.MISSION]
        assert (await vehicle.link.set_current_item(3, 5.0)).ok
        again = await uploaded(vehicle, mission)
        assert again.result.ok
        return revision, plans.revision[MavMissionType.MISSION], vehicle.link.state().mission_current

    before, after, current = behind(PERFECT, 1, act)
    assert after == before + 2
    assert current == 0


def test_the_next_sortie_of_one_route_is_held_under_another_plan_id(mission: Mission) -> None:
    """The sortie's tag is read back as it was sent, and the autopilot's own checksum tells the two apart (F-V16)."""

    async def act(vehicle: LossyVehicle) -> list[tuple[bool, int]]:
        ended = []
        for tag in (1, 2**24 - 1):
            tagged = MissionItem(MavCommand.DO_CHANGE_SPEED, MavFrame.MISSION, 1.0, 8.0, -1.0, 0.0, tag)
            sortie = replace(mission, items=(mission.items[0], tagged, *mission.items[1:]))
            loaded = await uploaded(vehicle, sortie)
            ended.append((loaded.result.ok and loaded.holds, loaded.result.plan_ids.mission))
        return ended

    first, second = behind(PERFECT, 1, act)
    assert (first[0], second[0]) == (True, True)
    assert first[1] != second[1]


def test_what_comes_late_of_the_transfer_before_does_not_spoil_the_next(mission: Mission) -> None:
    """Two missions, one after the other, over a link that doubles and reorders: the second is held (F-L11)."""
    other = replace(mission, items=(*mission.items[:1], *mission.items[3:]))

    async def act(vehicle: LossyVehicle) -> list[tuple[bool, bool]]:
        ended = [await uploaded(vehicle, wanted) for wanted in (mission, other)]
        return [(each.result.ok, each.holds) for each in ended]

    harsh = Faults(duplicated=0.4, delay_s=0.05, jitter_s=0.3, reordered=True)
    for seed in range(3):
        assert behind(harsh, seed, act) == [(True, True), (True, True)]
