"""Compiled missions before the verifier, which shares no code with what made them."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mission.compile import AirborneHome, Compiled, compile_diversion, compile_sortie
from mission.geodesy.local_frame import LocalFrame
from mission.geodesy.terrain import FlatTerrain
from mission.model.airspace import GeoZone, PolygonFootprint, Restriction, ZoneSource, ZoneVolume
from mission.model.fleet import LandingSite
from mission.model.flight import FlightPlan
from mission.model.geo import GeoPoint, Height, VerticalDatum
from mission.model.mission import Mission
from mission.model.orders import DeliveryMethod
from mission.model.verdict import Verdict
from mission.policy import Policy
from mission.routing import Environment, Obstacle, Route
from mission.verification import CruisePerformance, verify

HOME = GeoPoint(47.397742, 8.545594)
GROUND_AMSL_M = 489.4
FRAME = LocalFrame(HOME)
SPEEDS = CruisePerformance(12.0, 3.0, 1.5)
EVERYWHERE = {
    "floor": Height(float("-inf"), VerticalDatum.AMSL),
    "ceiling": Height(float("inf"), VerticalDatum.AMSL),
}


@st.composite
def blocks(draw: st.DrawFn) -> list[shapely.Polygon]:
    """Convex blocks that leave 60 m around home free."""
    found = []
    for _ in range(draw(st.integers(0, 12))):
        east, north = draw(st.floats(-900.0, 900.0)), draw(st.floats(-900.0, 900.0))
        radius, corners = draw(st.floats(30.0, 250.0)), draw(st.integers(3, 9))
        angles = draw(st.floats(0.0, 6.28)) + np.arange(corners) * 2.0 * np.pi / corners
        block = shapely.Polygon(np.column_stack([east + radius * np.cos(angles), north + radius * np.sin(angles)]))
        if block.distance(shapely.Point(0.0, 0.0)) > 60.0:
            found.append(block)
    return found


def geo_zone(name: str, block: shapely.Polygon) -> GeoZone:
    """A prohibited zone at all heights, always."""
    ring = tuple(FRAME.to_geo(shapely.get_coordinates(block)[:-1]))
    volume = ZoneVolume(PolygonFootprint(ring), **EVERYWHERE)
    return GeoZone(name, name, Restriction.PROHIBITED, (volume,), ZoneSource("drawn", "test"))


def way(blocked: list[Obstacle], start: tuple[float, float], goal: tuple[float, float]) -> list[GeoPoint]:
    """The shortest way, or no such example."""
    route = Environment.build(blocked, Policy().zone_clearance_m).shortest(np.array(start), np.array(goal))
    assume(isinstance(route, Route))
    assert isinstance(route, Route)
    return FRAME.to_geo(route.points)


def judged(mission: Mission, zones: list[GeoZone], policy: Policy, plan: FlightPlan, **airborne: object) -> Verdict:
    """The verifier's word."""
    return verify(
        mission,
        zones=zones,
        policy=policy,
        departure=plan.departure,
        terrain=FlatTerrain(GROUND_AMSL_M),
        performance=SPEEDS,
        delay_allowance=timedelta(minutes=10),
        **airborne,  # type: ignore[arg-type]  # the keywords differ between a sortie and a diversion
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
@given(
    world=blocks(),
    drop=st.tuples(st.floats(-1200.0, 1200.0), st.floats(-1200.0, 1200.0)),
    method=st.sampled_from([DeliveryMethod.GRIPPER, DeliveryMethod.LAND]),
)
def test_the_verifier_accepts_what_is_compiled_from_a_route(
    make_plan: Callable[..., FlightPlan],
    policy: Policy,
    world: list[shapely.Polygon],
    drop: tuple[float, float],
    method: DeliveryMethod,
) -> None:
    """No finding at all, on the way out, at the drop, and home; and the diversion home is accepted as well."""
    blocked = [Obstacle(f"Z{index}", block) for index, block in enumerate(world)]
    zones = [geo_zone(obstacle.zone_id, obstacle.polygon) for obstacle in blocked]
    out = way(blocked, (0.0, 0.0), drop)
    plan = make_plan([out[-1]], methods=[method], paths=[[HOME, *out[1:]], [*out[:0:-1], HOME]])
    compiled = compile_sortie(plan, blocked, FRAME, policy)
    assert isinstance(compiled, Compiled), compiled
    verdict = judged(compiled.mission, zones, policy, plan, drops={"o1": out[-1]}, landing_sites=[HOME])
    assert verdict.findings == ()
    site = LandingSite("home", "Home", HOME, GROUND_AMSL_M)
    diverted = compile_diversion(
        [*out[:0:-1], HOME],
        60.0,
        site,
        AirborneHome(HOME, GROUND_AMSL_M),
        cruise_speed_m_s=12.0,
        zones_near=blocked,
        frame=FRAME,
        policy=policy,
    )
    verdict = judged(
        diverted.mission,
        zones,
        policy,
        plan,
        drops={},
        landing_sites=[HOME],
        start=out[-1],
        start_height_home_m=6.0,
    )
    assert verdict.findings == ()


def test_the_verifier_sees_a_fence_that_was_moved(make_plan: Callable[..., FlightPlan], policy: Policy) -> None:
    """The check above can fail: the same mission in another's fence is refused."""
    plan = make_plan([FRAME.to_geo(np.array([[700.0, 0.0]]))[0]])
    elsewhere = make_plan([FRAME.to_geo(np.array([[-700.0, 0.0]]))[0]])
    mission, other = (compile_sortie(p, [], FRAME, policy) for p in (plan, elsewhere))
    assert isinstance(mission, Compiled)
    assert isinstance(other, Compiled)
    mixed = Mission(mission.mission.items, other.mission.fence, (), HOME, GROUND_AMSL_M)
    drop = plan.sortie.orders[0].drop.position
    assert not judged(mixed, [], policy, plan, drops={"o1": drop}, landing_sites=[HOME]).ok
