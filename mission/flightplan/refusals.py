"""Why a sortie cannot be flown as planned, in words and figures."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from mission.model.flight import FlightPlan, LegKind, Sortie
from mission.model.orders import DeliveryMethod, Order
from mission.model.refusal import Refusal, RefusalCode

FLOWN_METHODS = frozenset({DeliveryMethod.GRIPPER, DeliveryMethod.LAND})
"""Hand-overs that a flight plan knows how to fly."""


def method_refusals(sortie: Sortie) -> tuple[Refusal, ...]:
    """Refuse hand-over methods that are not flown, or that the vehicle is not equipped for."""
    equipped = sortie.vehicle.type.methods & FLOWN_METHODS
    return tuple(
        Refusal(
            order.order_id,
            RefusalCode.METHOD_UNSUPPORTED,
            f"Vehicle {sortie.vehicle.vehicle_id} cannot hand over by {order.drop.method}; "
            f"it can by {', '.join(sorted(equipped)) or 'no method'}.",
            "Choose another method for this drop point, or a vehicle equipped for it.",
        )
        for order in sortie.orders
        if order.drop.method not in equipped
    )


def load_refusals(sortie: Sortie) -> tuple[Refusal, ...]:
    """Refuse loads heavier, or of more parcels, than the vehicle type carries."""
    vehicle_type = sortie.vehicle.type
    load_kg = sum(order.parcel.mass_kg for order in sortie.orders)
    refusals: list[Refusal] = []
    for order in sortie.orders:
        if load_kg > vehicle_type.max_payload_kg:
            refusals.append(
                Refusal(
                    order.order_id,
                    RefusalCode.OVERWEIGHT,
                    f"The sortie's {load_kg:.2f} kg exceed the {vehicle_type.max_payload_kg:.2f} kg that "
                    f"{vehicle_type.type_id} carries.",
                    "Split the sortie, or use a stronger vehicle.",
                )
            )
        elif len(sortie.orders) > vehicle_type.parcel_slots:
            refusals.append(
                Refusal(
                    order.order_id,
                    RefusalCode.NO_VEHICLE,
                    f"The sortie's {len(sortie.orders)} parcels exceed the {vehicle_type.parcel_slots} slots "
                    f"of {vehicle_type.type_id}.",
                    "Split the sortie.",
                )
            )
    return tuple(refusals)


def height_refusals(
    sortie: Sortie, handover_height_home_m: Callable[[Order], float], heights_home_m: Sequence[float]
) -> tuple[Refusal, ...]:
    """Refuse drops whose hand-over would not lie below the level flight to it and the one from it."""
    return tuple(
        Refusal(
            order.order_id,
            RefusalCode.NO_ROUTE,
            f"The hand-over at {handover_height_home_m(order):.1f} m above the hub is not below the cruise "
            f"height of {min(around):.1f} m.",
            "Raise the cruise height, or choose a lower drop point.",
        )
        for order, around in zip(sortie.orders, pairwise(heights_home_m), strict=True)
        if not handover_height_home_m(order) < min(around)
    )


def battery_refusals(plan: FlightPlan) -> tuple[Refusal, ...]:
    """Refuse every order of a sortie that may need more than the battery holds above the reserve.

    Counted is the flight with every hand-over waiting as long as it may.
    """
    battery_wh = plan.sortie.vehicle.type.battery_wh
    available_wh = battery_wh - plan.reserve_wh
    if plan.energy_wh + plan.wait_wh <= available_wh:
        return ()
    return tuple(
        Refusal(
            order.order_id,
            RefusalCode.OUT_OF_RANGE,
            f"The flight of {plan.length_m / 1000.0:.2f} km needs {plan.energy_wh:.1f} Wh and may wait at its drops "
            f"for {plan.wait_wh:.1f} Wh; "
            f"{available_wh:.1f} Wh are available "
            f"({battery_wh:.1f} Wh less {plan.reserve_wh:.1f} Wh of reserve).",
            "Use a nearer hub, a lighter load, or a vehicle with more range.",
        )
        for order in plan.sortie.orders
    )


def window_refusals(plan: FlightPlan) -> tuple[Refusal, ...]:
    """Refuse orders whose hand-over would end after their window closes."""
    windows = {order.order_id: order.window for order in plan.sortie.orders}
    return tuple(
        Refusal(
            leg.order_id,
            RefusalCode.WINDOW_UNREACHABLE,
            f"The hand-over would end at {leg.arrive.isoformat(timespec='seconds')}, "
            f"{(leg.arrive - windows[leg.order_id].latest).total_seconds():.0f} s after the window closes at "
            f"{windows[leg.order_id].latest.isoformat(timespec='seconds')}.",
            "Depart earlier, serve it first, or widen the window.",
        )
        for leg in plan.legs
        if leg.kind is LegKind.HANDOVER and leg.arrive > windows[leg.order_id].latest
    )
