"""Ways down for a vehicle in flight: the verified diversion that costs least energy (design rule 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mission.compile import AirborneHome, compile_diversion
from mission.energy import EnergyModel, MulticopterModel
from mission.flightplan import FlightCost, cost_to_fly, progress_on_leg, remaining_energy_wh
from mission.model.fleet import Hub, LandingSite
from mission.model.flight import ApprovedFlight
from mission.model.geo import GeoPoint
from mission.model.mission import Mission
from mission.model.telemetry import VehicleState
from mission.model.time import TimeWindow
from mission.planner import DayPlan
from mission.planning import DELAY_ALLOWANCE, performance_of
from mission.sky import Sky, Way
from mission.supervision.diverting import Diversion
from mission.verification import verify

DIVERSION_SPAN = timedelta(minutes=20)
"""A diversion is planned with every zone that applies within this from now."""


@dataclass(frozen=True)
class _PricedWay:
    """A way to a site, and what it costs to fly."""

    way: Way
    site: Hub | LandingSite
    cost: FlightCost


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
        sky = self._plan.airspaces[sortie.hub.hub_id].sky(TimeWindow(now, now + DIVERSION_SPAN))
        here = _Here(flight, state, position, payload_kg, sky, now)
        sites: Sequence[Hub | LandingSite] = (sortie.hub, *flight.plan.alternates)
        for priced in sorted(self._ways(here, sites), key=lambda priced: priced.cost.energy_wh):
            if not priced.cost.energy_wh <= available_wh:  # also where the battery is not known
                return None
            mission = self._verified(here, priced)
            if mission is not None:
                return Diversion(mission, priced.site, priced.cost.energy_wh, priced.cost.length_m)
        return None

    def _ways(self, here: "_Here", sites: Sequence[Hub | LandingSite]) -> "list[_PricedWay]":
        """The way at every height to every site that no zone forbids, with what it costs."""
        return [
            _PricedWay(way, site, self._cost(here, way, site))
            for site in sites
            for way in self._routed(here.position, site.position, here.sky)
        ]

    def _routed(self, start: GeoPoint, goal: GeoPoint, sky: Sky) -> tuple[Way, ...]:
        """Ways with the planned clearance; a vehicle that cuts a corner may be within it, then the verified one."""
        return sky.ways_down(start, goal) or sky.ways_down(start, goal, self._policy.verified_clearance_m)

    def _cost(self, here: "_Here", way: Way, site: Hub | LandingSite) -> FlightCost:
        sortie = here.flight.plan.sortie
        return cost_to_fly(
            way.points,
            height_home_m=way.height_home_m,
            payload_kg=here.payload_kg,
            vehicle_type=sortie.vehicle.type,
            policy=self._policy,
            model=self._model,
            start_height_home_m=here.state.height_home_m,
            ground_home_m=site.ground_amsl_m - sortie.hub.ground_amsl_m,
        )

    def _verified(self, here: "_Here", priced: "_PricedWay") -> Mission | None:
        """The mission of a way down; None where it is not accepted."""
        flight, way, policy = here.flight, priced.way, self._policy
        compiled = compile_diversion(
            way.points,
            way.height_home_m,
            priced.site,
            AirborneHome(flight.mission.home, flight.mission.home_amsl_m),
            cruise_speed_m_s=flight.plan.sortie.vehicle.type.cruise_speed_m_s,
            zones_near=way.layer.obstacles,
            frame=here.sky.airspace.frame,
            policy=policy,
        )
        verdict = verify(
            compiled.mission,
            zones=self._plan.zones,
            policy=policy,
            departure=here.now,
            terrain=self._plan.ground.terrain,
            geoid=self._plan.ground.geoid,
            performance=performance_of(flight.plan.sortie.vehicle),
            drops={},
            landing_sites=[priced.site.position],
            start=here.position,
            start_height_home_m=here.state.height_home_m,
            delay_allowance=DELAY_ALLOWANCE,
        )
        return compiled.mission if verdict.ok else None
