"""Ways down for a vehicle in flight: the verified diversion that costs least energy (design rule 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mission.compile import AirborneHome, compile_diversion
from mission.energy import EnergyModel, MulticopterModel
from mission.flightplan import cost_to_fly, progress_on_leg, remaining_energy_wh
from mission.geodesy.terrain import terrain_of
from mission.model.fleet import Hub, LandingSite
from mission.model.flight import ApprovedFlight
from mission.model.geo import GeoPoint
from mission.model.telemetry import VehicleState
from mission.model.time import TimeWindow
from mission.planner import DELAY_ALLOWANCE, DayPlan, performance_of
from mission.routing import Blocked
from mission.sky import Sky
from mission.supervision.diverting import Diversion
from mission.verification import verify

DIVERSION_SPAN = timedelta(minutes=20)
"""A diversion is planned with every zone that applies within this from now."""


@dataclass(frozen=True)
class _Here:
    """Where a flight stands when a way down is asked for."""

    flight: ApprovedFlight
    state: VehicleState
    position: GeoPoint
    payload_kg: float
    sky: Sky
    now: datetime


class DiversionPlanner:
    """Answers the supervisor's questions about energy and ways down, for flights of one plan."""

    def __init__(self, plan: DayPlan, model: EnergyModel | None = None) -> None:
        self._plan = plan
        self._policy = plan.day.policy
        self._model = model or MulticopterModel()
        self._skies: dict[tuple[str, frozenset[str]], Sky] = {}

    def energy_to_finish_wh(self, flight: ApprovedFlight, state: VehicleState, payload_kg: float) -> float:
        """Energy from here to the landing by the plan; all of it when the vehicle's progress is not known."""
        del payload_kg  # the plan's legs carry the payload that they are flown with
        item, position = state.mission_current, state.position
        if position is None or not 0 <= item < len(flight.leg_of_item):
            return flight.plan.energy_wh
        leg = min(flight.leg_of_item[item], len(flight.plan.legs) - 1)
        progress = progress_on_leg(flight.plan, leg, position, state.height_home_m)
        return remaining_energy_wh(flight.plan, progress)

    def nearest_landing(
        self, flight: ApprovedFlight, state: VehicleState, payload_kg: float, now: datetime
    ) -> Diversion | None:
        """The verified diversion that costs least energy among the hub and all permitted alternates.

        None when none can be reached with the energy left, or nothing verified was found.
        """
        position = state.position
        if position is None:
            return None
        sortie = flight.plan.sortie
        available_wh = state.battery_remaining * sortie.vehicle.type.battery_wh
        sky = self._sky(sortie.hub, now)
        sites: Sequence[Hub | LandingSite] = (sortie.hub, *flight.plan.alternates)
        here = _Here(flight, state, position, payload_kg, sky, now)
        candidates = [self._way(here, site) for site in sites]
        within = [found for found in candidates if found is not None and found.energy_wh <= available_wh]
        return min(within, key=lambda found: found.energy_wh, default=None)

    def _way(self, here: "_Here", site: Hub | LandingSite) -> Diversion | None:
        """The way to one site: routed, compiled and verified; None where it is not."""
        flight, state, position, sky = here.flight, here.state, here.position, here.sky
        path = self._path(position, site.position, sky)
        if path is None or sky.objection_to(site.position, "site") is not None:
            return None
        plan, policy = flight.plan, self._policy
        hub = plan.sortie.hub
        cost = cost_to_fly(
            path,
            height_home_m=policy.cruise_height_home_m,
            payload_kg=here.payload_kg,
            vehicle_type=plan.sortie.vehicle.type,
            policy=policy,
            model=self._model,
            start_height_home_m=state.height_home_m,
            ground_home_m=site.ground_amsl_m - hub.ground_amsl_m,
        )
        compiled = compile_diversion(
            path,
            policy.cruise_height_home_m,
            site,
            AirborneHome(flight.mission.home, flight.mission.home_amsl_m),
            cruise_speed_m_s=plan.sortie.vehicle.type.cruise_speed_m_s,
            zones_near=sky.obstacles,
            frame=sky.frame,
            policy=policy,
        )
        verdict = verify(
            compiled.mission,
            zones=self._plan.zones,
            policy=policy,
            departure=here.now,
            terrain=terrain_of(self._plan.day.site.relief),
            performance=performance_of(plan.sortie.vehicle),
            drops={},
            landing_sites=[site.position],
            start=position,
            start_height_home_m=state.height_home_m,
            delay_allowance=DELAY_ALLOWANCE,
        )
        return Diversion(compiled.mission, site, cost.energy_wh, cost.length_m) if verdict.ok else None

    def _path(self, start: GeoPoint, goal: GeoPoint, sky: Sky) -> list[GeoPoint] | None:
        """Route with the planned clearance; a vehicle that cuts a corner may be within it, then the verified one."""
        for clearance_m in (self._policy.zone_clearance_m, self._policy.verified_clearance_m):
            route = sky.route(start, goal, clearance_m)
            if not isinstance(route, Blocked):
                return sky.path(route, start, goal)
        return None

    def _sky(self, hub: Hub, now: datetime) -> Sky:
        """The sky from now on, kept while the same zones bind."""
        window = TimeWindow(now, now + DIVERSION_SPAN)
        fresh = Sky(hub, self._plan.zones_near, window, self._policy, self._plan.day.site.relief)
        key = (hub.hub_id, frozenset(found.zone.identifier for found in (*fresh.en_route, *fresh.column)))
        return self._skies.setdefault(key, fresh)
