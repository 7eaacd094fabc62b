"""Mission, fence and rally lists by MAVSDK's `mission_raw`: fast on a good link, and only ever a claim.

On a lossy link it reports failures that succeeded, never sends the last item again, and takes the acknowledgement of
another list for its own. What it says is settled by a read-back; where it fails, `plan_exchange` takes over.
"""

import asyncio
from collections.abc import Iterable, Sequence

from mavsdk.exceptions import MavsdkError
from mavsdk.plugins.mission_raw import MissionItem as RawItem
from mavsdk.plugins.mission_raw import MissionRaw, MissionRawError, MissionRawResult
from mavsdk.system import System

from mission.errors import LinkTimeoutError
from mission.model.mission import MavMissionType, MissionItem
from vehicles.mavsdk_calls import NativeCalls


class RawPlans:
    """`mission_raw` of one autopilot under deadlines."""

    def __init__(self, system: System, calls: NativeCalls) -> None:
        self._missions = MissionRaw(system)
        self._calls = calls

    async def write(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> bool:
        """Upload a list that is not empty; whether it was acknowledged in time."""
        upload = {
            MavMissionType.MISSION: self._missions.upload_mission,
            MavMissionType.FENCE: self._missions.upload_geofence,
            MavMissionType.RALLY: self._missions.upload_rally_points,
        }[kind]
        raw_items = to_raw(kind, items)
        try:
            await self._calls.run(lambda: upload(raw_items), timeout_s, f"uploading the {kind.name.lower()}")
        except MissionRawError:
            return False
        except (LinkTimeoutError, asyncio.CancelledError) as problem:
            self._calls.start(self._cancel_upload)
            if isinstance(problem, asyncio.CancelledError):
                raise
            return False
        return True

    def _cancel_upload(self) -> None:
        try:
            self._missions.cancel_mission_upload()
        except MavsdkError:
            return  # there was nothing left to cancel

    async def read(self, kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...] | None:
        """Download a list; None when it did not come in time."""
        download = {
            MavMissionType.MISSION: self._missions.download_mission,
            MavMissionType.FENCE: self._missions.download_geofence,
            MavMissionType.RALLY: self._missions.download_rallypoints,
        }[kind]
        try:
            return from_raw(await self._calls.run(download, timeout_s, f"reading back the {kind.name.lower()}"))
        except MissionRawError as problem:
            return () if problem.result == MissionRawResult.NO_MISSION_AVAILABLE else None
        except LinkTimeoutError:
            return None


def to_raw(kind: MavMissionType, items: Sequence[MissionItem]) -> list[RawItem]:
    """Items as MAVSDK uploads them; the first item of a mission is the current one."""
    return [
        RawItem(
            seq=sequence,
            frame=int(item.frame),
            command=int(item.command),
            current=int(sequence == 0 and kind is MavMissionType.MISSION),
            autocontinue=item.autocontinue,
            param1=item.param1,
            param2=item.param2,
            param3=item.param3,
            param4=item.param4,
            x=item.x,
            y=item.y,
            z=item.z,
            mission_type=int(kind),
        )
        for sequence, item in enumerate(items)
    ]


def from_raw(raw_items: Iterable[RawItem]) -> tuple[MissionItem, ...]:
    """Items as they were downloaded, in the order of their sequence numbers."""
    return tuple(
        MissionItem(
            command=raw.command,
            frame=raw.frame,
            param1=raw.param1,
            param2=raw.param2,
            param3=raw.param3,
            param4=raw.param4,
            x=raw.x,
            y=raw.y,
            z=raw.z,
            autocontinue=raw.autocontinue,
        )
        for raw in sorted(raw_items, key=lambda raw: raw.seq)
    )
