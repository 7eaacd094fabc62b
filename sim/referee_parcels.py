"""Where parcels really went, against what mission control says of them."""

from collections.abc import Iterator
from typing import Final

from mission.geodesy.distance import distance_m
from mission.model.flight import ReleasePoint
from mission.model.geo import GeoPoint
from mission.model.mission import GRIPPER_RELEASE
from sim.referee import RefereeFinding
from sim.referee_record import Fallen, FlightRecord
from vehicles import px4

OPENED_WITHIN_S: Final = 5.0
"""A parcel that falls this long after its gripper was told to open was let go by that command."""
TRUTH_TOLERANCE_M: Final = 2.0
"""A vehicle is elsewhere than it believes: 0.3 m on each axis, one sigma, and it moves while a gripper opens."""

Findings = Iterator[RefereeFinding]


def _point_of(record: FlightRecord, fallen: Fallen) -> ReleasePoint | None:
    flight = record.flight(fallen.vehicle_id, fallen.sortie)
    points = flight.releases if flight else ()
    return next((point for point in points if point.gripper == fallen.slot), None)


def _was_commanded(record: FlightRecord, fallen: Fallen) -> bool:
    return any(
        sent.command == px4.Command.DO_GRIPPER
        and (sent.param1, sent.param2) == (fallen.slot, GRIPPER_RELEASE)
        and sent.vehicle_id == fallen.vehicle_id
        and 0.0 <= fallen.time_s - sent.time_s <= OPENED_WITHIN_S
        for sent in record.sent
    )


def _let_go(record: FlightRecord, order_id: str) -> list[Fallen]:
    """Where an order's parcel left a vehicle, however it came to."""
    return [f for f in record.fallen if (point := _point_of(record, f)) is not None and point.order_id == order_id]


def one_custodian(record: FlightRecord) -> Findings:
    """A parcel that the books give to somebody is not on the street (I-1)."""
    last: dict[str, tuple[float, str, str]] = {}
    for line in record.reports("CUSTODY"):
        last[line.subject] = (line.time_s, line.vehicle_id, line.state)
    for order_id, (time_s, vehicle_id, custodian) in last.items():
        if custodian in {"HUB", "VEHICLE", "LANDING_SITE"} and (fallen := _let_go(record, order_id)):
            what = f"the books say that {custodian} has {order_id}; it fell at {fallen[0].time_s:.1f} s"
            yield RefereeFinding(time_s, vehicle_id, "I-1", what)


def released_at_the_drop(record: FlightRecord) -> Findings:
    """A parcel is released once, at its drop, and low enough (I-9)."""
    seen: set[tuple[str, int, int]] = set()
    for fallen in record.fallen:
        if not _was_commanded(record, fallen):
            continue  # a parcel that fell by itself was released by nobody
        key = fallen.vehicle_id, fallen.sortie, fallen.slot
        if key in seen:
            yield RefereeFinding(fallen.time_s, fallen.vehicle_id, "I-9", f"slot {fallen.slot} was released twice")
        seen.add(key)
        point = _point_of(record, fallen)
        if point is None:
            what = f"slot {fallen.slot} was released on no approved flight"
            yield RefereeFinding(fallen.time_s, fallen.vehicle_id, "I-9", what)
        elif what := _why_not_at_drop(record, fallen, point):
            yield RefereeFinding(fallen.time_s, fallen.vehicle_id, "I-9", f"{point.order_id} was released {what}")


def _why_not_at_drop(record: FlightRecord, fallen: Fallen, point: ReleasePoint) -> str:
    off_m = distance_m(GeoPoint(fallen.latitude_deg, fallen.longitude_deg), point.drop)
    limit_m = record.policy.release_radius_m + TRUTH_TOLERANCE_M
    if off_m > limit_m:
        return f"{off_m:.1f} m from its drop, limit {limit_m:.1f} m"
    if fallen.height_home_m > point.height_home_m + TRUTH_TOLERANCE_M:
        return f"{fallen.height_home_m:.1f} m above home, planned {point.height_home_m:.1f} m"
    return ""


def delivered_with_proof(record: FlightRecord) -> Findings:
    """What is called delivered was let go at its drop, and somebody has it (I-10)."""
    handed_over = {line.subject for line in record.reports("CUSTODY") if line.state == "RECIPIENT"}
    for line in record.reports("ORDER"):
        if line.state != "DELIVERED":
            continue
        there = [f for f in _let_go(record, line.subject) if f.time_s <= line.time_s and _was_commanded(record, f)]
        lack = [] if there else ["no parcel was released"]
        lack += [] if line.subject in handed_over else ["nobody is written down to have it"]
        for fallen in there[:1]:
            point = _point_of(record, fallen)
            off = _why_not_at_drop(record, fallen, point) if point else ""
            lack += [f"it was released {off}"] if off else []
        if lack:
            what = f"{line.subject} is called DELIVERED, and {'; '.join(lack)}"
            yield RefereeFinding(line.time_s, line.vehicle_id, "I-10", what)


def nothing_after_a_cancellation(record: FlightRecord) -> Findings:
    """What was called off is not released (I-12)."""
    cancelled = {line.subject: line.time_s for line in record.reports("RELEASE") if line.state == "CANCELLED"}
    for order_id, time_s in cancelled.items():
        for fallen in _let_go(record, order_id):
            if fallen.time_s > time_s and _was_commanded(record, fallen):
                what = f"{order_id} was called off at {time_s:.1f} s and released afterwards"
                yield RefereeFinding(fallen.time_s, fallen.vehicle_id, "I-12", what)
