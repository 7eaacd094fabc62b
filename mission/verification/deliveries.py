"""Every expected drop gets exactly one gate, near it and low; and the vehicle waits nowhere else."""

from collections.abc import Mapping

import numpy as np

from mission.geodesy.terrain import Terrain
from mission.model.geo import GeoPoint
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import geodesic_between_m
from mission.verification.path import Gate
from mission.verification.rules import GATE_TIME_TOLERANCE_S, RELEASE_HEIGHT_TOLERANCE_M, RuleCode, broken


def check_deliveries(
    gates: tuple[Gate, ...],
    drops: Mapping[str, GeoPoint],
    home_amsl_m: float,
    terrain: Terrain,
    policy: Policy,
) -> list[Finding]:
    """Judge gates against the drops that are expected.

    Args:
        gates: where the vehicle waits for a hand-over.
        drops: order id → where its parcel belongs; several orders may share a place.
        home_amsl_m: home's elevation.
        terrain: for the height above the drop's ground.
        policy: release radius, height and time.
    """
    orders = sorted(drops)
    away = [[_apart_m(gate, drops[order]) for order in orders] for gate in gates]
    served_by = _matching(away, len(orders), policy.release_radius_m)
    findings = [
        _unserved(orders[k], drops[orders[k]], k, away, policy) for k in range(len(orders)) if k not in served_by
    ]
    used = set(served_by.values())
    for index, gate in enumerate(gates):
        if index not in used:
            findings.append(_needless(gate, away[index], policy))
        findings.extend(_check_height(gate, home_amsl_m, terrain, policy))
        findings.extend(_check_time(gate, policy))
    return findings


def _matching(away: list[list[float]], orders: int, radius_m: float) -> dict[int, int]:
    """Return order → gate, as many pairs within the radius as there can be (augmenting paths)."""
    served_by: dict[int, int] = {}

    def serve(gate: int, tried: set[int]) -> bool:
        for order in sorted(range(orders), key=lambda k: away[gate][k]):
            if away[gate][order] > radius_m or order in tried:
                continue
            tried.add(order)
            if order not in served_by or serve(served_by[order], tried):
                served_by[order] = gate
                return True
        return False

    for gate in range(len(away)):
        serve(gate, set())
    return served_by


def _unserved(order_id: str, drop: GeoPoint, column: int, away: list[list[float]], policy: Policy) -> Finding:
    nearest = min((row[column] for row in away), default=float("inf"))
    return broken(
        RuleCode.DROP_MISSED,
        f"No gate of its own within {policy.release_radius_m:g} m of the drop of order {order_id}; "
        + (f"the nearest gate is {nearest:.1f} m away." if away else "there is no gate at all."),
        place=drop,
        measured=nearest,
        limit=policy.release_radius_m,
        unit="m",
    )


def _needless(gate: Gate, away: list[float], policy: Policy) -> Finding:
    nearest = min(away, default=float("inf"))
    repeated = nearest <= policy.release_radius_m
    return broken(
        RuleCode.GATE_REPEATED if repeated else RuleCode.GATE_ELSEWHERE,
        f"Item {gate.item} waits for a hand-over "
        + ("again at a drop that has its gate." if repeated else f"{nearest:.1f} m from the nearest drop."),
        item=gate.item,
        place=gate.place.point,
        measured=nearest,
        limit=policy.release_radius_m,
        unit="m",
    )


def _check_height(gate: Gate, home_amsl_m: float, terrain: Terrain, policy: Policy) -> list[Finding]:
    """Judge the height of a release: above the ground where that is known well enough to prove it.

    Else above the best estimate of the ground, and above home where there is none.
    """
    place = gate.place
    low, high = terrain.elevation_range_amsl_m(
        np.array([place.latitude_deg]), np.array([place.longitude_deg]), policy.release_radius_m
    )
    limit = policy.release_height_home_m + RELEASE_HEIGHT_TOLERANCE_M
    least = home_amsl_m + place.height_home_m - float(high[0])
    most = home_amsl_m + place.height_home_m - float(low[0])
    if most <= limit:
        return []
    ground_amsl_m = terrain.elevation_amsl_m(place.latitude_deg, place.longitude_deg)
    likely = place.height_home_m + (0.0 if np.isnan(ground_amsl_m) else home_amsl_m - ground_amsl_m)
    if least > limit or likely > limit:
        measured = least if least > limit else likely
        return [
            broken(
                RuleCode.RELEASE_TOO_HIGH,
                f"Item {gate.item} releases from {measured:.1f} m.",
                item=gate.item,
                place=place.point,
                measured=measured,
                limit=policy.release_height_home_m,
                unit="m",
            )
        ]
    return [
        broken(
            RuleCode.RELEASE_HEIGHT_UNPROVEN,
            f"Item {gate.item} releases {place.height_home_m:.1f} m above home; above the drop's ground it may "
            f"be anything from {least:.1f} to {most:.1f} m.",
            item=gate.item,
            place=place.point,
            measured=most,
            limit=policy.release_height_home_m,
            unit="m",
        )
    ]


def _check_time(gate: Gate, policy: Policy) -> list[Finding]:
    """Judge how long the vehicle waits: as long as energy was set aside for, and time to decide."""
    if abs(gate.wait_s - policy.release_wait_s) <= GATE_TIME_TOLERANCE_S:
        return []
    return [
        broken(
            RuleCode.GATE_TIME,
            f"Item {gate.item} waits {gate.wait_s:g} s for a hand-over, not {policy.release_wait_s:g} s.",
            item=gate.item,
            place=gate.place.point,
            measured=gate.wait_s,
            limit=policy.release_wait_s,
            unit="s",
        )
    ]


def _apart_m(gate: Gate, drop: GeoPoint) -> float:
    return geodesic_between_m(gate.place.latitude_deg, gate.place.longitude_deg, drop.latitude_deg, drop.longitude_deg)
