"""A view of the fleet that never lies about its age: pure, fed with frames, asked with the time.

An older sample never replaces a newer one of the same boot; a new epoch or boot replaces what came before; what
has not been heard lately is STALE, then LOST, whatever the transport says. Frames of any number of gateways go in.
"""

import math

from mission.model.telemetry import Freshness, VehicleState
from vehicles.telemetry import topics
from vehicles.telemetry.shard import Shard
from vehicles.telemetry.wire import WireError, decode_records

STALE_AFTER_S = 3.0
LOST_AFTER_S = 10.0


class TelemetryView:
    """The latest state of every vehicle heard, with its age.

    A state's age counts from the moment its *vehicle's clock* last advanced: telemetry frozen on a live transport
    grows old. Time that a frame spent in queues counts too, whatever the two hosts' clocks say. After a gateway
    restart (a new epoch) ages go on from what the new gateway has heard.

    Where two gateways tell of one vehicle, the one that heard it last is believed.
    """

    def __init__(self, stale_after_s: float = STALE_AFTER_S, lost_after_s: float = LOST_AFTER_S) -> None:
        if not 0.0 < stale_after_s < lost_after_s:
            raise ValueError("stale_after_s must be positive and below lost_after_s")
        self._stale_after_s = stale_after_s
        self._lost_after_s = lost_after_s
        self.shards: dict[str, Shard] = {}

    @property
    def epoch(self) -> int:
        """Incarnation of the publisher that began last, 0 before the first frame."""
        return max((shard.epoch for shard in self.shards.values()), default=0)

    @property
    def gaps(self) -> int:
        """Ticks that never arrived. Full frames and snapshots make good for them (`whole`)."""
        return sum(shard.gaps for shard in self.shards.values())

    @property
    def epoch_changes(self) -> int:
        """How often publishers were seen to restart."""
        return sum(shard.epoch_changes for shard in self.shards.values())

    @property
    def rejected(self) -> int:
        """Samples older than what was held."""
        return sum(shard.rejected for shard in self.shards.values())

    @property
    def whole(self) -> bool:
        """Whether every gateway heard has told its full state, and nothing since was missed."""
        return bool(self.shards) and all(shard.whole for shard in self.shards.values())

    def take(self, frame: bytes, arrived_s: float, shard: str | None = None) -> tuple[str, ...]:
        """Take a frame in; returns the vehicles whose state changed, in the frame's order.

        Args:
            frame: topic, header and records.
            arrived_s: when, by the clock that all questions are asked with.
            shard: the only gateway that may be heard where this frame came from; None trusts the topic.

        Raises:
            WireError: the frame is not one of this build's, or speaks for another gateway; the view is unchanged.
        """
        name = topics.shard_of(frame)
        if shard is not None and name != shard:
            raise WireError(f"a frame of gateway {name!r} on the connection of {shard!r}")
        header, records = decode_records(frame)
        known = self.shards.get(name) or Shard()
        changed = known.take(header, records, arrived_s, full=frame.startswith(topics.TELEMETRY.prefix))
        self.shards[name] = known
        return changed

    def _newest(self, vehicle_id: str) -> Shard | None:
        having = [shard for shard in self.shards.values() if vehicle_id in shard.rows]
        if len(having) > 1:
            return max(having, key=lambda shard: shard.heard_s(vehicle_id))
        return having[0] if having else None

    def vehicles(self) -> tuple[str, ...]:
        """Vehicles heard of so far."""
        return tuple(dict.fromkeys(vehicle_id for shard in self.shards.values() for vehicle_id in shard.rows))

    def state(self, vehicle_id: str) -> VehicleState:
        """The last known state; a blank one for a vehicle never heard of. `received_s` is when its clock last moved."""
        shard = self._newest(vehicle_id)
        return VehicleState(vehicle_id=vehicle_id) if shard is None else shard.state(vehicle_id)

    def age_s(self, vehicle_id: str, now_s: float) -> float:
        """Seconds since the vehicle's newest sample; +inf when there is none."""
        shard = self._newest(vehicle_id)
        return math.inf if shard is None else max(0.0, now_s - shard.heard_s(vehicle_id))

    def transport_age_s(self, vehicle_id: str, now_s: float) -> float:
        """Seconds since its gateway sent the newest frame that arrived; +inf when there is none.

        Small while `age_s` is large: the vehicle is silent. Both large: the gateway, or the way to it, is.
        """
        shard = self._newest(vehicle_id)
        return math.inf if shard is None else max(0.0, now_s - shard.sent_s)

    def freshness(self, vehicle_id: str, now_s: float) -> Freshness:
        """How far the last known state can be believed at `now_s`."""
        age_s = self.age_s(vehicle_id, now_s)
        if math.isinf(age_s):
            return Freshness.NEVER
        if age_s >= self._lost_after_s:
            return Freshness.LOST
        return Freshness.STALE if age_s >= self._stale_after_s else Freshness.FRESH
