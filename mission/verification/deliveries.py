"""Every expected drop gets exactly one release, near it and low; and nothing is released elsewhere."""

from collections.abc import Mapping

import numpy as np

from mission.geodesy.terrain import Terrain
from mission.model.geo import GeoPoint
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import geodesic_between_m
from mission.verification.path import Release
from mission.verification.rules import RELEASE_HEIGHT_TOLERANCE_M, RuleCode, broken


def check_deliveries(
    releases: tuple[Release, ...],
    drops: Mapping[str, GeoPoint],
    home_amsl_m: float,
    terrain: Terrain,
    policy: Policy,
) -> list[Finding]:
    """Judge releases against the drops that are expected.

    Args:
        releases: where the gripper opens.
        drops: order id → where its parcel belongs; several orders may share a place.
        home_amsl_m: home's elevation.
        terrain: for the height above the drop's ground.
        policy: release radius and height.
    """
    orders = sorted(drops)
    away = [[_apart_m(release, drops[order]) for order in orders] for release in releases]
    served_by = _matching(away, len(orders), policy.release_radius_m)
    findings = [
        _unserved(orders[k], drops[orders[k]], k, away, policy) for k in range(len(orders)) if k not in served_by
    ]
    used = set(served_by.values())
    for index, release in enumerate(releases):
        if index not in used:
            findings.append(_needless(release, away[index], policy))
        findings.extend(_check_height(release, home_amsl_m, terrain, policy))
    return findings


def _matching(away: list[list[float]], orders: int, radius_m: float) -> dict[int, int]:
    """Return order → release, as many pairs within the radius as there can be (augmenting paths)."""
    served_by: dict[int, int] = {}

    def serve(release: int, tried: set[int]) -> bool:
        for order in sorted(range(orders), key=lambda k: away[release][k]):
            if away[release][order] > radius_m or order in tried:
                continue
            tried.add(order)
            if order not in served_by or serve(served_by[order], tried):
                served_by[order] = release
                return True
        return False

    for release in range(len(away)):
        serve(release, set())
    return served_by


def _unserved(order_id: str, drop: GeoPoint, column: int, away: list[list[float]], policy: Policy) -> Finding:
    nearest = min((row[column] for row in away), default=float("inf"))
    return broken(
        RuleCode.DROP_MISSED,
        f"No release of its own within {policy.release_radius_m:g} m of the drop of order {order_id}; "
        + (f"the nearest release is {nearest:.1f} m away." if away else "there is no release at all."),
        place=drop,
        measured=nearest,
        limit=policy.release_radius_m,
        unit="m",
    )


def _needless(release: Release, away: list[float], policy: Policy) -> Finding:
    nearest = min(away, default=float("inf"))
    repeated = nearest <= policy.release_radius_m
    return broken(
        RuleCode.RELEASE_REPEATED if repeated else RuleCode.RELEASE_ELSEWHERE,
        f"Item {release.item} releases a parcel "
        + ("again at a drop that has its release." if repeated else f"{nearest:.1f} m from the nearest drop."),
        item=release.item,
        place=release.place.point,
        measured=nearest,
        limit=policy.release_radius_m,
        unit="m",
    )


def _check_height(release: Release, home_amsl_m: float, terrain: Terrain, policy: Policy) -> list[Finding]:
    """Judge the height of a release: above the ground where that is known well enough, else above home."""
    place = release.place
    low, high = terrain.elevation_range_amsl_m(
        np.array([place.latitude_deg]), np.array([place.longitude_deg]), policy.release_radius_m
    )
    limit = policy.release_height_home_m + RELEASE_HEIGHT_TOLERANCE_M
    least = home_amsl_m + place.height_home_m - float(high[0])
    most = home_amsl_m + place.height_home_m - float(low[0])
    if most <= limit:
        return []
    if least > limit or place.height_home_m > limit:
        measured = least if least > limit else place.height_home_m
        return [
            broken(
                RuleCode.RELEASE_TOO_HIGH,
                f"Item {release.item} releases from {measured:.1f} m.",
                item=release.item,
                place=place.point,
                measured=measured,
                limit=policy.release_height_home_m,
                unit="m",
            )
        ]
    return [
        broken(
            RuleCode.RELEASE_HEIGHT_UNPROVEN,
            f"Item {release.item} releases {place.height_home_m:.1f} m above home; above the drop's ground it may "
            f"be anything from {least:.1f} to {most:.1f} m.",
            item=release.item,
            place=place.point,
            measured=most,
            limit=policy.release_height_home_m,
            unit="m",
        )
    ]


def _apart_m(release: Release, drop: GeoPoint) -> float:
    return geodesic_between_m(
        release.place.latitude_deg, release.place.longitude_deg, drop.latitude_deg, drop.longitude_deg
    )
