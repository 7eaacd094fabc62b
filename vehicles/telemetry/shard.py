"""What a subscriber holds of one gateway: its rows, which of them are newer than which, and what was missed.

Whole arrays at a time: a tick of a thousand vehicles costs less than a millisecond. Records are absolute, so frames
may be lost or overtake each other: each row keeps the tick that it is of, and only a newer tick replaces it. So a late
joiner needs no buffer: deltas and snapshot may be taken in any order.
"""

import math

import numpy as np
import numpy.typing as npt

from mission.model.telemetry import VehicleState
from vehicles.telemetry.wire import MAX_SLOTS, RECORD, FrameHeader, WireError, sample_of, words_of

CLOCK_DRIFT = 1e-4
"""Seconds a second by which two hosts' monotonic clocks may part: ten times what quartz does."""

_AGE_WORD = RECORD.fields["age_s"][1] // 8 if RECORD.fields else 0


class Shard:
    """One gateway's vehicles as a subscriber knows them.

    Attributes:
        rows: vehicle id → row.
        epoch: incarnation of the publisher, 0 before the first frame.
        sequence: the newest tick heard of.
        sent_s: when the newest frame was sent, in the receiver's clock.
        gaps, epoch_changes, rejected: see `TelemetryView`.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.epoch = 0
        self.sequence = 0
        self.sent_s = -math.inf
        self.gaps = 0
        self.epoch_changes = 0
        self.rejected = 0
        self._ids: list[str] = []
        self._records = np.zeros(0, RECORD)
        self._heard_s = np.zeros(0)
        self._tick_of = np.zeros(0, np.int64)
        self._other_epoch = np.zeros(0, bool)
        self._row_of_slot = np.full(0, -1, np.int64)
        self._gapless_since = 0
        self._full_at = -1
        self._offset_s = math.inf
        self._offset_at_s = 0.0

    @property
    def whole(self) -> bool:
        """Whether the full state of some tick arrived, and every delta after it."""
        return self._full_at >= 0 and self._full_at >= self._gapless_since - 1

    def heard_s(self, vehicle_id: str) -> float:
        """When the vehicle's clock last moved, in the receiver's clock."""
        return float(self._heard_s[self.rows[vehicle_id]])

    def state(self, vehicle_id: str) -> VehicleState:
        """The vehicle's last known state."""
        row = self.rows[vehicle_id]
        return sample_of(self._records[row], float(self._heard_s[row])).state

    def take(
        self, header: FrameHeader, records: npt.NDArray[np.void], arrived_s: float, *, full: bool
    ) -> tuple[str, ...]:
        """Take a frame in; returns the vehicles whose state changed.

        Raises:
            WireError: a slot twice, or of another vehicle than before; nothing was taken in.
        """
        if header.epoch < self.epoch:
            self.rejected += len(records)
            return ()
        slots = records["slot"].astype(np.int64)
        new_epoch = header.epoch > self.epoch
        if len(slots) and np.bincount(slots).max() > 1:
            raise WireError("telemetry frame with a slot twice")
        if not new_epoch:
            self._check_holders(slots, records)
        else:
            self._begin_epoch(header)
        self._count(header, full=full)
        delay_s = self._delay_s(header.monotonic_s, arrived_s)
        self.sent_s = max(self.sent_s, arrived_s - delay_s)
        rows = self._rows_of(slots, records)
        # A full frame may be newer than the delta of its own tick, a delta is not newer than what is of its tick.
        return self._update(rows, records, header.sequence, arrived_s - delay_s, full=full)

    def _check_holders(self, slots: npt.NDArray[np.int64], records: npt.NDArray[np.void]) -> None:
        inside = slots < len(self._row_of_slot)
        rows = np.where(inside, self._row_of_slot[np.where(inside, slots, 0)], -1) if inside.any() else slots * 0 - 1
        known = rows >= 0
        if not np.array_equal(self._records["vehicle_id"][rows[known]], records["vehicle_id"][known]):
            raise WireError("a slot was given to another vehicle within an epoch")

    def _begin_epoch(self, header: FrameHeader) -> None:
        self.epoch_changes += self.epoch != 0
        self.epoch, self.sequence = header.epoch, 0
        self._gapless_since, self._full_at = 0, -1
        self._offset_s = math.inf
        self._other_epoch[:] = True
        self._tick_of[:] = 0
        self._row_of_slot[:] = -1

    def _count(self, header: FrameHeader, *, full: bool) -> None:
        """Keep the account of ticks: a full frame repeats its tick and stands for all before it."""
        first = self.sequence == 0
        missed = 0 if first else max(0, header.sequence - self.sequence - 1)
        self.gaps += missed
        if header.sequence > self.sequence:
            if first or missed:
                self._gapless_since = header.sequence
            self.sequence = header.sequence
        if full:
            self._full_at = max(self._full_at, header.sequence)

    def _delay_s(self, sent_s: float, arrived_s: float) -> float:
        """How much longer than the quickest frame this one was under way; the clocks need not agree, only go alike."""
        observed_s = arrived_s - sent_s
        drifted_s = self._offset_s + CLOCK_DRIFT * max(0.0, arrived_s - self._offset_at_s)
        if observed_s <= drifted_s:
            self._offset_s, self._offset_at_s = observed_s, arrived_s
        return max(0.0, observed_s - drifted_s) if math.isfinite(drifted_s) else 0.0

    def _rows_of(self, slots: npt.NDArray[np.int64], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """The rows of slots; new vehicles get new ones, known ones in new slots keep theirs."""
        most = int(slots.max(initial=-1))
        if most >= len(self._row_of_slot):
            room = np.full(min(MAX_SLOTS, 2 * most + 16), -1, np.int64)
            room[: len(self._row_of_slot)] = self._row_of_slot
            self._row_of_slot = room
        rows = self._row_of_slot[slots]
        for index in np.flatnonzero(rows < 0):
            vehicle_id = records["vehicle_id"][index].decode("ascii")
            row = self.rows.setdefault(vehicle_id, len(self.rows))
            if row == len(self._ids):
                self._ids.append(vehicle_id)
            self._row_of_slot[slots[index]] = rows[index] = row
        self._make_room(len(self._ids))
        return rows

    def _make_room(self, count: int) -> None:
        more = count - len(self._records)
        if more <= 0:
            return
        more = max(more, len(self._records))
        self._records = np.concatenate([self._records, np.zeros(more, RECORD)])
        self._heard_s = np.concatenate([self._heard_s, np.full(more, -math.inf)])
        self._tick_of = np.concatenate([self._tick_of, np.zeros(more, np.int64)])
        self._other_epoch = np.concatenate([self._other_epoch, np.zeros(more, bool)])

    def _update(
        self, rows: npt.NDArray[np.int64], records: npt.NDArray[np.void], tick: int, sent_s: float, *, full: bool
    ) -> tuple[str, ...]:
        held_words, words = words_of(self._records), words_of(records).copy()
        before_words = held_words[rows]
        before = before_words.view(RECORD)[:, 0]
        held = before["vehicle_id"] != b""
        other_epoch = self._other_epoch[rows]
        clock, clock_before = records["boot_time_ms"], before["boot_time_ms"]
        same_boot = held & ~other_epoch & (records["boots"] == before["boots"])
        older = (tick < self._tick_of[rows] + (not full)) | (same_boot & (clock < clock_before))
        blind = held & other_epoch & (clock < 0)  # a gateway that has heard nothing yet knows less than we do
        moved = ~(same_boot & (clock == clock_before))
        self.rejected += int(older.sum())
        takes = ~older & ~blind
        heard = takes & moved
        self._heard_s[rows[heard]] = sent_s - records["age_s"][heard]
        held_words[rows[takes]] = words[takes]
        self._tick_of[rows[takes]] = tick
        self._other_epoch[rows[takes]] = False
        differs = words != before_words
        differs[:, _AGE_WORD] = False
        changed = takes & (~held | differs.any(axis=1))
        return self._names(rows[changed])

    def _names(self, rows: npt.NDArray[np.int64]) -> tuple[str, ...]:
        return tuple([self._ids[row] for row in rows.tolist()])
