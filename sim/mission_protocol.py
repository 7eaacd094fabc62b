"""The vehicle's side of MAVLink's mission protocol, as PX4 v1.16 plays it: upload, download, clear.

What it does on a message in each state is one table, `_HANDLERS`; a message that the table does not name in a
state is ignored. Times are PX4's: an unanswered request is repeated after 250 ms and given up after 5 s.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mission.model.mission import MavMissionType, MissionItem
from sim.outbox import Outbox, Severity
from sim.plan_store import MAX_ITEMS, MissionResult, PlanStore, extend_plan_id, item_as_stored
from sim.wire import Message

RETRY_S = 0.25
GIVE_UP_S = 5.0
ALL_PLANS = 255
"""MAV_MISSION_TYPE_ALL, in MISSION_CLEAR_ALL."""

ItemVeto = Callable[[int], MissionResult | None]
"""Tells from an item's number why it is refused although nothing is wrong with it, or None."""

Partner = tuple[int, int]
"""System and component of whom a transfer is with."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, whom it is from, and when it came."""

    message: Any
    partner: Partner
    now_s: float


class TransferState(Enum):
    """What the vehicle's mission manager is busy with."""

    IDLE = "idle"
    RECEIVING = "receiving"
    SENDING = "sending"


class MissionProtocol:
    """Answers mission protocol messages; what is uploaded lands in the plan store.

    Args:
        store: the plans.
        outbox: where answers go.
        link_time_scale: simulated seconds per second on the link; time-outs are stretched by it.

    Attributes:
        state: what it is busy with.
        item_veto: asked before each item of an upload is looked at; a result refuses it.
        current_sequence: the current mission item, marked so in downloads; kept up to date from outside.
    """

    def __init__(self, store: PlanStore, outbox: Outbox, link_time_scale: float) -> None:
        self.state = TransferState.IDLE
        self.current_sequence = 0
        self.item_veto: ItemVeto = lambda _sequence: None
        self._store = store
        self._outbox = outbox
        self._retry_s = RETRY_S * link_time_scale
        self._give_up_s = GIVE_UP_S * link_time_scale
        self._partner: Partner = (0, 0)
        self._plan = MavMissionType.MISSION
        self._count = 0
        self._next = 0
        self._items: list[MissionItem] = []
        self._plan_id = 0
        self._current: int | None = None
        self._int_mode = False
        self._heard_s = 0.0
        self._asked_s = 0.0

    def reset(self) -> None:
        """As after a restart: no transfer is under way, and the first item is asked for with MISSION_REQUEST."""
        self.state, self._int_mode = TransferState.IDLE, False

    def receive(self, message: Any, now_s: float) -> bool:
        """Handle a message addressed to this vehicle; False when it is not one of the protocol's."""
        name = message.get_type()
        if name not in _NAMES:
            return False
        handler = _HANDLERS.get((self.state, name))
        if handler is not None:
            handler(self, Heard(message, (message.get_srcSystem(), message.get_srcComponent()), now_s))
        return True

    def step(self, now_s: float) -> None:
        """Repeat what was not answered; give up in the end."""
        if self.state is TransferState.IDLE:
            return
        if now_s - self._heard_s > self._give_up_s:
            self._outbox.text(Severity.CRITICAL, "Operation timeout")
            self.state = TransferState.IDLE
        elif self.state is TransferState.RECEIVING and now_s - self._asked_s > self._retry_s:
            self._ask(now_s)

    def _ask(self, now_s: float) -> None:
        self._asked_s = now_s
        layout = Message.MISSION_REQUEST_INT if self._int_mode else Message.MISSION_REQUEST
        self._outbox.send(layout, self._next, *self._partner, self._plan)

    def _ack(self, partner: Partner, result: int, plan: int, plan_id: int = 0) -> None:
        self._outbox.send(Message.MISSION_ACK, *partner, result, plan, plan_id)

    def _on_count(self, heard: Heard) -> None:
        if heard.message.mission_type not in MAX_ITEMS:
            self._ack(heard.partner, MissionResult.INVALID, heard.message.mission_type)
            return
        plan = MavMissionType(heard.message.mission_type)
        self._partner, self._plan, self._heard_s = heard.partner, plan, heard.now_s
        if heard.message.count > MAX_ITEMS[plan]:
            self._ack(heard.partner, MissionResult.NO_SPACE, plan)
        elif heard.message.count == 0:
            self._store.replace(plan, (), 0)
            self._ack(heard.partner, MissionResult.ACCEPTED, plan)
        else:
            self.state = TransferState.RECEIVING
            self._count, self._next, self._items, self._plan_id, self._current = heard.message.count, 0, [], 0, None
            self._ask(heard.now_s)

    def _on_count_again(self, heard: Heard) -> None:
        """A COUNT while uploading: the old count stays, whatever the new one says."""
        self._heard_s = heard.now_s
        if heard.partner != self._partner:
            self._ack(heard.partner, MissionResult.ERROR, self._plan)
        elif self._next == 0:
            self._ask(heard.now_s)
        else:
            self._outbox.text(Severity.CRITICAL, "WPM: REJ. CMD: Busy")
            self._ack(heard.partner, MissionResult.ERROR, self._plan)

    def _on_count_while_sending(self, heard: Heard) -> None:
        self._outbox.text(Severity.CRITICAL, "WPM: IGN MISSION_COUNT: Busy")
        self._ack(heard.partner, MissionResult.ERROR, self._plan)

    def _on_item(self, heard: Heard) -> None:
        if heard.partner != self._partner:
            self._outbox.text(Severity.CRITICAL, "REJ. MIS ITEM: heard.partner id mismatch")
            return
        if heard.message.mission_type != self._plan:
            self._ack(heard.partner, MissionResult.ERROR, self._plan)
            return
        self._heard_s = heard.now_s
        self._int_mode = heard.message.get_type() == "MISSION_ITEM_INT"
        if heard.message.seq != self._next:
            return
        sent = _item_of(heard.message)
        stored = self.item_veto(self._next) or item_as_stored(sent, self._plan)
        if not self._int_mode and sent.frame in _INT_FRAMES.values():
            stored = MissionResult.UNSUPPORTED_FRAME
        if isinstance(stored, MissionResult):
            if stored is not MissionResult.ERROR:
                self._outbox.text(Severity.CRITICAL, "IGN MISSION_ITEM: Invalid item")
            self._ack(heard.partner, stored, self._plan)
            self.state = TransferState.IDLE
            return
        self._items.append(stored)
        self._plan_id = extend_plan_id(self._plan_id, sent)
        if heard.message.current:
            self._current = heard.message.seq
        self._next += 1
        if self._next < self._count:
            self._ask(heard.now_s)
            return
        self.state = TransferState.IDLE
        if self._plan is MavMissionType.MISSION and self._plan_id != self._store.ids[self._plan]:
            self._store.requested_current = self._current
        self._store.replace(self._plan, tuple(self._items), self._plan_id)
        self._ack(heard.partner, MissionResult.ACCEPTED, self._plan, self._plan_id)

    def _on_item_when_idle(self, heard: Heard) -> None:
        if heard.partner != self._partner:
            return
        if heard.message.mission_type != self._plan:
            self._ack(heard.partner, MissionResult.ERROR, self._plan)
        elif self._next == heard.message.seq + 1:
            self._ack(heard.partner, MissionResult.ACCEPTED, self._plan, self._plan_id)
        else:
            self._outbox.text(Severity.CRITICAL, "IGN MISSION_ITEM: No transfer")
            self._ack(heard.partner, MissionResult.ERROR, self._plan)

    def _on_item_while_sending(self, heard: Heard) -> None:
        if heard.partner == self._partner:
            self._outbox.text(Severity.CRITICAL, "IGN MISSION_ITEM: Busy")
            self._ack(heard.partner, MissionResult.ERROR, self._plan)

    def _on_list(self, heard: Heard) -> None:
        if heard.message.mission_type not in MAX_ITEMS:
            return
        plan = MavMissionType(heard.message.mission_type)
        is_other = self.state is TransferState.SENDING and (heard.partner, plan) != (self._partner, self._plan)
        if is_other and self._next != self._count:
            self._outbox.text(Severity.INFO, "Mission download request ignored, already active")
            return
        self.state = TransferState.SENDING
        self._partner, self._plan, self._heard_s = heard.partner, plan, heard.now_s
        self._next, self._count = 0, len(self._store.items[plan])
        self._outbox.send(Message.MISSION_COUNT, self._count, *heard.partner, plan, self._store.ids[plan])

    def _on_request(self, heard: Heard) -> None:
        if heard.partner != self._partner or heard.message.mission_type != self._plan:
            return
        self._heard_s = heard.now_s
        items = self._store.items[self._plan]
        is_next = heard.message.seq == self._next and self._next < self._count
        if not (is_next or heard.message.seq == self._next - 1) or heard.message.seq >= len(items):
            self.state = TransferState.IDLE
            self._ack(heard.partner, MissionResult.ERROR, self._plan)
            self._outbox.text(Severity.CRITICAL, "WPM: REJ. CMD: Req. WP was unexpected")
            return
        self._next = heard.message.seq + 1
        self._int_mode = heard.message.get_type() == "MISSION_REQUEST_INT"
        self._send_item(heard.message.seq, items[heard.message.seq])

    def _send_item(self, sequence: int, item: MissionItem) -> None:
        frame, x, y = item.frame, float(item.x), float(item.y)
        if frame in _INT_FRAMES.values() or frame in _INT_FRAMES:
            absolute = frame in (0, 5)
            frame = (5 if absolute else 6) if self._int_mode else (0 if absolute else 3)
            x, y = (x, y) if self._int_mode else (x * 1e-7, y * 1e-7)
        layout = Message.MISSION_ITEM_INT if self._int_mode else Message.MISSION_ITEM
        place = (int(x), int(y)) if self._int_mode else (x, y)
        parameters = (item.param1, item.param2, item.param3, item.param4)
        current = self._plan is MavMissionType.MISSION and sequence == self.current_sequence
        self._outbox.send(
            layout,
            *parameters,
            *place,
            item.z,
            sequence,
            item.command,
            *self._partner,
            frame,
            current,
            item.autocontinue,
            self._plan,
        )

    def _on_ack_while_sending(self, heard: Heard) -> None:
        if heard.partner == self._partner and heard.message.mission_type == self._plan:
            self.state = TransferState.IDLE

    def _on_ack_while_receiving(self, heard: Heard) -> None:
        if heard.partner != self._partner:
            return
        if heard.message.type == MissionResult.UNSUPPORTED:
            self._int_mode = not self._int_mode
            self._ask(heard.now_s)
        elif heard.message.type == MissionResult.OPERATION_CANCELLED:
            self.state = TransferState.IDLE

    def _on_clear(self, heard: Heard) -> None:
        if heard.message.mission_type == ALL_PLANS:
            cleared = tuple(MavMissionType)
        elif heard.message.mission_type in MAX_ITEMS:
            cleared = (MavMissionType(heard.message.mission_type),)
        else:
            cleared = ()
        for plan in cleared:
            self._store.replace(plan, (), 0)
        self._ack(heard.partner, MissionResult.ACCEPTED, heard.message.mission_type)

    def _on_clear_when_busy(self, _heard: Heard) -> None:
        self._outbox.text(Severity.CRITICAL, "WPM: IGN CLEAR CMD: Busy")

    def _on_set_current(self, heard: Heard) -> None:
        if heard.message.seq < len(self._store.items[MavMissionType.MISSION]):
            self._store.requested_current = heard.message.seq
        else:
            self._outbox.text(Severity.CRITICAL, "WPM: WP CURR CMD: Not in list")

    def _on_set_current_when_busy(self, _heard: Heard) -> None:
        self._outbox.text(Severity.CRITICAL, "WPM: IGN WP CURR CMD: Busy")


_INT_FRAMES = {0: 5, 3: 6}


def _item_of(message: Any) -> MissionItem:
    """The item as sent; MISSION_ITEM's float degrees become 1e-7 degrees where it has a place."""
    x, y = message.x, message.y
    if message.get_type() == "MISSION_ITEM":
        scale = 1.0 if message.frame == 2 else 1e7
        x = round(x * scale) if math.isfinite(x) and abs(x) <= 360.0 else 0
        y = round(y * scale) if math.isfinite(y) and abs(y) <= 360.0 else 0
    return MissionItem(
        command=message.command,
        frame=message.frame,
        param1=message.param1,
        param2=message.param2,
        param3=message.param3,
        param4=message.param4,
        x=x,
        y=y,
        z=message.z,
        autocontinue=message.autocontinue,
    )


_Handler = Callable[[MissionProtocol, Heard], None]

_IDLE, _RECEIVING, _SENDING = TransferState.IDLE, TransferState.RECEIVING, TransferState.SENDING
_P = MissionProtocol

_HANDLERS: dict[tuple[TransferState, str], _Handler] = {
    (_IDLE, "MISSION_COUNT"): _P._on_count,
    (_RECEIVING, "MISSION_COUNT"): _P._on_count_again,
    (_SENDING, "MISSION_COUNT"): _P._on_count_while_sending,
    (_IDLE, "MISSION_ITEM_INT"): _P._on_item_when_idle,
    (_RECEIVING, "MISSION_ITEM_INT"): _P._on_item,
    (_SENDING, "MISSION_ITEM_INT"): _P._on_item_while_sending,
    (_IDLE, "MISSION_ITEM"): _P._on_item_when_idle,
    (_RECEIVING, "MISSION_ITEM"): _P._on_item,
    (_SENDING, "MISSION_ITEM"): _P._on_item_while_sending,
    (_IDLE, "MISSION_REQUEST_LIST"): _P._on_list,
    (_SENDING, "MISSION_REQUEST_LIST"): _P._on_list,
    (_SENDING, "MISSION_REQUEST"): _P._on_request,
    (_SENDING, "MISSION_REQUEST_INT"): _P._on_request,
    (_RECEIVING, "MISSION_ACK"): _P._on_ack_while_receiving,
    (_SENDING, "MISSION_ACK"): _P._on_ack_while_sending,
    (_IDLE, "MISSION_CLEAR_ALL"): _P._on_clear,
    (_RECEIVING, "MISSION_CLEAR_ALL"): _P._on_clear_when_busy,
    (_SENDING, "MISSION_CLEAR_ALL"): _P._on_clear_when_busy,
    (_IDLE, "MISSION_SET_CURRENT"): _P._on_set_current,
    (_RECEIVING, "MISSION_SET_CURRENT"): _P._on_set_current_when_busy,
    (_SENDING, "MISSION_SET_CURRENT"): _P._on_set_current_when_busy,
}
"""Every message the vehicle reacts to, by state. A request or an ACK when idle, and a list request while
receiving, are ignored, as PX4 ignores them."""

_NAMES = frozenset(name for _, name in _HANDLERS) | {"MISSION_REQUEST_PARTIAL_LIST"}
