"""The publisher's side: one table of vehicles, and the frames made of it.

Whoever hears vehicles writes here, an autopilot's link a whole state at a time or the data plane a message at a time;
what is published does not depend on which of them it was.
"""

import numpy as np
import numpy.typing as npt

from mission.model.telemetry import VehicleState
from vehicles.telemetry import topics
from vehicles.telemetry.wire import MAX_SLOTS, RECORD, FrameHeader, Sample, pack_frame, record_of, words_of

FIRST_SLOTS = 16


class StateTable:
    """The newest state of every vehicle of one gateway. A vehicle keeps its slot as long as the epoch lasts.

    Attributes:
        sequence: ticks so far; each is one delta frame.
    """

    def __init__(self, shard: str, epoch: int) -> None:
        self.sequence = 0
        self._epoch = epoch
        self._delta_topic = topics.DELTAS.of(shard)
        self._full_topic = topics.TELEMETRY.of(shard)
        self._count = 0
        self._records = np.zeros(FIRST_SLOTS, RECORD)
        self._received_s = np.full(FIRST_SLOTS, -np.inf)
        self._news = np.zeros(FIRST_SLOTS, bool)
        self._states: list[VehicleState | None] = []

    def __len__(self) -> int:
        return self._count

    @property
    def records(self) -> npt.NDArray[np.void]:
        """The rows themselves, by slot, writable; their `age_s` is made when they are published.

        Whoever writes a row says so with `heard` or `news`. The array is another one after `add`.
        """
        return self._records[: self._count]

    def add(self, vehicle_id: str, system_id: int) -> int:
        """Give a vehicle of which nothing is known yet its slot.

        Raises:
            ValueError: the wire has no more slots.
        """
        slot = self._count
        if slot >= MAX_SLOTS:
            raise ValueError(f"more than {MAX_SLOTS} vehicles at one gateway")
        if slot == len(self._records):
            self._records = np.concatenate([self._records, np.zeros(slot, RECORD)])
            self._received_s = np.concatenate([self._received_s, np.full(slot, -np.inf)])
            self._news = np.concatenate([self._news, np.zeros(slot, bool)])
        self._count += 1
        self._states.append(None)
        self.put(slot, VehicleState(vehicle_id, system_id), 0)
        return slot

    def put(self, slot: int, state: VehicleState, boots: int) -> None:
        """Set a whole row. The same state object again is no news."""
        if self._states[slot] is state:
            return
        self._states[slot] = state
        self._records[slot] = record_of(Sample(state, boots), slot, 0.0)
        self.heard(slot, state.received_s)

    def heard(self, slots: int | npt.NDArray[np.intp], received_s: float) -> None:
        """Say that rows have news, and when their newest position was received."""
        self._received_s[slots] = received_s
        self._news[slots] = True

    def news(self, slots: int | npt.NDArray[np.intp]) -> None:
        """Say that rows have news other than a position."""
        self._news[slots] = True

    def delta_frame(self, now_s: float, unix_s: float) -> bytes:
        """End a tick: the rows with news since the tick before. One without rows still says that we are there."""
        self.sequence += 1
        slots = np.flatnonzero(self._news[: self._count])
        self._news[slots] = False
        return self._frame(self._delta_topic, slots, now_s, unix_s)

    def full_frame(self, now_s: float, unix_s: float) -> bytes:
        """All rows as they are now, in slot order."""
        return self._frame(self._full_topic, slice(0, self._count), now_s, unix_s)

    def _frame(self, topic: bytes, slots: npt.NDArray[np.intp] | slice, now_s: float, unix_s: float) -> bytes:
        records = words_of(self._records)[slots].copy().view(RECORD)[:, 0]
        records["age_s"] = np.maximum(0.0, now_s - self._received_s[slots])
        return pack_frame(topic, FrameHeader(self._epoch, self.sequence, now_s, unix_s), records)
