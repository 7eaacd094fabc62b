"""Which kind of airframe a vehicle has, by the name its configuration gives."""

from sim.airframe import Airframe
from sim.fleet_config import Physical
from sim.parameters import Parameters


def airframe_of(physical: Physical, parameters: Parameters) -> Airframe:
    """Return the airframe that a vehicle's configuration asks for."""
    return Airframe(parameters, physical.max_air_speed_m_s)
