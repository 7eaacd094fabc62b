"""The mission of a vehicle that is in the air and must land elsewhere."""

from collections.abc import Callable

import pytest
import shapely

from mission.compile import AirborneHome, Compiled, FenceZone, compile_diversion
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import LandingSite
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand
from mission.policy import Policy

MakeZone = Callable[[str, shapely.Polygon], FenceZone]
At = Callable[[float, float], GeoPoint]
Divert = Callable[..., Compiled]


@pytest.fixture
def site(at: At) -> LandingSite:
    """A field 9 m below the hub."""
    return LandingSite("field", "Field", at(900.0, 900.0), 480.4)


@pytest.fixture
def divert(at: At, site: LandingSite, policy: Policy, frame: LocalFrame) -> Divert:
    """Return a compiler of diversions to the field."""

    def compile_it(path: list[GeoPoint], *zones: FenceZone) -> Compiled:
        return compile_diversion(
            path,
            55.0,
            site,
            AirborneHome(at(0.0, 0.0), 489.4),
            cruise_speed_m_s=12.0,
            zones_near=zones,
            frame=frame,
            policy=policy,
        )

    return compile_it


def test_a_diversion_holds_its_height_and_lands_on_the_ground_of_the_site(
    divert: Divert, at: At, site: LandingSite
) -> None:
    """Present place, speed, corners, above the site, land 9 m below home: and no take-off."""
    result = divert([at(300.0, 0.0), at(600.0, 300.0), site.position])
    items = result.mission.items
    assert [item.command for item in items] == [
        MavCommand.NAV_WAYPOINT,
        MavCommand.DO_CHANGE_SPEED,
        MavCommand.NAV_WAYPOINT,
        MavCommand.NAV_WAYPOINT,
        MavCommand.NAV_LAND,
    ]
    assert [item.z for item in items if item.command == MavCommand.NAV_WAYPOINT] == [55.0] * 3
    assert items[-1].z == pytest.approx(-9.0)
    assert (items[-1].x, items[-1].y) == (items[-2].x, items[-2].y)
    assert result.item_of_leg == (0, 2, 3, 4)
    assert result.gate_item == {}


def test_a_vehicle_over_the_site_just_lands(divert: Divert, site: LandingSite) -> None:
    """A path of one place has no legs."""
    items = divert([site.position]).mission.items
    assert [item.command for item in items] == [
        MavCommand.NAV_WAYPOINT,
        MavCommand.DO_CHANGE_SPEED,
        MavCommand.NAV_LAND,
    ]


def test_the_fence_holds_home_although_it_is_not_flown_to(
    divert: Divert, at: At, frame: LocalFrame, site: LandingSite
) -> None:
    """PX4 drops a fence without home."""
    fence = divert([at(850.0, 850.0), site.position]).mission.fence
    ring = shapely.Polygon(frame.to_local([item.position for item in fence]))
    assert ring.contains(shapely.Point(0.0, 0.0))


def test_a_zone_over_the_vehicle_is_left_out_and_noted(
    divert: Divert, at: At, site: LandingSite, zone: MakeZone
) -> None:
    """F-A2: a fence that the vehicle already breaks would stop it; the others stay in."""
    over = zone("POPUP", shapely.box(250.0, -50.0, 350.0, 50.0))
    beside = zone("R2", shapely.box(600.0, 200.0, 700.0, 300.0))
    result = divert([at(300.0, 0.0), site.position], over, beside)
    exclusions = [item for item in result.mission.fence if item.command == MavCommand.FENCE_POLYGON_EXCLUSION]
    assert exclusions
    assert [note for note in result.notes if "POPUP" in note]
    assert not [note for note in result.notes if "R2" in note]


def test_a_zone_passed_at_the_verified_clearance_stays_in_the_fence(
    divert: Divert, at: At, site: LandingSite, zone: MakeZone, policy: Policy
) -> None:
    """A way out found with the least clearance there may be is still fenced."""
    beside = zone("R3", shapely.box(310.0, policy.verified_clearance_m - 0.03, 500.0, 80.0))
    path = [at(300.0, 0.0), at(900.0, 0.0), site.position]
    result = divert(path, beside)
    assert result.notes == ()
    assert any(item.command == MavCommand.FENCE_POLYGON_EXCLUSION for item in result.mission.fence)


def test_a_zone_over_home_is_left_out_and_noted(divert: Divert, at: At, site: LandingSite, zone: MakeZone) -> None:
    """F-A4: PX4 would drop the polygon without a word."""
    result = divert([at(600.0, 600.0), site.position], zone("HUB", shapely.box(-90.0, -90.0, 90.0, 90.0)))
    assert all(item.command == MavCommand.FENCE_POLYGON_INCLUSION for item in result.mission.fence)
    assert any("HUB" in note for note in result.notes)


def test_a_path_must_end_at_the_site(divert: Divert, at: At) -> None:
    """Landing anywhere else is a defect of the caller."""
    with pytest.raises(ValueError, match="from its landing site"):
        divert([at(300.0, 0.0), at(890.0, 900.0)])
    with pytest.raises(ValueError, match="present position"):
        divert([])
