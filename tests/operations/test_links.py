"""The gateway's answers as supervision hears them: what is not known is never called a no, and never a yes."""

from typing import Any

import pytest

from mission.model.geo import GeoPoint
from mission.model.mission import Mission
from mission.supervision.events import Holding, Launch
from operations.links import GatewayLinks
from vehicles.link import TransferState
from vehicles.messages import CommandResult, CommandStatus

MISSION = Mission((), (), (), GeoPoint(48.40, 15.62), 190.0)
NEVER_BEGUN = set(CommandStatus) - {CommandStatus.DONE, CommandStatus.UNCONFIRMED, CommandStatus.NO_ANSWER}


class Client:
    """A fleet client whose every command ends in the same way."""

    def __init__(self, status: CommandStatus) -> None:
        self.result = CommandResult("c-1", status, "its words")

    async def _answer(self, *_arguments: object, **_named: object) -> CommandResult:
        return self.result

    upload = launch = fly_instead = hold = land = _answer


def links(status: CommandStatus) -> GatewayLinks:
    """Links to a gateway that answers so."""
    client: Any = Client(status)
    return GatewayLinks(client, ["drone-1"])


@pytest.mark.parametrize("status", [CommandStatus.UNCONFIRMED, CommandStatus.NO_ANSWER])
async def test_a_launch_that_was_perhaps_begun_is_not_called_refused(status: CommandStatus) -> None:
    """The vehicle may yet take off: its sortie stays watched, and its state decides."""
    assert await links(status).launch("drone-1", Launch("digest"), 1.0) is None


@pytest.mark.parametrize("status", sorted(NEVER_BEGUN))
async def test_a_launch_that_was_never_begun_is_refused_with_the_reason(status: CommandStatus) -> None:
    """A no, and a command that expired on the way, cannot fly."""
    ended = await links(status).launch("drone-1", Launch("digest"), 1.0)
    assert ended is not None
    assert (ended.ok, ended.reason) == (False, "its words")


async def test_only_an_observed_start_is_a_launch() -> None:
    """DONE is what the gateway saw on the vehicle."""
    ended = await links(CommandStatus.DONE).launch("drone-1", Launch("digest"), 1.0)
    assert ended is not None
    assert ended.ok


@pytest.mark.parametrize("status", sorted(set(CommandStatus) - {CommandStatus.DONE}))
async def test_a_transfer_without_a_result_leaves_it_unknown_what_the_vehicle_holds(status: CommandStatus) -> None:
    """UNKNOWN is a state: it is loaded again or given up, never armed."""
    ended = await links(status).load("drone-1", MISSION, 1.0)
    assert (ended.holding, ended.digest) == (Holding.UNKNOWN, "")
    assert "its words" in ended.reason


def test_every_end_of_a_transfer_has_a_meaning() -> None:
    """A new state of a transfer must be given one."""
    from operations.links import HOLDINGS

    assert set(HOLDINGS) == set(TransferState)


async def test_a_command_that_nothing_answered_is_remembered_until_one_is_answered() -> None:
    """What was never begun says nothing of the way to the vehicle (F-L7)."""
    client: Any = Client(CommandStatus.UNCONFIRMED)
    to_drone = GatewayLinks(client, ["drone-1"])
    remembered = []
    for status, answered in (
        (CommandStatus.UNCONFIRMED, True),
        (CommandStatus.UNCONFIRMED, False),
        (CommandStatus.EXPIRED, True),
        (CommandStatus.NO_ANSWER, True),
        (CommandStatus.DONE, True),
    ):
        client.result = CommandResult("c-1", status, "its words", answered=answered)
        await to_drone.hold("drone-1", 1.0)
        remembered.append(to_drone.unanswered("drone-1"))
    assert remembered == ["", "its words", "its words", "its words", ""]


@pytest.mark.parametrize("status", sorted(set(CommandStatus) - {CommandStatus.DONE}))
async def test_a_diversion_that_was_not_seen_to_start_is_tried_again(status: CommandStatus) -> None:
    """The ladder holds and plans anew: a vehicle in the air is never left without a way."""
    ended = await links(status).fly_instead("drone-1", MISSION, 1.0)
    assert (ended.ok, ended.reason) == (False, "its words")
