"""A vehicle of a fleet, set up: its error, its wind and ground, its faults, and the people on its pad."""

import random

from sim.autopilot import Autopilot
from sim.faults import plant
from sim.fleet_config import FleetConfig, VehicleConfig
from sim.ground_crew import PadService
from sim.local_plane import LocalPlane
from sim.position_error import PositionError
from sim.world import Wind, World


def set_up(config: FleetConfig, vehicle: VehicleConfig) -> Autopilot:
    """Return one vehicle of a fleet at the moment of its boot.

    All chance in it follows from the fleet's seed and its own id: others may come and go.
    """
    autopilot = Autopilot(
        vehicle,
        link_time_scale=config.speed_factor,
        max_stream_hz=config.max_stream_hz,
        position_error=_position_error(config, vehicle),
        world=_world(config, vehicle),
    )
    plant(autopilot, config.faults)
    autopilot.observers.append(PadService(autopilot, config.ground_crew))
    return autopilot


def _position_error(config: FleetConfig, vehicle: VehicleConfig) -> PositionError | None:
    if config.position_error_m <= 0.0:
        return None
    return PositionError(random.Random(f"{config.seed}/{vehicle.vehicle_id}"), config.position_error_m)


def _world(config: FleetConfig, vehicle: VehicleConfig) -> World:
    """The world as one vehicle meets it: the same wind and ground for all, gusts of its own."""
    plane = LocalPlane(vehicle.home.latitude_deg, vehicle.home.longitude_deg)
    rng = random.Random(f"{config.seed}/{vehicle.vehicle_id}/wind")
    return World(plane, Wind(config.wind, rng) if config.wind is not None else None, config.relief)
