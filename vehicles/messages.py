"""Events, commands and answers between a gateway and its clients: msgspec tagged structs, MessagePack on the wire.

Times are of the host's monotonic clock (`time.monotonic`): gateways and clients share a host, and that clock
neither jumps nor differs between its processes. Telemetry itself is in `vehicles.telemetry.wire`.
"""

from enum import StrEnum

import msgspec

from mission.model.gripper import GripperAnswer
from mission.model.mission import Mission
from vehicles.link import TransferResult
from vehicles.link_health import LinkCondition
from vehicles.px4_profile import Drift


class StatusTextEvent(msgspec.Struct, tag="status_text", frozen=True):
    """A vehicle said something. `severity` is MAV_SEVERITY; `time_s` monotonic reception."""

    vehicle_id: str
    severity: int
    text: str
    time_s: float


class LinkEvent(msgspec.Struct, tag="link", frozen=True):
    """A link's condition changed."""

    vehicle_id: str
    condition: LinkCondition
    reason: str
    time_s: float


class LoopStalled(msgspec.Struct, tag="loop_stalled", frozen=True):
    """The gateway's event loop stood still so long, and goes on (fault F-S15); `time_s` is when it went on."""

    stalled_s: float
    time_s: float


class LeaseTaken(msgspec.Struct, tag="lease_taken", frozen=True):
    """Another epoch may command a vehicle from now on."""

    vehicle_id: str
    authority_epoch: int
    time_s: float


class LeaseLost(msgspec.Struct, tag="lease_lost", frozen=True):
    """Made by a client for itself: it may not command this vehicle any more."""

    vehicle_id: str
    reason: str
    time_s: float


class GatewayReplaced(msgspec.Struct, tag="gateway_replaced", frozen=True):
    """Made by a client for itself: another incarnation of the gateway serves, and has looked for its vehicles.

    Its snapshot was taken in; a vehicle that it did not find is SILENT to it.
    """

    epoch: int
    time_s: float


Event = StatusTextEvent | LinkEvent | LoopStalled | LeaseTaken | LeaseLost | GatewayReplaced


class EventFrame(msgspec.Struct, tag="event", frozen=True):
    """One event of one gateway incarnation; `number` counts from 1 without gaps."""

    epoch: int
    number: int
    event: Event


class CommandHeader(msgspec.Struct, frozen=True):
    """What makes a command happen at most once, in time, and by the right hand.

    Attributes:
        command_id: unique; a second command of the same id gets the first one's answer, and no effect.
        authority_epoch: grows with every incarnation of the deciding process; it needs a lease on the vehicle
            (`TakeLease`), and a lower one than has held one before is refused.
        gateway_epoch: the incarnation of the gateway that the sender believes in; another one refuses.
        deadline_s: monotonic time after which the command must not begin, and at which it ends.
    """

    command_id: str
    authority_epoch: int
    gateway_epoch: int
    deadline_s: float


class Upload(msgspec.Struct, tag="upload", frozen=True):
    """Verified transfer of a mission to a vehicle on the ground."""

    header: CommandHeader
    vehicle_id: str
    mission: Mission


class Launch(msgspec.Struct, tag="launch", frozen=True):
    """Close the grippers, arm, and start exactly the mission of this digest."""

    header: CommandHeader
    vehicle_id: str
    digest: str
    grippers: tuple[int, ...] = ()


class Release(msgspec.Struct, tag="release", frozen=True):
    """Open a gripper of a vehicle that waits at `gate_item`; anywhere else nothing is sent."""

    header: CommandHeader
    vehicle_id: str
    gripper: int
    gate_item: int


class PassGate(msgspec.Struct, tag="pass_gate", frozen=True):
    """Go on with the item after the gate, if the vehicle still waits there."""

    header: CommandHeader
    vehicle_id: str
    gate_item: int


class FlyInstead(msgspec.Struct, tag="fly_instead", frozen=True):
    """In flight: hold, transfer another mission, fly it."""

    header: CommandHeader
    vehicle_id: str
    mission: Mission


class Hold(msgspec.Struct, tag="hold", frozen=True):
    """Hold position; pre-empts what the vehicle is being told."""

    header: CommandHeader
    vehicle_id: str


class Land(msgspec.Struct, tag="land", frozen=True):
    """Land where it is; pre-empts what the vehicle is being told."""

    header: CommandHeader
    vehicle_id: str


class ReturnToLaunch(msgspec.Struct, tag="return_to_launch", frozen=True):
    """PX4's own straight return; pre-empts what the vehicle is being told."""

    header: CommandHeader
    vehicle_id: str


class Disarm(msgspec.Struct, tag="disarm", frozen=True):
    """Disarm on the ground; pre-empts what the vehicle is being told."""

    header: CommandHeader
    vehicle_id: str


class ReadParameter(msgspec.Struct, tag="read_parameter", frozen=True):
    """Read one parameter."""

    header: CommandHeader
    vehicle_id: str
    name: str


class SetParameter(msgspec.Struct, tag="set_parameter", frozen=True):
    """Set one parameter; an int value sets an INT32."""

    header: CommandHeader
    vehicle_id: str
    name: str
    value: int | float


class CheckProfile(msgspec.Struct, tag="check_profile", frozen=True):
    """Compare the vehicle's parameters with the gateway's profile."""

    header: CommandHeader
    vehicle_id: str


class ApplyProfile(msgspec.Struct, tag="apply_profile", frozen=True):
    """Set what differs from the gateway's profile, on the ground and disarmed only."""

    header: CommandHeader
    vehicle_id: str


VehicleCommand = (
    Upload
    | Launch
    | Release
    | PassGate
    | FlyInstead
    | Hold
    | Land
    | ReturnToLaunch
    | Disarm
    | ReadParameter
    | SetParameter
    | CheckProfile
    | ApplyProfile
)


class TakeLease(msgspec.Struct, tag="take_lease", frozen=True):
    """Take or renew the right to command vehicles for `duration_s`.

    Attributes:
        gateway_epoch: the incarnation that the sender has looked at: a new one gives nothing until then.
    """

    request_id: str
    authority_epoch: int
    gateway_epoch: int
    vehicle_ids: tuple[str, ...]
    duration_s: float


class SnapshotRequest(msgspec.Struct, tag="snapshot", frozen=True):
    """Ask for all that a late joiner needs; `request_id` comes back."""

    request_id: str
    events_after: int = 0


Request = VehicleCommand | SnapshotRequest | TakeLease


class CommandStatus(StrEnum):
    """How a command ended.

    DONE: observed on the vehicle. REFUSED: the vehicle or a check said no. UNCONFIRMED: begun, not observed by
    the deadline. SUPERSEDED: a safety command came in between. EXPIRED, STALE_EPOCH, NO_LEASE, NO_SUCH_VEHICLE,
    NO_LINK: never begun. NO_ANSWER: the gateway did not answer; whether it was begun is not known.
    """

    DONE = "DONE"
    REFUSED = "REFUSED"
    UNCONFIRMED = "UNCONFIRMED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    STALE_EPOCH = "STALE_EPOCH"
    NO_LEASE = "NO_LEASE"
    NO_SUCH_VEHICLE = "NO_SUCH_VEHICLE"
    NO_LINK = "NO_LINK"
    NO_ANSWER = "NO_ANSWER"


class CommandResult(msgspec.Struct, tag="result", frozen=True):
    """The one answer to a command.

    Attributes:
        reason: why it is not DONE, with the autopilot's words where it gave any.
        transfer: how the transfer ended, for Upload and FlyInstead that got so far.
        value: the parameter read, for ReadParameter.
        gripper: how the gripper answered, for a Release that was begun.
        drifts: what differs from the profile, for CheckProfile and ApplyProfile.
        answered: False where the vehicle answered nothing at all meanwhile: perhaps it does not hear us (F-L7).
    """

    command_id: str
    status: CommandStatus
    reason: str = ""
    transfer: TransferResult | None = None
    value: int | float | None = None
    gripper: GripperAnswer | None = None
    drifts: tuple[Drift, ...] = ()
    answered: bool = True

    @property
    def ok(self) -> bool:
        """Whether the effect was observed."""
        return self.status is CommandStatus.DONE


class VehicleEntry(msgspec.Struct, frozen=True):
    """One vehicle in a snapshot. `loaded_digest` is "" unless a verified mission is on board."""

    vehicle_id: str
    system_id: int
    condition: LinkCondition
    loaded_digest: str


class Snapshot(msgspec.Struct, tag="snapshot_reply", frozen=True):
    """All that a late joiner needs; `telemetry` is one frame of `vehicles.telemetry.wire`."""

    request_id: str
    epoch: int
    vehicles: tuple[VehicleEntry, ...]
    telemetry: bytes
    last_event_number: int
    events: tuple[EventFrame, ...]


class LeaseReply(msgspec.Struct, tag="lease_reply", frozen=True):
    """Which vehicles may be commanded now; `refused` says why for each of the others."""

    request_id: str
    granted: tuple[str, ...]
    refused: dict[str, str]


Reply = CommandResult | Snapshot | LeaseReply

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode
decode_event = msgspec.msgpack.Decoder(EventFrame).decode
