"""Diversions: missions for a vehicle that flies already."""

import math
from typing import TYPE_CHECKING

from mission.model.mission import MavCommand
from mission.model.verdict import Severity

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town


def diversion(scene: "Scene", town: "Town", east_m: float, north_m: float) -> "Scene":
    """Return a flight from the middle of nowhere to a landing site, with a parcel still aboard."""
    site = town.at(1200.0, 900.0)
    return scene.but(
        items=(
            town.item(MavCommand.NAV_WAYPOINT, town.at(1400.0, 700.0), 60.0),
            town.item(MavCommand.NAV_WAYPOINT, site, 60.0),
            town.item(MavCommand.NAV_LAND, site, 0.0),
        ),
        drops={},
        landing_sites=(site,),
        start=town.at(east_m, north_m),
        start_height_home_m=60.0,
    )


def test_a_diversion_needs_no_takeoff(scene: "Scene", town: "Town") -> None:
    """It begins where the vehicle is."""
    assert diversion(scene, town, 1500.0, 500.0).codes() == []


def test_the_way_from_the_vehicle_to_the_first_item_is_judged(scene: "Scene", town: "Town") -> None:
    """The first leg starts in the air, and here it leads through the hospital."""
    verdict = diversion(scene, town, 1000.0, -200.0).verdict()
    assert [(f.code, f.zone_id, f.item) for f in verdict.findings] == [("ZONE_ENTERED", "hospital", 0)]


def test_a_takeoff_in_the_air_is_found(scene: "Scene", town: "Town") -> None:
    """A vehicle that flies cannot take off."""
    flying = diversion(scene, town, 1500.0, 500.0)
    takeoff = town.item(MavCommand.NAV_TAKEOFF, town.at(1500.0, 500.0), 60.0)
    assert flying.but(items=(takeoff, *flying.items)).codes() == ["TAKEOFF_WHILE_AIRBORNE"]


def test_a_vehicle_at_no_known_height_is_found(scene: "Scene", town: "Town") -> None:
    """Of a path whose beginning is not known nothing is judged."""
    verdict = diversion(scene, town, 1500.0, 500.0).but(start_height_home_m=math.nan).verdict()
    assert [f.code for f in verdict.findings] == ["HEIGHT_INVALID"]
    assert verdict.smallest_clearance_m == -math.inf


def test_a_landing_at_no_permitted_site_is_found_in_the_air_too(scene: "Scene", town: "Town") -> None:
    """The landing site of a diversion must be permitted."""
    assert diversion(scene, town, 1500.0, 500.0).but(landing_sites=()).codes() == ["LANDING_NOT_PERMITTED"]


def test_leaving_a_zone_that_popped_up_by_a_short_way_is_a_warning(scene: "Scene", town: "Town") -> None:
    """A zone over the vehicle must be left, and that is said, not forbidden (F-A2)."""
    popped = town.zone("popped", town.circle(1540.0, 480.0, 100.0))
    verdict = diversion(scene, town, 1500.0, 500.0).with_zone(popped).verdict()
    assert [(f.code, f.zone_id, f.severity) for f in verdict.findings] == [("ZONE_LEFT", "popped", Severity.WARNING)]
    assert verdict.ok
    assert verdict.smallest_clearance_m < 0.0


def test_a_long_way_through_a_zone_is_no_leaving(scene: "Scene", town: "Town") -> None:
    """A vehicle at the western edge may not cross the whole zone to the east."""
    popped = town.zone("popped", town.box(495.0, 300.0, 1350.0, 800.0))
    verdict = diversion(scene, town, 500.0, 700.0).with_zone(popped).verdict()
    assert [(f.code, f.zone_id) for f in verdict.findings] == [("ZONE_ENTERED", "popped")]


def test_coming_back_into_the_zone_is_no_leaving(scene: "Scene", town: "Town") -> None:
    """Once out, out."""
    popped = town.zone("popped", town.circle(1500.0, 500.0, 50.0))
    flying = diversion(scene, town, 1500.0, 500.0)
    away = town.item(MavCommand.NAV_WAYPOINT, town.at(1700.0, 500.0), 60.0)
    back = town.item(MavCommand.NAV_WAYPOINT, town.at(1500.0, 500.0), 60.0)
    verdict = flying.but(items=(away, back, *flying.items)).with_zone(popped).verdict()
    assert [f.code for f in verdict.findings] == ["ZONE_ENTERED"]


def test_a_zone_at_the_hub_is_no_leaving_for_a_launch(scene: "Scene", town: "Town") -> None:
    """A vehicle on the ground stays there (F-A4)."""
    popped = town.zone("popped", town.circle(0.0, 0.0, 50.0))
    assert scene.with_zone(popped).codes() == ["ZONE_ENTERED"]
