"""Whether a simulated vehicle bears what `sim.hostile_frames` sends, on the ground and in the air."""

import random
import traceback
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pymavlink.dialects.v20 import common as dialect

from sim.autopilot import Autopilot
from sim.fleet_config import Home, VehicleConfig
from sim.hostile_frames import STATION, hostile_datagrams
from sim.wire import FrameReader

HOME = Home(48.41, 15.60, 200.0)
SYSTEM_ID = 7
QUIET_S = 10.0
"""Longer than any time-out of the protocol: an upload that a stranger began is given up by then."""
DATAGRAMS_PER_STEP = 10
STEP_S = 0.02
FRESH_EVERY = 5000
"""After so many datagrams the next vehicle boots: one that was told to terminate meets little else."""


@dataclass(slots=True)
class Endurance:
    """What came of it.

    Attributes:
        datagrams: how many were sent.
        exceptions: what was raised, by place, with how often; empty is how it should be.
        unanswered: vehicles that did not answer a plain question afterwards.
        vehicles: how many were tried.
    """

    datagrams: int = 0
    exceptions: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    vehicles: int = 0


def endure(seed: int, datagrams: int, *, fresh_every: int = FRESH_EVERY) -> Endurance:
    """Send hostile datagrams to vehicles in turn, every second of them flying, and ask each whether it still lives."""
    rng = random.Random(seed)
    found = Endurance()
    hostile = hostile_datagrams(rng, SYSTEM_ID)
    while found.datagrams < datagrams:
        autopilot = Autopilot(VehicleConfig("d1", SYSTEM_ID, 14540, HOME), max_stream_hz=1.0)
        autopilot.advance(5.0)
        if found.vehicles % 2 == 1:
            launch(autopilot)
        found.vehicles += 1
        share = min(fresh_every, datagrams - found.datagrams)
        for number, datagram in enumerate(islice(hostile, share)):
            try:
                autopilot.receive(datagram)
                if number % DATAGRAMS_PER_STEP == 0:
                    autopilot.advance(autopilot.now_s + STEP_S)
                    autopilot.take()
            except Exception as error:  # what it is for: any of them is a finding
                found.exceptions[_place(error)] += 1
        found.datagrams += share
        try:
            found.unanswered += not answers(autopilot)
        except Exception as error:  # as above
            found.exceptions[_place(error)] += 1
            found.unanswered += 1
    return found


def launch(autopilot: Autopilot) -> None:
    """Upload a flight out and back, arm and start it."""
    for frame in upload_frames(SYSTEM_ID):
        autopilot.receive(frame)
    autopilot.advance(autopilot.now_s + 1.0)
    for frame in start_frames(SYSTEM_ID):
        autopilot.receive(frame)
    autopilot.advance(autopilot.now_s + 10.0)
    autopilot.take()


def upload_frames(system_id: int) -> list[bytes]:
    """What uploads a flight from `HOME` 220 m north and back: the count, and the items before they are asked for."""
    north = round((HOME.latitude_deg + 0.002) * 1e7)
    here, east = round(HOME.latitude_deg * 1e7), round(HOME.longitude_deg * 1e7)
    frames = [_packed(dialect.MAVLink_mission_count_message(system_id, 1, 3))]
    for sequence, (command, latitude) in enumerate(((22, here), (16, north), (21, here))):
        head = (system_id, 1, sequence, 6, command, int(sequence == 0), 1)
        item = dialect.MAVLink_mission_item_int_message(*head, 0.0, 0.0, 0.0, 0.0, latitude, east, 20.0)
        frames.append(_packed(item))
    return frames


def start_frames(system_id: int) -> list[bytes]:
    """What arms a vehicle and starts its mission."""
    return [
        _packed(dialect.MAVLink_command_long_message(system_id, 1, command, 0, 1.0, 0, 0, 0, 0, 0, 0))
        for command in (400, 300)
    ]


def answers(autopilot: Autopilot) -> bool:
    """Whether, after a while of quiet, a vehicle says its version when asked, and streams as before.

    What it streams is not asked for: any message may have been switched off, as a command can.
    """
    autopilot.take()
    autopilot.advance(autopilot.now_s + QUIET_S)
    streams = _names(autopilot)
    question = dialect.MAVLink_command_long_message(SYSTEM_ID, 1, 512, 0, 148.0, 0, 0, 0, 0, 0, 0)
    autopilot.receive(_packed(question))
    autopilot.advance(autopilot.now_s + 1.0)
    return bool(streams) and {"COMMAND_ACK", "AUTOPILOT_VERSION"} <= _names(autopilot)


def _packed(message: Any) -> bytes:
    packed: bytes = message.pack(dialect.MAVLink(None, *STATION))
    return packed


def _names(autopilot: Autopilot) -> set[str]:
    reader = FrameReader()
    return {message.get_type() for frame in autopilot.take() for message in reader.messages(frame)}


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.name}, line {last.lineno})"
