"""Verified transfer: what the vehicle holds is what was approved, or it is not LOADED.

An upload's acknowledgement is not evidence: on a lossy link MAVSDK reports failures that succeeded and, for want
of a check of the mission type, successes of something else. Only what is read back counts. And PX4 judges
feasibility *after* its acknowledgement, silently for most faults, so the verdict is asked for: in Mission mode,
disarmed, the PREARM bit says whether this mission could be flown.
"""

import asyncio
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mission.errors import LinkTimeoutError
from mission.model.mission import MavFrame, MavMissionType, Mission, MissionItem, digest_of
from mission.model.telemetry import FlightMode, LandedState
from vehicles.link import OutcomeStatus, PlanPort, TransferResult, TransferState, WriteStatus

MAX_ACKNOWLEDGED = 3
"""Acknowledged writes of one list that are read back otherwise, before it counts as not loaded."""
RETRY_PAUSE_S = 0.1
"""Between a failure and the next attempt: a link that fails at once must not be asked at once for ever."""
SETTLE_S = 0.6
"""PX4 judges feasibility up to 0.5 s after its acknowledgement."""
READINESS_SAMPLES = 3
"""SYS_STATUS in Mission mode that must all say ready; the first may have been under way before the change."""
PROBES = 3
"""PX4 after a landing: "GPS Vertical Pos Drift too high" in one mode, and gone in the next."""
CRITICAL = 2
"""MAV_SEVERITY_CRITICAL: at or below this number a text is an objection."""

_ORDER = (MavMissionType.FENCE, MavMissionType.RALLY, MavMissionType.MISSION)
_SAME_FRAME = {
    MavFrame.GLOBAL_AMSL_INT: MavFrame.GLOBAL_AMSL,
    MavFrame.GLOBAL_RELATIVE_HOME_INT: MavFrame.GLOBAL_RELATIVE_HOME,
}
_OBJECTIONS_IN_FLIGHT = ("Geofence", "Mission", "RTL: unsupported", "Waypoint")
_PROTOCOL_NOISE = ("WPM:", "IGN MISSION_ITEM", "REJ. MIS ITEM", "REJ. WP CMD", "Operation timeout")
"""Critical texts about one transaction that went wrong; what is held in the end is read back."""


def as_sent(kind: MavMissionType, sent: MissionItem, held: MissionItem) -> MissionItem:
    """`held` spelt as `sent` where PX4 spells the same thing differently; positions and heights untouched.

    PX4 v1.16 answers frame 0 with its twin 5 and 3 with 6, and fence vertices with autocontinue 0.
    """
    frame = held.frame
    if _plain_frame(sent.frame) == _plain_frame(held.frame):
        frame = sent.frame
    autocontinue = held.autocontinue if kind is MavMissionType.MISSION else sent.autocontinue
    return replace(held, frame=frame, autocontinue=autocontinue)


def _plain_frame(frame: int) -> int:
    return int(_SAME_FRAME.get(MavFrame(frame), frame)) if frame in set(MavFrame) else frame


def spelt_as_sent(
    kind: MavMissionType, sent: Sequence[MissionItem], held: Sequence[MissionItem]
) -> tuple[MissionItem, ...]:
    """A whole list through `as_sent`; items beyond the shorter list stay as they are."""
    paired = [as_sent(kind, ours, theirs) for ours, theirs in zip(sent, held, strict=False)]
    return (*paired, *held[len(paired) :])


def differences(kind: MavMissionType, sent: Sequence[MissionItem], held: Sequence[MissionItem]) -> tuple[str, ...]:
    """Every way in which a list read back differs from the list sent, each in a sentence."""
    name = kind.name.lower()
    found = []
    if len(sent) != len(held):
        found.append(f"{name}: {len(sent)} items were sent, {len(held)} are held")
    spelt = spelt_as_sent(kind, sent, held)
    for index, (ours, theirs) in enumerate(zip(sent, spelt, strict=False)):
        if ours.wire_bytes() == theirs.wire_bytes():
            continue
        found.extend(
            f"{name} item {index}: {field_name} was sent as {sent_value}, is held as {held_value}"
            for field_name, sent_value, held_value in _unequal_fields(ours, theirs)
        )
    return tuple(found)


def _unequal_fields(ours: MissionItem, theirs: MissionItem) -> list[tuple[str, object, object]]:
    names = ("command", "frame", "param1", "param2", "param3", "param4", "x", "y", "z", "autocontinue")
    pairs = [(name, getattr(ours, name), getattr(theirs, name)) for name in names]
    return [(name, a, b) for name, a, b in pairs if _as_f32(a) != _as_f32(b)]


def _as_f32(value: float) -> bytes | int:
    """A float as the 4 bytes a vehicle can hold (every NaN alike); an int stays exact."""
    if isinstance(value, int):
        return int(value)
    return struct.pack("<f", math.nan if math.isnan(value) else value)


@dataclass
class _Progress:
    """What one transfer has established so far."""

    start_s: float
    mission_written_s: float = math.inf
    attempts: int = 0
    held: dict[MavMissionType, tuple[MissionItem, ...]] = field(default_factory=dict)

    def not_loaded(self, reason: str, found: tuple[str, ...] = ()) -> TransferResult:
        return TransferResult(TransferState.NOT_LOADED, "", found, reason, self.attempts)

    def unknown(self, reason: str) -> TransferResult:
        return TransferResult(TransferState.UNKNOWN, "", (), reason, self.attempts)


async def transfer(port: PlanPort, mission: Mission, timeout_s: float) -> TransferResult:
    """Bring `mission` on board and prove that it is there and feasible.

    Order: the old mission and fence away (on the ground), fence, rally points, mission; each written and read back
    until equal, then item 0 made current, then the autopilot's verdict. A vehicle flying a mission is refused: command
    Hold first, or a new list would be entered in the middle. Afterwards a vehicle on the ground is in Hold.

    Returns:
        LOADED: held exactly, feasible, item 0 current. NOT_LOADED: the autopilot said no, or holds otherwise.
        UNKNOWN: the link or the deadline ended before either was established.
    """
    progress = _Progress(start_s=port.now_s())
    deadline_s = progress.start_s + timeout_s
    if not mission.items:  # an empty list clears what is held, and a vehicle in flight needs a way home
        return progress.not_loaded("the mission has no items: clear a vehicle on the ground instead")
    unready = await _made_ready(port, progress, deadline_s) or await _old_plan_gone(port, progress, deadline_s)
    if unready is not None:
        return unready
    for kind, items in zip(_ORDER, (mission.fence, mission.rally, mission.items), strict=True):
        if kind is MavMissionType.MISSION:
            progress.mission_written_s = port.now_s()
        ended = await _write_verified(port, kind, items, progress, deadline_s)
        if ended is not None:
            return ended
    current = await port.set_current_item(0, max(0.0, deadline_s - port.now_s()))
    if not current.ok:
        return progress.unknown(f"item 0 is not current: {current.reason}")
    return await _verdict(port, mission, progress, deadline_s)


async def _made_ready(port: PlanPort, progress: _Progress, deadline_s: float) -> TransferResult | None:
    """A vehicle of known state that is not flying a mission, in Hold when on the ground; else why not."""
    before = port.state()
    if before.mode is FlightMode.UNKNOWN or before.landed_state is LandedState.UNKNOWN:
        return progress.unknown("the vehicle's mode and landed state are not known yet")
    if before.armed and before.mode is FlightMode.MISSION:
        return progress.not_loaded("the vehicle is flying a mission: hold it first")
    if before.armed or before.mode is FlightMode.HOLD:
        return None
    held = await port.hold(max(0.0, deadline_s - port.now_s()))
    if held.ok:
        return None
    ended = progress.not_loaded if held.status is OutcomeStatus.REFUSED else progress.unknown
    return ended(f"cannot hold before the transfer: {held.reason}")


async def _old_plan_gone(port: PlanPort, progress: _Progress, deadline_s: float) -> TransferResult | None:
    """On the ground, clear the last mission and fence first.

    PX4 would judge the old mission by the new fence, in words like the new one's; and it passes over a fence equal to
    the one it holds, so what it dropped of that one would stay dropped, this time without a word (F-V14). In the air
    both stay until they are replaced: a vehicle is never left without a mission to fly on.
    """
    if port.state().armed:
        return None
    unready = None
    if port.state().mission_total != 0:
        unready = await _write_verified(port, MavMissionType.MISSION, (), progress, deadline_s)
    if unready is None and port.plan_ids().fence != 0:
        unready = await _write_verified(port, MavMissionType.FENCE, (), progress, deadline_s)
    return unready


async def _write_verified(
    port: PlanPort,
    kind: MavMissionType,
    items: Sequence[MissionItem],
    progress: _Progress,
    deadline_s: float,
) -> TransferResult | None:
    """Write one list and read it back until equal; returns a result only when that failed."""
    last: TransferResult = progress.unknown("the deadline passed before anything was written")
    attempts = acknowledged = 0
    while acknowledged < MAX_ACKNOWLEDGED and (left_s := deadline_s - port.now_s()) > 0.0:
        attempts += 1
        progress.attempts = max(progress.attempts, attempts)
        claim = await port.write_items(kind, items, left_s)
        if claim.status is WriteStatus.REJECTED:
            return progress.not_loaded(claim.reason)
        try:
            held = await port.read_items(kind, max(0.0, deadline_s - port.now_s()))
        except LinkTimeoutError as problem:
            last = progress.unknown(f"{claim.reason}; {problem}".lstrip("; "))
            await asyncio.sleep(min(RETRY_PAUSE_S, max(0.0, deadline_s - port.now_s())))
            continue
        progress.held[kind] = spelt_as_sent(kind, items, held)
        found = differences(kind, items, held)
        if not found:
            return None
        acknowledged += claim.status is WriteStatus.ACKNOWLEDGED
        last = progress.not_loaded(claim.reason or f"the {kind.name.lower()} was read back otherwise", found)
    return last


async def _verdict(port: PlanPort, mission: Mission, progress: _Progress, deadline_s: float) -> TransferResult:
    """The autopilot's judgement of what it now holds, and the identity of it."""
    await asyncio.sleep(min(SETTLE_S, max(0.0, deadline_s - port.now_s())))
    on_ground = not port.state().armed
    if on_ground:
        refusal = await _repeated_probe(port, progress, deadline_s)
        if refusal is not None:
            return refusal
    objections = _objections(port, progress, on_ground)
    if objections:
        return progress.not_loaded("the autopilot objects: " + "; ".join(objections))
    digest = digest_of(*(progress.held[kind] for kind in MavMissionType))
    if digest != mission.digest():
        return progress.not_loaded("the digest of what is held differs from the mission's")
    announced = await port.confirm_item_count(len(mission.items), max(0.0, deadline_s - port.now_s()))
    if not announced.ok:
        return progress.unknown(announced.reason)
    ids = port.plan_ids()
    if ids.mission and mission.fence and not ids.fence:
        return progress.not_loaded("the autopilot tells its mission's checksum and none of a fence: it holds no fence")
    return TransferResult(TransferState.LOADED, digest, attempts=progress.attempts, plan_ids=ids)


async def _repeated_probe(port: PlanPort, progress: _Progress, deadline_s: float) -> TransferResult | None:
    """Believe a no only when it is said `PROBES` times: health checks come and go, an infeasible mission stays so."""
    refusal = None
    for _ in range(PROBES):
        refusal = await _probe_feasibility(port, progress, deadline_s)
        if refusal is None or port.now_s() >= deadline_s:
            break
    return refusal


async def _probe_feasibility(port: PlanPort, progress: _Progress, deadline_s: float) -> TransferResult | None:
    """Ask for the verdict in Mission mode, disarmed, and come back to Hold. None = feasible."""
    selected = await port.select_mission_mode(max(0.0, deadline_s - port.now_s()))
    ready = None
    if selected.ok:
        ready = await port.readiness(READINESS_SAMPLES, max(0.0, deadline_s - port.now_s()))
    held = await port.hold(max(0.0, deadline_s - port.now_s()))
    if not held.ok:
        return progress.unknown(f"not back in Hold after the check of feasibility: {held.reason}")
    if not selected.ok:
        return progress.unknown(f"feasibility could not be asked for: {selected.reason}")
    if ready:
        return None
    words = "; ".join(_objections(port, progress, on_ground=True))
    if ready is None:
        return progress.unknown("feasibility is unknown: no SYS_STATUS before the deadline")
    if await port.readiness(READINESS_SAMPLES, max(0.0, deadline_s - port.now_s())):
        return progress.not_loaded(
            "the autopilot finds the mission infeasible: ready to arm in Hold, not in Mission mode"
            + (f" ({words})" if words else "")
        )
    return progress.unknown(
        "the vehicle is not ready to arm in any mode, so its verdict on the mission is not known"
        + (f" ({words})" if words else "")
    )


def _objections(port: PlanPort, progress: _Progress, on_ground: bool) -> tuple[str, ...]:
    """Critical texts since the transfer began that concern what was sent.

    A geofence violation reported before the mission was written concerns the mission that was there before.
    """
    words = []
    for text in port.status_texts(progress.start_s):
        stale = text.text.startswith("Geofence violation") and text.received_s < progress.mission_written_s
        concerns = on_ground or text.text.startswith(_OBJECTIONS_IN_FLIGHT)
        concerns = concerns and not text.text.startswith(_PROTOCOL_NOISE)
        if text.severity <= CRITICAL and concerns and not stale:
            words.append(text.text)
    return tuple(dict.fromkeys(words))
