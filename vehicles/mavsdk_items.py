"""Mission items ↔ MAVSDK's raw items."""

from collections.abc import Iterable, Sequence

from mavsdk.plugins.mission_raw import MissionItem as RawItem

from mission.model.mission import MavMissionType, MissionItem


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
