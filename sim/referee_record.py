"""What a flown day leaves to be judged: what vehicles did, what was sent to them, and what mission control wrote down.

Three witnesses that know nothing of each other: the simulation (take-offs with the plans really held, changes of
mode, parcels that fell, tracks), the radio (commands that went out, checksums that came in), and the journal. Times are
seconds since the day's start; before it they are negative.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mission.model.airspace import GeoZone
from mission.model.flight import ApprovedFlight
from mission.model.mission import MavMissionType
from mission.policy import Policy
from mission.verification.track import TrackPoint
from sim.truth import Truth
from vehicles.link import HeldPlan


@dataclass(frozen=True, slots=True)
class TakeOff:
    """A vehicle that armed and left the ground, and what it held and carried in that moment. `sortie` counts from 1."""

    time_s: float
    vehicle_id: str
    sortie: int
    held: HeldPlan
    payload_kg: float


@dataclass(frozen=True, slots=True)
class ModeChange:
    """Another flight mode, as the vehicle flies it; names are those of `sim.modes.Mode`."""

    time_s: float
    vehicle_id: str
    mode: str
    in_the_air: bool


@dataclass(frozen=True, slots=True)
class Fallen:
    """A parcel that left its vehicle: which, from where, and how high above home."""

    time_s: float
    vehicle_id: str
    sortie: int
    slot: int
    latitude_deg: float
    longitude_deg: float
    height_home_m: float


@dataclass(frozen=True, slots=True)
class Sent:
    """A command of mission control, as it left; MAV_CMD and its first three parameters."""

    time_s: float
    vehicle_id: str
    command: int
    param1: float
    param2: float
    param3: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """Mission control believed that the vehicle holds a sortie's mission; `held` is what it held then."""

    time_s: float
    vehicle_id: str
    sortie_id: str
    held: HeldPlan


@dataclass(frozen=True, slots=True)
class Written:
    """One line of the journal: `kind` is report, effect or request; `name` what is reported, done or asked.

    Attributes:
        name: of a report its kind (SORTIE, ORDER, RELEASE, CUSTODY, ALARM), of an effect load, launch, release ….
        subject: whom it concerns, by the journal: an order, a sortie, a digest, or a command's id.
        state: of a report; else "".
    """

    time_s: float
    vehicle_id: str
    kind: str
    name: str
    subject: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A state as the deciding process held it: restarts of the autopilot so far, and the vehicle's own clock."""

    time_s: float
    vehicle_id: str
    boots: int
    boot_time_ms: int


@dataclass(frozen=True, slots=True)
class ZonesKnown:
    """Zones that mission control had been told of at `time_s`, beside those that it planned with."""

    time_s: float
    zones: tuple[GeoZone, ...]


@dataclass
class FlightRecord:
    """A flown day.

    Attributes:
        flights: what was approved, each vehicle's in the order flown.
        planned_zones: the zones of planning.
        tracks: where each vehicle was in the air.
        heard_plans: moments at which a vehicle's checksums of its plan arrived.
        down: whether each vehicle stands disarmed, or lies, on the ground in the end.
        ended_s: when watching ended.
    """

    start: datetime
    policy: Policy
    flights: Sequence[ApprovedFlight] = ()
    planned_zones: tuple[GeoZone, ...] = ()
    told_zones: tuple[ZonesKnown, ...] = ()
    take_offs: list[TakeOff] = field(default_factory=list)
    mode_changes: list[ModeChange] = field(default_factory=list)
    fallen: list[Fallen] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    heard_plans: dict[str, list[float]] = field(default_factory=dict)
    loaded: list[Loaded] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    tracks: dict[str, list[TrackPoint]] = field(default_factory=dict)
    down: dict[str, bool] = field(default_factory=dict)
    ended_s: float = 0.0

    def flight(self, vehicle_id: str, sortie: int) -> ApprovedFlight | None:
        """The approved flight of a vehicle's take-off, counted from 1; None where none was approved.

        A launch that was refused leaves its flight behind: the journal's launches tell which was meant.
        """
        taken = [t.time_s for t in self.take_offs if t.vehicle_id == vehicle_id and t.sortie == sortie]
        launches = (
            [line for line in self.of_effect("launch") if line.vehicle_id == vehicle_id and line.time_s <= min(taken)]
            if taken
            else []
        )
        digest = launches[-1].subject if launches else ""
        mine = (flight for flight in self.flights if flight.vehicle_id == vehicle_id)
        return next((flight for flight in mine if flight.mission.digest() == digest), None)

    def of_effect(self, name: str) -> list[Written]:
        """Journal lines of one kind of effect."""
        return [line for line in self.written if line.kind == "effect" and line.name == name]

    def reports(self, name: str) -> list[Written]:
        """Journal lines of one kind of report."""
        return [line for line in self.written if line.kind == "report" and line.name == name]

    def alarms(self, vehicle_id: str, since_s: float, until_s: float) -> list[Written]:
        """Alarms about a vehicle between two moments, both included."""
        return [a for a in self.reports("ALARM") if a.vehicle_id == vehicle_id and since_s <= a.time_s <= until_s]

    def read_journal(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Take in the journal, as JSON objects in its order."""
        for line in lines:
            name = {"report": "report", "effect": "effect", "request": "request"}.get(line["kind"])
            if name is None:
                continue
            self.written.append(
                Written(
                    (datetime.fromisoformat(line["time"]) - self.start).total_seconds(),
                    line["vehicle_id"],
                    name,
                    str(line[name]),
                    str(line["subject"]),
                    str(line.get("state", "")),
                )
            )


TRACK_INTERVAL_S = 0.5


class VehicleWitness:
    """Writes down what one vehicle does. `observe` after every step of it, with what it holds then."""

    def __init__(self, record: FlightRecord) -> None:
        self._record = record
        self._sortie = 0
        self._mode = ""
        self._releases = 0
        self._due_s = float("-inf")

    def observe(self, truth: Truth, items: Mapping[MavMissionType, tuple[Any, ...]], now: datetime) -> None:
        """Take in the truth, whose `time_s` counts since the day's start, with the plans that are held."""
        record, vehicle_id = self._record, truth.vehicle_id
        if truth.mode != self._mode:
            self._mode = truth.mode
            record.mode_changes.append(ModeChange(truth.time_s, vehicle_id, truth.mode, not truth.landed))
        if truth.sortie > self._sortie:
            self._sortie = truth.sortie
            held = HeldPlan(*(items[kind] for kind in MavMissionType))
            record.take_offs.append(TakeOff(truth.time_s, vehicle_id, truth.sortie, held, truth.payload_kg))
        for release in truth.releases[self._releases :]:
            place = release.latitude_deg, release.longitude_deg, release.height_home_m
            record.fallen.append(Fallen(truth.time_s, vehicle_id, release.sortie, release.slot, *place))
        self._releases = len(truth.releases)
        if truth.landed and truth.height_m <= 0.0:
            self._due_s = float("-inf")
        elif truth.time_s >= self._due_s:
            self._due_s = truth.time_s + TRACK_INTERVAL_S
            point = TrackPoint(now, truth.latitude_deg, truth.longitude_deg, truth.height_m)
            record.tracks.setdefault(vehicle_id, []).append(point)
