"""A day's documents, read and cross-checked: the only way from files to `mission.model.day.Day`."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from mission.airspace import ZoneReading, read_zones
from mission.errors import InputError, InputProblem
from mission.geodesy.ground import Ground, ground_of
from mission.model.airspace import GeoZone
from mission.model.day import Day
from mission.model.fleet import Site, Vehicle
from mission.model.geo import GeoPoint
from mission.model.orders import Order
from mission.policy import Policy
from operations.documents import (
    DayDocument,
    ExpectedDocument,
    FleetDocument,
    OrdersDocument,
    PolicyDocument,
    SimulationDocument,
    SiteDocument,
)
from operations.planted_faults import planted_faults
from operations.reading import read_bytes, read_document, validate
from operations.terrain import read_ground

MAX_DROP_DISTANCE_M = 200_000.0
"""Farther than this from every hub, a drop is taken for a mistake in the document, not for a long flight."""
EARTH_RADIUS_M = 6_371_008.8
"""Mean Earth radius R1 (IUGG); only used to tell a plausible place from an implausible one."""

RELEASE_WAIT_S = (30.0, 300.0)
"""Shortest and longest wait at a drop: a shorter one leaves no time for a release and its one retry, and the verifier
takes a longer one for a mistake of units."""


@dataclass(frozen=True)
class DayFiles:
    """A day as read from its files.

    Attributes:
        day: the nouns that planning works on.
        simulation: how the day is flown on simulated vehicles.
        expected: orders that the document expects not to be delivered; none where the command line changes the day.
        zone_readings: the report of every zone document, in the order given.
        ground: what is known of the site's ground: its terrain's tiles, or its relief.
    """

    day: Day
    simulation: SimulationDocument
    expected: ExpectedDocument
    zone_readings: tuple[ZoneReading, ...]
    ground: Ground


@dataclass(frozen=True)
class DayOverrides:
    """What the command line changes of a day's document: other files, more zones, another start."""

    site: Path | None = None
    fleet: Path | None = None
    orders: Path | None = None
    zones: tuple[Path, ...] = ()
    start: datetime | None = None


def read_day(path: Path, now: datetime, overrides: DayOverrides = DayOverrides()) -> DayFiles:
    """Read a day's document and every file it names (relative to itself).

    `now` is the start of a day that states none.

    Raises:
        InputError: all problems found, each with file, place, what is wrong and how to mend it.
    """
    document = read_document(path, DayDocument)
    folder = path.parent
    site_path = overrides.site or folder / document.site
    site_document = read_document(site_path, SiteDocument)
    policy = _policy(site_document, site_path)
    site = _site(site_document, site_path)
    start = overrides.start or document.start or now
    vehicles = read_fleet(overrides.fleet or folder / document.fleet, site)
    orders_path = overrides.orders or folder / document.orders
    orders = read_orders(orders_path, site, start, timedelta(hours=document.operating_hours))
    planted_faults(document.simulation.faults, [vehicle.vehicle_id for vehicle in vehicles], str(path))
    # What the document expects holds for the day that it describes, not for a changed one. One that leaves its
    # zones to the command line is complete only with them.
    given = overrides if document.zones else replace(overrides, zones=())
    expected = document.expected if given == DayOverrides() else ExpectedDocument()
    _check_expected(expected, orders, path)
    zone_paths = overrides.zones or tuple(folder / name for name in document.zones)
    if not zone_paths:
        mend = "Name the authority's document with --zones FILE, or in the day's `zones`; an empty one says: none"
        raise InputError(InputProblem(str(path), "zones", "no zone document is named, so no zone is known", mend))
    readings = tuple(read_zone_document(zone_path) for zone_path in zone_paths)
    zones: tuple[GeoZone, ...] = tuple(zone for reading in readings for zone in reading.zones)
    _require_unique_zone_ids(zones)
    # Whoever starts a day with documents vouches that they are in force then, unless the day says otherwise.
    day = Day(document.name, site, vehicles, orders, zones, policy, start, document.zones_as_of or start)
    ground = _ground(site_document, site_path, site, orders)
    return DayFiles(day, document.simulation, expected, readings, ground)


def _require_unique_zone_ids(zones: Sequence[GeoZone]) -> None:
    """An authorisation names a zone by its id: one id in two documents would open both.

    Raises:
        InputError: one problem for each id that two documents share.
    """
    first: dict[str, str] = {}
    problems = []
    for zone in zones:
        other = first.setdefault(zone.identifier, zone.source.document)
        if other != zone.source.document:
            what = f"zone id {zone.identifier!r} is also in {other}"
            problems.append(InputProblem(zone.source.document, zone.identifier, what, "Give one document of the two"))
    if problems:
        raise InputError(*problems)


def read_zone_document(path: Path) -> ZoneReading:
    """Read one authority's zone document of any known format, to fly by.

    Raises:
        InputError: it is broken, or holds a restriction whose place cannot be told (invariant I-20).
    """
    return read_zones(read_bytes(path), str(path))


def read_fleet(path: Path, site: Site) -> tuple[Vehicle, ...]:
    """Read a fleet and check it against its site: known types and hubs, no name or system id twice."""
    document = read_document(path, FleetDocument)
    types = {shape.id: shape.vehicle_type() for shape in document.types}
    hubs = {hub.hub_id for hub in site.hubs}
    uids = [vehicle.hardware_uid.lower() or f"none: {vehicle.id}" for vehicle in document.vehicles]
    problems = [
        *_twice(path, "vehicles", "id", [vehicle.id for vehicle in document.vehicles]),
        *_twice(path, "vehicles", "system_id", [vehicle.system_id for vehicle in document.vehicles]),
        *_twice(path, "types", "id", [shape.id for shape in document.types]),
        *_twice(path, "vehicles", "hardware_uid", uids),
    ]
    for index, vehicle in enumerate(document.vehicles):
        if vehicle.type not in types:
            problems.append(_unknown(path, f"vehicles[{index}].type", vehicle.type, types))
        if vehicle.hub not in hubs:
            problems.append(_unknown(path, f"vehicles[{index}].hub", vehicle.hub, hubs))
    if problems:
        raise InputError(*problems)
    return tuple(vehicle.vehicle(types) for vehicle in document.vehicles)


def read_orders(path: Path, site: Site, start: datetime, operating_day: timedelta) -> tuple[Order, ...]:
    """Read orders; a drop on another continent, or with latitude and longitude swapped, is an error."""
    document = read_document(path, OrdersDocument)
    problems = _twice(path, "orders", "id", [order.id for order in document.orders])
    orders: list[Order] = []
    for index, shape in enumerate(document.orders):
        problems += _misplaced(path, f"orders[{index}].drop", shape.drop.point(), site)
        try:
            orders.append(shape.order(start, operating_day))
        except ValueError as error:
            mend = "Swap them, or correct the dates"
            problems.append(InputProblem(str(path), f"orders[{index}].window", str(error), mend))
    if problems:
        raise InputError(*problems)
    return tuple(orders)


def _ground(document: SiteDocument, path: Path, site: Site, orders: Sequence[Order]) -> Ground:
    if document.terrain is None:
        return ground_of(site.relief)
    if document.relief is not None:
        what = "the site states `relief` as well, one range for all of the ground that `terrain` maps"
        raise InputError(InputProblem(str(path), "terrain", what, "Give one of the two"))
    places = [hub.position for hub in site.hubs] + [alternate.position for alternate in site.alternates]
    return read_ground(document.terrain, path, places + [order.drop.position for order in orders])


def _policy(document: SiteDocument, path: Path) -> Policy:
    shape = validate(document.policy, PolicyDocument, str(path), "policy")
    policy = Policy(**shape.model_dump())
    problems = [
        InputProblem(str(path), f"policy.{name}", f"{value} is more than a whole battery", "Write 20 % as 0.2")
        for name in ("reserve_fraction", "divert_reserve_fraction")
        if (value := getattr(policy, name)) >= 1.0
    ]
    for index, height_m in enumerate(policy.further_cruise_heights_home_m):
        if not policy.release_height_home_m < height_m <= policy.max_height_agl_m:
            what = f"{height_m} m is not between release_height_home_m {policy.release_height_home_m} m and "
            what += f"max_height_agl_m {policy.max_height_agl_m} m"
            place = f"policy.further_cruise_heights_home_m[{index}]"
            problems.append(InputProblem(str(path), place, what, "Cruise between the two"))
    for name, limit_name, mend in (
        ("verified_clearance_m", "zone_clearance_m", "Plan with at least the clearance that is verified"),
        ("release_height_home_m", "cruise_height_home_m", "Release at or below cruise_height_home_m"),
        ("cruise_height_home_m", "max_height_agl_m", "Cruise at or below max_height_agl_m"),
    ):
        value, limit = getattr(policy, name), getattr(policy, limit_name)
        if value > limit:
            what = f"{value} m is more than {limit_name} {limit} m"
            problems.append(InputProblem(str(path), f"policy.{name}", what, mend))
    shortest_s, longest_s = RELEASE_WAIT_S
    if not shortest_s <= policy.release_wait_s <= longest_s:
        what = f"{policy.release_wait_s:g} s is not between {shortest_s:g} s and {longest_s:g} s"
        problems.append(InputProblem(str(path), "policy.release_wait_s", what, "Leave time to see, command and prove"))
    if problems:
        raise InputError(*problems)
    return policy


def _site(document: SiteDocument, path: Path) -> Site:
    """The site, with no name twice, relief the right way up, and every alternate near a hub."""
    relief = document.relief
    if relief and relief.minimum_amsl_m > relief.maximum_amsl_m:
        what = f"minimum_amsl_m {relief.minimum_amsl_m} is above maximum_amsl_m {relief.maximum_amsl_m}"
        raise InputError(InputProblem(str(path), "relief", what, "Swap them"))
    site = document.site()
    problems = [
        *_twice(path, "hubs", "id", [hub.id for hub in document.hubs]),
        *_twice(path, "alternates", "id", [alternate.id for alternate in document.alternates]),
    ]
    for index, alternate in enumerate(site.alternates):
        problems += _misplaced(path, f"alternates[{index}]", alternate.position, site)
    if problems:
        raise InputError(*problems)
    return site


def _check_expected(expected: ExpectedDocument, orders: Sequence[Order], path: Path) -> None:
    known = [order.order_id for order in orders]
    problems = [
        _unknown(path, f"expected.{ending}", order_id, known)
        for ending in ExpectedDocument.model_fields
        for order_id in getattr(expected, ending)
        if order_id not in known
    ]
    if problems:
        raise InputError(*problems)


def _twice(path: Path, group: str, key: str, values: Sequence[object]) -> list[InputProblem]:
    """Report every value that stands more than once."""
    first: dict[object, int] = {}
    problems = []
    for index, value in enumerate(values):
        if value in first:
            what = f"{value!r} is already {group}[{first[value]}].{key}"
            problems.append(InputProblem(str(path), f"{group}[{index}].{key}", what, "Give each its own"))
        first.setdefault(value, index)
    return problems


def _unknown(path: Path, place: str, name: str, known: Iterable[str]) -> InputProblem:
    return InputProblem(str(path), place, f"{name!r} is not known", f"Known: {', '.join(sorted(known)) or 'none'}")


def _misplaced(path: Path, place: str, point: GeoPoint, site: Site) -> list[InputProblem]:
    """Tell a drop that cannot be meant: too far from every hub, or near one only with its axes swapped."""

    def nearest_m(candidate: GeoPoint) -> float:
        return min(_great_circle_m(candidate, hub.position) for hub in site.hubs)

    distance_m = nearest_m(point)
    if distance_m <= MAX_DROP_DISTANCE_M:
        return []
    what = f"it lies {distance_m / 1000:.0f} km from the nearest hub"
    swapped = _swapped(point)
    if swapped and nearest_m(swapped) <= MAX_DROP_DISTANCE_M:
        return [InputProblem(str(path), place, what, "latitude_deg and longitude_deg look swapped: swap them")]
    return [InputProblem(str(path), place, what, f"Within {MAX_DROP_DISTANCE_M / 1000:.0f} km is plausible")]


def _swapped(point: GeoPoint) -> GeoPoint | None:
    return GeoPoint(point.longitude_deg, point.latitude_deg) if abs(point.longitude_deg) <= 90.0 else None


def _great_circle_m(a: GeoPoint, b: GeoPoint) -> float:
    """Haversine distance on the mean sphere."""
    lat_a, lat_b = math.radians(a.latitude_deg), math.radians(b.latitude_deg)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b.longitude_deg - a.longitude_deg) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))
