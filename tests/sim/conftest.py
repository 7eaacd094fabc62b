"""A ground station in virtual time: pymavlink on one side, a sans-IO autopilot on the other."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from pymavlink.dialects.v20 import common as dialect

from mission.model.mission import MissionItem
from sim.autopilot import STEP_S, Autopilot
from sim.fleet_config import Home, Physical, VehicleConfig

HOME = Home(48.41, 15.60, 200.0)
NAN = math.nan
METRES_PER_E7 = 0.0111195


def place(north_m: float, east_m: float) -> tuple[int, int]:
    """Latitude and longitude in 1e-7 degrees of a place near home."""
    latitude = round(HOME.latitude_deg * 1e7 + north_m / METRES_PER_E7)
    scale = METRES_PER_E7 * math.cos(math.radians(HOME.latitude_deg))
    return latitude, round(HOME.longitude_deg * 1e7 + east_m / scale)


def item(command: int, north_m: float, east_m: float, z: float, *parameters: float, frame: int = 6) -> MissionItem:
    """A mission item with a place near home; parameters 1-4 default to 0, 0, 0, NaN."""
    p1, p2, p3, p4 = (*parameters, *(0.0, 0.0, 0.0, NAN)[len(parameters) :])
    return MissionItem(command, frame, p1, p2, p3, p4, *place(north_m, east_m), z)


def action(command: int, *parameters: float) -> MissionItem:
    """A mission item without a place."""
    p1, p2, p3, p4 = (*parameters, *(0.0, 0.0, 0.0, 0.0)[len(parameters) :])
    return MissionItem(command, 2, p1, p2, p3, p4)


def hover_delivery(north_m: float = 60.0) -> list[MissionItem]:
    """Take off, fly north, sink to 5 m, release, rise, fly home, land."""
    return [
        item(22, 0.0, 0.0, 20.0),
        action(178, 1.0, 8.0, -1.0),
        item(16, north_m, 0.0, 20.0),
        item(16, north_m, 0.0, 5.0, 1.0),
        action(211, 1.0, 0.0),
        action(93, 2.0, -1.0, -1.0, -1.0),
        item(16, north_m, 0.0, 20.0),
        item(21, 0.0, 0.0, 0.0),
    ]


def square_fence(half_m: float, *, command: int = 5001, north_m: float = 0.0) -> list[MissionItem]:
    """Four vertices around home, or around a place north of it."""
    corners = ((-half_m, -half_m), (-half_m, half_m), (half_m, half_m), (half_m, -half_m))
    return [item(command, north_m + n, e, 0.0, 4.0, 0.0, 0.0, 0.0) for n, e in corners]


@dataclass
class GroundStation:
    """Talks to one autopilot; `heard` holds everything it said, `(simulated time, message)`."""

    autopilot: Autopilot
    system_id: int = 245
    component_id: int = 190
    heartbeats: bool = True
    heard: list[tuple[float, Any]] = field(default_factory=list)
    _last_beat_s: float = -1.0

    def __post_init__(self) -> None:
        self._encoder = dialect.MAVLink(None, self.system_id, self.component_id)
        self._decoder = dialect.MAVLink(None)

    def send(self, message: Any) -> None:
        """Send one message and listen to what is answered at once."""
        self.autopilot.receive(message.pack(self._encoder))
        self.listen()

    def listen(self) -> None:
        """Take over what the vehicle has to say."""
        for frame in self.autopilot.take():
            if int.from_bytes(frame[7:10], "little") in dialect.mavlink_map:
                self.heard.append((self.autopilot.now_s, self._decoder.decode(bytearray(frame))))

    def run(self, seconds: float) -> None:
        """Let simulated time pass, with a heartbeat every second."""
        self.until(lambda: False, seconds, must=False)

    def until(self, reached: Callable[[], bool], within_s: float, *, must: bool = True) -> None:
        """Let simulated time pass until something holds."""
        end_s = self.autopilot.now_s + within_s
        while not reached():
            if self.autopilot.now_s >= end_s - STEP_S / 2:
                assert not must, f"not reached within {within_s} s of simulated time"
                return
            if self.heartbeats and self.autopilot.now_s - self._last_beat_s >= 1.0:
                self._last_beat_s = self.autopilot.now_s
                self.send(dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3))
            self.autopilot.advance(self.autopilot.now_s + STEP_S)
            self.listen()

    def named(self, *names: str) -> list[Any]:
        """Everything heard of some message types, in order."""
        return [message for _, message in self.heard if message.get_type() in names]

    def texts(self) -> list[str]:
        """All STATUSTEXTs, chunks put together."""
        found: dict[int, str] = {}
        for message in self.named("STATUSTEXT"):
            found[message.id] = found.get(message.id, "") + message.text
        return [text.rstrip("\t") for text in found.values()]

    def command(self, number: int, *parameters: float) -> list[tuple[int, int]]:
        """Send a COMMAND_LONG, run 0.1 s and return its ACKs as (result, progress)."""
        before = len(self.heard)
        values = (*parameters, *(0.0,) * (7 - len(parameters)))
        system_id = self.autopilot.onboard.config.system_id
        self.send(dialect.MAVLink_command_long_message(system_id, 1, number, 0, *values))
        self.run(0.1)
        acks = [m for _, m in self.heard[before:] if m.get_type() == "COMMAND_ACK" and m.command == number]
        return [(ack.result, ack.progress) for ack in acks]

    def changes_of(self, name: str, *fields: str) -> list[Any]:
        """How some fields of a message type changed over time, from its first value on."""
        kept: list[Any] = []
        for message in self.named(name):
            value = tuple(getattr(message, field_name) for field_name in fields)
            value = value[0] if len(value) == 1 else value
            if not kept or kept[-1] != value:
                kept.append(value)
        return kept

    def count(self, number: int, plan: int = 0) -> None:
        """Send a MISSION_COUNT."""
        self.send(dialect.MAVLink_mission_count_message(self.autopilot.onboard.config.system_id, 1, number, plan))

    def send_item(self, sequence: int, mission_item: MissionItem, plan: int = 0, *, current: int = 0) -> None:
        """Send a MISSION_ITEM_INT."""
        m = mission_item
        target = self.autopilot.onboard.config.system_id
        head = (target, 1, sequence, m.frame, m.command, current, m.autocontinue)
        body = (m.param1, m.param2, m.param3, m.param4, m.x, m.y, m.z, plan)
        self.send(dialect.MAVLink_mission_item_int_message(*head, *body))

    def upload(self, items: Sequence[MissionItem], plan: int = 0, *, first_is_current: bool = True) -> int:
        """Upload a plan as a well-behaved ground station does; return the type of the ACK."""
        before = len(self.heard)
        self.count(len(items), plan)
        for sequence, mission_item in enumerate(items):
            self.send_item(sequence, mission_item, plan, current=int(sequence == 0 and first_is_current))
        acks = [m for _, m in self.heard[before:] if m.get_type() == "MISSION_ACK"]
        assert len(acks) == 1
        return int(acks[0].type)

    def download(self, plan: int = 0) -> list[Any]:
        """Download a plan; return its MISSION_ITEM_INTs."""
        target = self.autopilot.onboard.config.system_id
        before = len(self.heard)
        self.send(dialect.MAVLink_mission_request_list_message(target, 1, plan))
        total = self.named("MISSION_COUNT")[-1].count
        for sequence in range(total):
            self.send(dialect.MAVLink_mission_request_int_message(target, 1, sequence, plan))
        self.send(dialect.MAVLink_mission_ack_message(target, 1, 0, plan))
        return [m for _, m in self.heard[before:] if m.get_type() == "MISSION_ITEM_INT"]

    def launch(self, items: Sequence[MissionItem]) -> None:
        """Upload a mission, arm and start it."""
        assert self.upload(items) == 0
        self.run(1.0)
        assert self.command(400, 1.0) == [(0, 0)], self.texts()
        assert self.command(300) == [(0, 0)], self.texts()

    def fly(self, items: Sequence[MissionItem], within_s: float = 300.0) -> None:
        """Launch a mission and follow it until the vehicle is disarmed again."""
        self.launch(items)
        self.until(lambda: not self.autopilot.onboard.armed, within_s)
        self.run(1.5)


MakeStation = Callable[..., GroundStation]


@pytest.fixture
def make_station() -> MakeStation:
    """Make a ground station with a vehicle that booted 4 s ago and is ready to arm; streams are thinned to 5 Hz."""

    def make(
        *,
        parameters: dict[str, float | int] | None = None,
        boot_s: float = 4.0,
        max_stream_hz: float = 5.0,
        **physical: Any,
    ) -> GroundStation:
        config = VehicleConfig("drone-1", 1, 14540, HOME, physical=Physical(**physical), parameters=parameters or {})
        station = GroundStation(Autopilot(config, max_stream_hz=max_stream_hz))
        station.run(boot_s)
        return station

    return make


@pytest.fixture
def station(make_station: MakeStation) -> GroundStation:
    """A ground station with a vehicle that is ready to arm."""
    return make_station()


@pytest.fixture
def plans() -> SimpleNamespace:
    """Makers of mission and fence items: `item`, `action`, `hover_delivery`, `square_fence`, `place`."""
    return SimpleNamespace(
        item=item, action=action, hover_delivery=hover_delivery, square_fence=square_fence, place=place, HOME=HOME
    )
