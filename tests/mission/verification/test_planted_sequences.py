"""Faults in the order of items: take-offs, landings and gates. Each is planted into a clean delivery."""

from typing import TYPE_CHECKING

import pytest

from mission.geodesy.terrain import FlatTerrain, ReliefTerrain
from mission.model.geo import ElevationRange
from mission.model.mission import MavCommand
from mission.model.verdict import Severity

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town


def test_a_mission_that_does_not_begin_with_takeoff_is_found(scene: "Scene") -> None:
    """Speed before take-off."""
    swapped = (scene.items[1], scene.items[0], *scene.items[2:])
    assert scene.but(items=swapped).codes() == ["TAKEOFF_NOT_FIRST"]


def test_a_second_takeoff_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 finds it infeasible after it accepted the upload."""
    again = town.item(MavCommand.NAV_TAKEOFF, town.at(*town.DROP_EN), 60.0)
    verdict = scene.but(items=(*scene.items[:7], again, *scene.items[7:])).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("TAKEOFF_REPEATED", 7)]


def test_a_takeoff_that_does_not_climb_is_found(scene: "Scene") -> None:
    """At or below zero PX4 finds it infeasible."""
    assert "TAKEOFF_HEIGHT" in scene.with_item(0, z=0.0).codes()


def test_a_takeoff_beside_home_is_found(scene: "Scene", town: "Town") -> None:
    """The vehicle stands at home, not 40 m away."""
    beside = town.item(MavCommand.NAV_TAKEOFF, town.at(-40.0, 0.0), 60.0)
    verdict = scene.with_item(0, x=beside.x, y=beside.y).verdict()
    assert [f.code for f in verdict.findings] == ["TAKEOFF_AWAY_FROM_HOME"]
    assert verdict.findings[0].measured == pytest.approx(40.0, abs=0.05)


@pytest.mark.parametrize("index", [0, 3, 5, 6])
def test_an_item_that_works_the_gripper_is_found_wherever_it_is(scene: "Scene", town: "Town", index: int) -> None:
    """Also at the drop: it opens whatever the vehicle sees. A release is commanded at the gate, and proved."""
    gripper = town.item(MavCommand.DO_GRIPPER, param1=1.0)
    verdict = scene.but(items=(*scene.items[:index], gripper, *scene.items[index:])).verdict()
    assert ("GRIPPER_IN_MISSION", index) in [(f.code, f.item) for f in verdict.findings]
    assert not verdict.ok


def test_a_mission_that_ends_in_the_air_is_found(scene: "Scene") -> None:
    """The landing is missing."""
    assert scene.but(items=scene.items[:-1]).codes() == ["LAND_NOT_LAST"]


def test_a_landing_elsewhere_is_found(scene: "Scene", town: "Town") -> None:
    """Ten metres beside the pad."""
    beside = town.item(MavCommand.NAV_LAND, town.at(0.0, 10.0), 0.0)
    verdict = scene.with_item(9, x=beside.x, y=beside.y).verdict()
    assert [f.code for f in verdict.findings] == ["LANDING_NOT_PERMITTED"]
    assert verdict.findings[0].measured == pytest.approx(10.0, abs=0.02)


def test_a_missing_gate_is_found(scene: "Scene") -> None:
    """Over the drop and up again, with no time to hand anything over."""
    verdict = scene.but(items=scene.items[:5] + scene.items[6:]).verdict()
    assert [f.code for f in verdict.findings] == ["DROP_MISSED"]
    assert "order-1" in verdict.findings[0].message


def test_a_gate_at_another_place_is_found(scene: "Scene", town: "Town") -> None:
    """Thirty metres from the drop: nothing can be handed over there, and it waits here for nothing."""
    assert scene.but(drops={"order-1": town.at(1500.0, 630.0)}).codes() == [
        "DROP_MISSED",
        "GATE_ELSEWHERE",
    ]


def test_a_gate_nobody_expects_is_found(scene: "Scene") -> None:
    """A diversion carries its parcels home."""
    assert scene.but(drops={}).codes() == ["GATE_ELSEWHERE"]


def served_twice(scene: "Scene") -> "Scene":
    """Return the delivery with its drop served again: up, down, a second gate."""
    return scene.but(items=(*scene.items[:7], *scene.items[4:7], *scene.items[7:]))


def test_a_second_gate_for_one_parcel_is_found(scene: "Scene") -> None:
    """One parcel, one gate (I-9)."""
    verdict = served_twice(scene).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("GATE_REPEATED", 8)]


def test_two_orders_at_one_place_need_two_gates(scene: "Scene", town: "Town") -> None:
    """Two parcels for one door are two hand-overs; one is one too few."""
    door = town.at(*town.DROP_EN)
    both = scene.but(drops={"order-1": door, "order-2": door})
    assert both.codes() == ["DROP_MISSED"]
    assert served_twice(both).codes() == []


@pytest.mark.parametrize("wait_s", [0.0, 5.0, 59.0, 61.0, 240.0])
def test_a_gate_of_another_time_is_found(scene: "Scene", wait_s: float) -> None:
    """Longer than energy was set aside for, or too short for a decision."""
    verdict = scene.with_item(5, param1=wait_s).verdict()
    assert [(f.code, f.item, f.measured) for f in verdict.findings] == [("GATE_TIME", 5, wait_s)]


def test_flying_off_sideways_from_a_gate_is_found(scene: "Scene") -> None:
    """From 6 m up straight to the next corner: a way that nobody looked at for trees and wires."""
    verdict = scene.but(items=scene.items[:6] + scene.items[7:]).verdict()
    assert ("CLIMB_AFTER_GATE", 6) in [(f.code, f.item) for f in verdict.findings]


def test_a_release_from_too_high_is_found(scene: "Scene") -> None:
    """From 12 m the parcel breaks."""
    verdict = scene.with_item(5, z=12.0).verdict()
    assert [(f.code, f.measured, f.limit) for f in verdict.findings] == [("RELEASE_TOO_HIGH", 12.0, 6.0)]


def test_a_release_over_ground_below_home_is_found(scene: "Scene") -> None:
    """6 m above home is 15 m above a drop that lies 9 m lower."""
    assert scene.but(terrain=FlatTerrain(191.0)).codes() == ["RELEASE_TOO_HIGH"]


def test_a_release_height_that_cannot_be_proven_is_a_warning(scene: "Scene") -> None:
    """Where only the area's relief is known, hub level is taken, and said so."""
    verdict = scene.but(terrain=ReliefTerrain(ElevationRange(195.0, 204.0))).verdict()
    assert [(f.code, f.severity) for f in verdict.findings] == [("RELEASE_HEIGHT_UNPROVEN", Severity.WARNING)]
    assert verdict.ok


def landing_delivery(scene: "Scene", town: "Town") -> "Scene":
    """Return the delivery that lands at the drop and flies home from there."""
    drop = town.at(*town.DROP_EN)
    items = list(scene.items)
    items[4:6] = [town.item(MavCommand.NAV_LAND, drop, 0.0), town.item(MavCommand.NAV_DELAY, param1=60.0)]
    return scene.but(items=tuple(items))


def test_a_delivery_by_landing_is_clean(scene: "Scene", town: "Town") -> None:
    """Land, gate, straight up."""
    assert landing_delivery(scene, town).codes() == []


def test_flying_off_sideways_after_a_landing_is_found(scene: "Scene", town: "Town") -> None:
    """Without the waypoint straight above, PX4 drifts sideways close to the ground."""
    landed = landing_delivery(scene, town)
    verdict = landed.but(items=landed.items[:6] + landed.items[7:]).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("CLIMB_AFTER_LAND", 6)]


def test_a_landing_on_the_way_at_no_drop_is_found(scene: "Scene", town: "Town") -> None:
    """A stop in a field, with the parcel still aboard."""
    landed = landing_delivery(scene, town)
    items = (
        *landed.items[:3],
        town.item(MavCommand.NAV_LAND, town.at(*town.CORNER_EN), 0.0),
        landed.items[2],
        *landed.items[3:],
    )
    verdict = landed.but(items=items).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("LANDING_NOT_PERMITTED", 3)]
