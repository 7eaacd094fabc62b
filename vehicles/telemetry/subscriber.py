"""A view of the fleet that never lies about its age: pure, fed with frames, asked with the time.

An older sample never replaces a newer one of the same boot; a new epoch or boot replaces what came before; what
has not been heard lately is STALE, then LOST, whatever the transport says.
"""

import math
from dataclasses import dataclass, replace

from mission.model.telemetry import Freshness, VehicleState
from vehicles.telemetry.wire import FrameHeader, Sample, decode_frame

STALE_AFTER_S = 3.0
LOST_AFTER_S = 10.0

OTHER_EPOCH = -1
"""Boot count of a sample from a publisher that is gone: comparable with nothing."""


@dataclass(frozen=True, slots=True)
class _Held:
    sample: Sample
    changed_s: float


class TelemetryView:
    """The latest state of every vehicle heard, with its age.

    A state's age counts from the moment its *vehicle's clock* last advanced: telemetry frozen on a live transport
    grows old. After a gateway restart (a new epoch) ages go on from what the new gateway has heard.

    Attributes:
        gaps: frames of the current epoch that never arrived. With a newest-only socket they are not a fault.
        epoch: incarnation of the publisher, 0 before the first frame.
        epoch_changes: how often the publisher was seen to restart.
        rejected: samples older than what was held.
    """

    def __init__(self, stale_after_s: float = STALE_AFTER_S, lost_after_s: float = LOST_AFTER_S) -> None:
        if not 0.0 < stale_after_s < lost_after_s:
            raise ValueError("stale_after_s must be positive and below lost_after_s")
        self._stale_after_s = stale_after_s
        self._lost_after_s = lost_after_s
        self._held: dict[str, _Held] = {}
        self._sequence = 0
        self.epoch = 0
        self.gaps = 0
        self.epoch_changes = 0
        self.rejected = 0

    def take(self, frame: bytes, arrived_s: float) -> tuple[str, ...]:
        """Take a frame in; returns the vehicles whose state changed, in the frame's order.

        Raises:
            WireError: the frame is not one of this build's; the view is unchanged.
        """
        header, samples = decode_frame(frame, arrived_s)
        if not self._in_order(header):
            self.rejected += len(samples)
            return ()
        return tuple(sample.state.vehicle_id for sample in samples if self._accept(sample))

    def _in_order(self, header: FrameHeader) -> bool:
        """Whether a frame is news; epochs only grow, sequences grow within one."""
        if header.epoch < self.epoch or (header.epoch == self.epoch and header.sequence <= self._sequence):
            return False
        if header.epoch > self.epoch:
            self.epoch_changes += self.epoch != 0
            self.epoch = header.epoch
            self._held = {
                key: replace(held, sample=replace(held.sample, boots=OTHER_EPOCH)) for key, held in self._held.items()
            }
        else:
            self.gaps += header.sequence - self._sequence - 1
        self._sequence = header.sequence
        return True

    def _accept(self, sample: Sample) -> bool:
        state = sample.state
        held = self._held.get(state.vehicle_id)
        if held is None:
            self._held[state.vehicle_id] = _Held(sample, state.received_s)
            return True
        before = held.sample
        if before.boots == OTHER_EPOCH and state.boot_time_ms < 0:
            return False  # a gateway that has heard nothing yet knows less than we do
        same_boot = sample.boots == before.boots
        if same_boot and state.boot_time_ms < before.state.boot_time_ms:
            self.rejected += 1
            return False
        frozen = same_boot and state.boot_time_ms == before.state.boot_time_ms
        self._held[state.vehicle_id] = _Held(sample, held.changed_s if frozen else state.received_s)
        return replace(state, received_s=0.0) != replace(before.state, received_s=0.0)

    def vehicles(self) -> tuple[str, ...]:
        """Vehicles heard of so far."""
        return tuple(self._held)

    def state(self, vehicle_id: str) -> VehicleState:
        """The last known state; a blank one for a vehicle never heard of. `received_s` is when its clock last moved."""
        held = self._held.get(vehicle_id)
        if held is None:
            return VehicleState(vehicle_id=vehicle_id)
        return replace(held.sample.state, received_s=held.changed_s)

    def age_s(self, vehicle_id: str, now_s: float) -> float:
        """Seconds since the vehicle's newest sample; +inf when there is none."""
        held = self._held.get(vehicle_id)
        return math.inf if held is None else max(0.0, now_s - held.changed_s)

    def freshness(self, vehicle_id: str, now_s: float) -> Freshness:
        """How far the last known state can be believed at `now_s`."""
        age_s = self.age_s(vehicle_id, now_s)
        if math.isinf(age_s):
            return Freshness.NEVER
        if age_s >= self._lost_after_s:
            return Freshness.LOST
        return Freshness.STALE if age_s >= self._stale_after_s else Freshness.FRESH
