"""Mission, fence and rally lists through MAVSDK's raw mission plugin: claims, which a read-back must settle."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from mavsdk.exceptions import MavsdkError
from mavsdk.plugins.mavlink_direct import MavlinkDirect, MavlinkMessage
from mavsdk.plugins.mission_raw import MissionRaw, MissionRawError, MissionRawResult
from mavsdk.system import System

from mission.errors import LinkTimeoutError
from mission.model.mission import MavMissionType, MissionItem
from vehicles import px4
from vehicles.link import WriteClaim, WriteStatus
from vehicles.mavsdk_calls import NativeCalls
from vehicles.mavsdk_items import from_raw, to_raw

_CONTENT_REFUSED = frozenset(
    {
        MissionRawResult.UNSUPPORTED,
        MissionRawResult.TOO_MANY_MISSION_ITEMS,
        MissionRawResult.INVALID_ARGUMENT,
        MissionRawResult.DENIED,
        MissionRawResult.MISSION_TYPE_NOT_CONSISTENT,
        MissionRawResult.INVALID_SEQUENCE,
        MissionRawResult.CURRENT_INVALID,
    }
)


class MavsdkPlans:
    """Writes, reads and clears the three lists of one autopilot.

    Args:
        words: gives what the vehicle has said lately, to go with a refusal.
    """

    def __init__(
        self, system: System, direct: MavlinkDirect, calls: NativeCalls, words: Callable[[], Awaitable[str]]
    ) -> None:
        self._system_id = system.get_system_id()
        self._missions = MissionRaw(system)
        self._direct = direct
        self._calls = calls
        self._words = words

    async def write(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> WriteClaim:
        """Write one list; an empty one clears it."""
        if not items:
            return self._clear(kind)
        write = {
            MavMissionType.MISSION: self._missions.upload_mission,
            MavMissionType.FENCE: self._missions.upload_geofence,
            MavMissionType.RALLY: self._missions.upload_rally_points,
        }[kind]
        raw = to_raw(kind, items)
        try:
            await self._calls.run(lambda: write(raw), timeout_s, f"uploading the {kind.name.lower()}")
        except MissionRawError as problem:
            return await self._claim_of(kind, MissionRawResult(problem.result))
        except (LinkTimeoutError, asyncio.CancelledError) as problem:
            self._calls.start(self._cancel_upload)
            if isinstance(problem, asyncio.CancelledError):
                raise
            return WriteClaim(WriteStatus.FAILED, str(problem))
        return WriteClaim(WriteStatus.ACKNOWLEDGED)

    async def _claim_of(self, kind: MavMissionType, result: MissionRawResult) -> WriteClaim:
        if result not in _CONTENT_REFUSED:
            return WriteClaim(WriteStatus.FAILED, f"{kind.name.lower()}: {result.name}")
        words = await self._words()
        reason = f"{kind.name.lower()}: {result.name}" + (f" ({words})" if words else "")
        return WriteClaim(WriteStatus.REJECTED, reason)

    def _cancel_upload(self) -> None:
        try:
            self._missions.cancel_mission_upload()
        except MavsdkError:
            return  # there was nothing left to cancel

    def _clear(self, kind: MavMissionType) -> WriteClaim:
        """MISSION_CLEAR_ALL for one list: MAVSDK cannot clear rally points. The read-back is the proof."""
        fields = {
            "target_system": self._system_id,
            "target_component": px4.AUTOPILOT_COMPONENT,
            "mission_type": int(kind),
        }
        message = MavlinkMessage(
            "MISSION_CLEAR_ALL", 0, 0, self._system_id, px4.AUTOPILOT_COMPONENT, json.dumps(fields)
        )
        try:
            self._direct.send_message(message)
        except MavsdkError as problem:
            return WriteClaim(WriteStatus.FAILED, f"clearing the {kind.name.lower()}: {problem}")
        return WriteClaim(WriteStatus.ACKNOWLEDGED)

    async def read(self, kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...]:
        """Read one list.

        Raises:
            LinkTimeoutError: it could not be read before the deadline.
        """
        read = {
            MavMissionType.MISSION: self._missions.download_mission,
            MavMissionType.FENCE: self._missions.download_geofence,
            MavMissionType.RALLY: self._missions.download_rallypoints,
        }[kind]
        name = kind.name.lower()
        try:
            return from_raw(await self._calls.run(read, timeout_s, f"reading back the {name}"))
        except MissionRawError as problem:
            if problem.result == MissionRawResult.NO_MISSION_AVAILABLE:
                return ()
            raise LinkTimeoutError(
                f"{self._calls.vehicle_id}: reading back the {name} failed: {problem.result.name}"
            ) from problem

    async def set_current(self, index: int, timeout_s: float) -> str:
        """Ask for item `index`; returns why that cannot be, "" when it was asked.

        Raises:
            LinkTimeoutError: no end within the deadline.
        """
        try:
            await self._calls.run(
                lambda: self._missions.set_current_mission_item(index), timeout_s, f"selecting item {index}"
            )
        except MissionRawError as problem:
            if problem.result == MissionRawResult.INVALID_ARGUMENT:
                return f"item {index} does not exist on board"
        return ""
