"""Saying no: before allocation where no vehicle could serve an order, after it where none is free in time."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mission.assignment.sorties import range_m
from mission.assignment.timetable import Timetable
from mission.assignment.trips import MASS_TOLERANCE_KG, Trip, TripJudge
from mission.model.orders import Order
from mission.model.refusal import Refusal, RefusalCode


@dataclass(frozen=True, slots=True)
class Screening:
    """Orders that some vehicle could serve if it had nothing else to do, and refusals for the others."""

    servable: tuple[int, ...]
    refusals: dict[int, Refusal]


def screen(judge: TripJudge) -> Screening:
    """Pass every order through the stages below; the first stage that no base survives refuses it."""
    servable: list[int] = []
    refusals: dict[int, Refusal] = {}
    for index in range(len(judge.problem.orders)):
        refusal = _refusal(judge, index)
        if refusal is None:
            servable.append(index)
        else:
            refusals[index] = refusal
    return Screening(tuple(servable), refusals)


def _refusal(judge: TripJudge, index: int) -> Refusal | None:
    bases = list(range(len(judge.bases)))
    if not bases:
        return _refuse(
            judge.problem.orders[index],
            RefusalCode.NO_VEHICLE,
            "The fleet has no vehicle.",
            "Add a vehicle to the fleet.",
        )
    for stage in _STAGES:
        survivors, refusal = stage(judge, index, bases)
        if not survivors:
            return refusal()
        bases = survivors
    return None


_Stage = Callable[[TripJudge, int, list[int]], tuple[list[int], Callable[[], Refusal]]]
"""`(judge, order, bases left) → (bases that survive, the refusal should none survive)`."""


def _by_mass(judge: TripJudge, index: int, bases: list[int]) -> tuple[list[int], Callable[[], Refusal]]:
    mass_kg = judge.mass_kg[index]

    def limit_kg(base: int) -> float:
        vehicle_type = judge.bases[base].vehicle_type
        return vehicle_type.max_payload_kg if vehicle_type.parcel_slots > 0 else 0.0

    def refusal() -> Refusal:
        best = max(bases, key=limit_kg)
        type_id = judge.bases[best].vehicle_type.type_id
        return _refuse(
            judge.problem.orders[index],
            RefusalCode.OVERWEIGHT,
            f"The parcel's mass is {mass_kg:.3f} kg; the most that a vehicle here carries is "
            f"{limit_kg(best):.3f} kg ({type_id}).",
            f"Lighten the parcel by {mass_kg - limit_kg(best):.3f} kg, or add a vehicle that carries it.",
        )

    return [base for base in bases if mass_kg <= limit_kg(base) + MASS_TOLERANCE_KG], refusal


def _by_method(judge: TripJudge, index: int, bases: list[int]) -> tuple[list[int], Callable[[], Refusal]]:
    method = judge.problem.orders[index].drop.method

    def refusal() -> Refusal:
        offered = sorted({m.value for base in bases for m in judge.bases[base].vehicle_type.methods})
        offers = ", ".join(offered) or "no hand-over method at all"
        return _refuse(
            judge.problem.orders[index],
            RefusalCode.METHOD_UNSUPPORTED,
            f"The drop asks for {method}; the vehicles that can carry the parcel's "
            f"{judge.mass_kg[index]:.3f} kg offer {offers}.",
            f"Choose {' or '.join(offered)} at the drop." if offered else f"Equip a vehicle for {method}.",
        )

    return [base for base in bases if method in judge.bases[base].vehicle_type.methods], refusal


def _by_past(judge: TripJudge, index: int, bases: list[int]) -> tuple[list[int], Callable[[], Refusal]]:
    order, now = judge.problem.orders[index], judge.problem.now

    def refusal() -> Refusal:
        return _refuse(
            order,
            RefusalCode.WINDOW_PAST,
            f"The window closed at {_clock(order.window.latest)}, "
            f"{_duration(now - order.window.latest)} before now ({_clock(now)}).",
            "Ask for a later window.",
        )

    return ([] if order.window.latest < now else bases), refusal


def _by_route(judge: TripJudge, index: int, bases: list[int]) -> tuple[list[int], Callable[[], Refusal]]:
    def refusal() -> Refusal:
        hubs = sorted({judge.problem.hubs[judge.bases[base].hub].hub_id for base in bases})
        return _refuse(
            judge.problem.orders[index],
            RefusalCode.NO_ROUTE,
            f"No permitted way leads from {' or '.join(hubs)} to the drop and back.",
            "Choose a drop point outside restricted and enclosed space, or another time.",
        )

    return [base for base in bases if math.isfinite(sum(judge.legs_m(base, (index,))))], refusal


def _by_range(judge: TripJudge, index: int, bases: list[int]) -> tuple[list[int], Callable[[], Refusal]]:
    def energy_wh(base: int) -> float:
        vehicle_type = judge.bases[base].vehicle_type
        return judge.problem.energy_wh(vehicle_type, judge.legs_m(base, (index,)), judge.payloads_kg((index,)))

    def shortfall_wh(base: int) -> float:
        missing = energy_wh(base) - judge.usable_wh(judge.bases[base].vehicle_type)
        return math.inf if math.isnan(missing) else missing

    def refusal() -> Refusal:
        best = min(bases, key=shortfall_wh)
        vehicle_type, hub = judge.bases[best].vehicle_type, judge.problem.hubs[judge.bases[best].hub]
        needed_wh, usable_wh = energy_wh(best), judge.usable_wh(vehicle_type)
        length_m, reach_m = sum(judge.legs_m(best, (index,))), range_m(judge, best, judge.mass_kg[index])
        return _refuse(
            judge.problem.orders[index],
            RefusalCode.OUT_OF_RANGE,
            f"Even alone the flight of {length_m / 1000.0:.2f} km from {hub.hub_id} and back needs "
            f"{needed_wh:.1f} Wh; {vehicle_type.type_id} may use {usable_wh:.1f} Wh "
            f"({vehicle_type.battery_wh:.1f} Wh less {judge.problem.policy.reserve_fraction:.0%} reserve).",
            f"With this parcel {vehicle_type.type_id} reaches {reach_m / 2000.0:.2f} km from its hub: "
            "choose a nearer drop, or add a hub or a vehicle of longer range.",
        )

    return [base for base in bases if shortfall_wh(base) <= 0.0], refusal


def _by_window(judge: TripJudge, index: int, bases: list[int]) -> tuple[list[int], Callable[[], Refusal]]:
    first_ready = {
        base: min(ready for ready, of in zip(judge.ready_ms, judge.base_of_vehicle, strict=True) if of == base)
        for base in bases
    }

    def in_time(base: int) -> bool:
        trip = judge.judge(base, (index,))
        return isinstance(trip, Trip) and first_ready[base] <= trip.latest_ms

    def refusal() -> Refusal:
        soonest_ms = math.inf
        for base in bases:
            vehicle_type = judge.bases[base].vehicle_type
            offset_s = judge.trip_times(vehicle_type, judge.legs_m(base, (index,)))[0]
            handover_ms = max(first_ready[base] + 1000.0 * offset_s, judge.window_ms[index][0])
            soonest_ms = min(soonest_ms, handover_ms)
        return _too_late(judge, index, soonest_ms, "Even with nothing else to do")

    return [base for base in bases if in_time(base)], refusal


_STAGES: tuple[_Stage, ...] = (_by_mass, _by_method, _by_past, _by_route, _by_range, _by_window)


def refuse_unplaced(timetable: Timetable, index: int) -> Refusal:
    """Refuse an order that a vehicle could serve, were the fleet not busy with the others until too late."""
    judge = timetable.judge
    soonest_ms = min(_free_handovers_ms(timetable, index), default=math.inf)
    return _too_late(judge, index, soonest_ms, "With the fleet busy on other orders")


def _free_handovers_ms(timetable: Timetable, index: int) -> Iterator[float]:
    judge = timetable.judge
    for trip in judge.trips((index,)):
        for vehicle, base in enumerate(judge.base_of_vehicle):
            if base != trip.base:
                continue
            departure_ms = timetable.earliest_departure_ms(vehicle, trip, latest_ms=math.inf)
            if departure_ms is not None:
                yield departure_ms + 1000.0 * trip.handover_offsets_s[0]


def _too_late(judge: TripJudge, index: int, soonest_ms: float, circumstance: str) -> Refusal:
    order = judge.problem.orders[index]
    soonest = judge.problem.now + timedelta(milliseconds=math.ceil(soonest_ms / 1000.0) * 1000)
    return _refuse(
        order,
        RefusalCode.WINDOW_UNREACHABLE,
        f"{circumstance}, the earliest possible hand-over is at {_clock(soonest)}; "
        f"the window closes at {_clock(order.window.latest)}, "
        f"{_duration(soonest - order.window.latest)} before.",
        f"Extend the window to {_clock(soonest)}, or add a vehicle that is nearer or free.",
    )


def _refuse(order: Order, code: RefusalCode, reason: str, remedy: str) -> Refusal:
    return Refusal(order_id=order.order_id, code=code, reason=reason, remedy=remedy)


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(span: timedelta) -> str:
    seconds = max(0, math.ceil(span.total_seconds()))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
