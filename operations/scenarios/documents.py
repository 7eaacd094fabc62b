"""The shape of a scenario's file, and its reading: every mistake is named with place and remedy (fault F-S12)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from mission.dispatch.order_state import OrderState
from mission.errors import InputError, InputProblem
from mission.model.airspace import GeoZone
from operations.config import DayFiles, read_day, read_zone_document
from operations.documents import Document, Identifier, SimulationDocument
from operations.planted_faults import planted_faults
from operations.reading import read_document
from sim.fault_kinds import Fault
from sim.fleet_config import WindConfig
from sim.link_faults import Faults
from sim.referee_rules import RULE_IDS

Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
USUAL_START = datetime(2026, 6, 15, 9, tzinfo=UTC)
"""Start of a day that states none: a scenario is the same whenever it is flown."""
Ending = Literal["DELIVERED", "DIVERTED", "RETURNED", "FAILED", "REFUSED"]


class WeatherDocument(Document):
    """A steady wind, told for 10 m above ground, and its gusts (standard deviation on each horizontal axis)."""

    wind_m_s: Annotated[float, Field(ge=0, lt=60)]
    from_deg: Annotated[float, Field(ge=0, le=360)] = 270.0
    gust_m_s: Annotated[float, Field(ge=0, lt=30)] = 0.0

    def wind(self) -> WindConfig:
        """As the simulation takes it."""
        return WindConfig(self.wind_m_s, self.from_deg, self.gust_m_s)


class LinkFaultDocument(Document):
    """What one vehicle's radio does to packets between two moments of the day; the keys of `sim.link_faults.Faults`."""

    vehicle_id: Identifier
    from_s: Seconds = 0.0
    until_s: Seconds | None = None
    ways: Annotated[tuple[Literal["up", "down"], ...], Field(min_length=1, strict=False)] = ("up", "down")
    loss: Fraction = 0.0
    burst_packets: Annotated[float, Field(ge=1)] = 1.0
    gilbert: bool = False
    duplicated: Fraction = 0.0
    delay_s: Seconds = 0.0
    jitter_s: Seconds = 0.0
    reordered: bool = False
    bandwidth_bit_s: Annotated[float, Field(gt=0)] | None = None
    cut: bool = False

    def faults(self) -> Faults:
        """As the link takes them."""
        names = set(Faults.__struct_fields__)
        given = {name: value for name, value in self if name in names and value is not None}
        return Faults(**given)


class ZoneChangeDocument(Document):
    """From `at_s` on these zones hold as well: a document of any format that Stork reads."""

    at_s: Seconds
    zones: str


class RequestDocument(Document):
    """What people ask about an order while the day is flown."""

    at_s: Seconds
    order: Identifier
    asks: Literal["cancel", "recipient_present"]


class ExpectedOutcome(Document):
    """How the day ends.

    Attributes:
        orders: how each order ends; every order of the day.
        alarms: codes that are raised, each at least once, and no others.
        broken: rules of the referee that mission control breaks today: a gap, which the scenario must name.
        provoked: rules that the planted fault itself breaks, whatever mission control does.
    """

    orders: dict[str, Ending]
    alarms: Annotated[tuple[str, ...], Field(strict=False)] = ()
    broken: Annotated[tuple[str, ...], Field(strict=False)] = ()
    provoked: Annotated[tuple[str, ...], Field(strict=False)] = ()


class ScenarioDocument(Document):
    """A named day with a seed, what goes wrong on it, and how it ends.

    Attributes:
        story: what happens, in a sentence or two.
        plays: the entries of the fault catalogue that it plays.
        gap: where `expected` is less than a careful chief pilot demands: what should happen instead.
        shared_radio: all vehicles on one channel.
    """

    format: Literal["stork.scenario/1"]
    name: str
    story: str
    plays: Annotated[tuple[Annotated[str, Field(pattern=r"^F-[A-Z]\d+$")], ...], Field(strict=False)] = ()
    day: str
    seed: Annotated[int, Field(ge=0)] = 1
    orders: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()
    vehicles: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()
    shared_radio: bool = False
    weather: WeatherDocument | None = None
    vehicle_faults: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()
    link_faults: Annotated[tuple[LinkFaultDocument, ...], Field(strict=False)] = ()
    zone_changes: Annotated[tuple[ZoneChangeDocument, ...], Field(strict=False)] = ()
    requests: Annotated[tuple[RequestDocument, ...], Field(strict=False)] = ()
    expected: ExpectedOutcome
    gap: str = ""


@dataclass(frozen=True)
class Scenario:
    """A scenario with everything that its document names.

    Attributes:
        path: the document.
        files: the day, cut down to the scenario's orders and vehicles.
        zone_changes: seconds after the day's start, and the zones that hold from then on as well.
    """

    path: Path
    document: ScenarioDocument
    files: DayFiles
    faults: tuple[Fault, ...]
    zone_changes: tuple[tuple[float, tuple[GeoZone, ...]], ...]


def read_scenario(path: Path) -> Scenario:
    """Read a scenario and all files it names (relative to itself).

    Raises:
        InputError: all problems found, each with file, place, what is wrong and how to mend it.
    """
    document = read_document(path, ScenarioDocument)
    files = read_day(path.parent / document.day, USUAL_START)
    orders = {order.order_id: order for order in files.day.orders}
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in files.day.vehicles}
    wanted_orders = document.orders or tuple(orders)
    wanted_vehicles = document.vehicles or tuple(vehicles)
    problems = [
        *_unknown(path, "orders", document.orders, orders),
        *_unknown(path, "vehicles", document.vehicles, vehicles),
        *_unknown(path, "link_faults.vehicle_id", [f.vehicle_id for f in document.link_faults], wanted_vehicles),
        *_unknown(path, "requests.order", [request.order for request in document.requests], wanted_orders),
        *_unknown(path, "expected.orders", document.expected.orders, wanted_orders),
        *_unknown(path, "expected.broken", document.expected.broken, RULE_IDS),
        *_unknown(path, "expected.provoked", document.expected.provoked, RULE_IDS),
        *_backwards(path, document),
    ]
    missing = sorted(set(wanted_orders) - document.expected.orders.keys())
    if missing:
        mend = f"Say how each ends: {', '.join(OrderState)}"
        problems.append(InputProblem(str(path), "expected.orders", f"{', '.join(missing)} is missing", mend))
    if document.expected.broken and not document.gap:
        mend = "Say what should happen instead"
        problems.append(InputProblem(str(path), "gap", "a rule is expected to be broken, and no gap is named", mend))
    if problems:
        raise InputError(*problems)
    simulation = SimulationDocument(seed=document.seed, faults=document.vehicle_faults)
    faults = planted_faults(document.vehicle_faults, wanted_vehicles, str(path), "vehicle_faults")
    changes = tuple(
        (change.at_s, read_zone_document(path.parent / change.zones).zones) for change in document.zone_changes
    )
    day = replace(
        files.day,
        orders=tuple(orders[order_id] for order_id in wanted_orders),
        vehicles=tuple(vehicles[vehicle_id] for vehicle_id in wanted_vehicles),
    )
    return Scenario(path, document, replace(files, day=day, simulation=simulation), faults, changes)


def _unknown(path: Path, place: str, names: Collection[str], known: Collection[str]) -> list[InputProblem]:
    mend = f"Known: {', '.join(sorted(known)) or 'none'}"
    return [InputProblem(str(path), place, f"{name!r} is not known", mend) for name in names if name not in known]


def _backwards(path: Path, document: ScenarioDocument) -> list[InputProblem]:
    return [
        InputProblem(
            str(path), f"link_faults[{index}].until_s", f"{fault.until_s:g} s is not after from_s", "Swap them"
        )
        for index, fault in enumerate(document.link_faults)
        if fault.until_s is not None and fault.until_s <= fault.from_s
    ]
