"""Which kind of airframe a vehicle has, by the name its configuration gives, and PX4's parameters of that kind."""

from sim.airframe import Airframe
from sim.dragged import DraggedMulticopter
from sim.fleet_config import Physical
from sim.parameters import Parameters
from sim.rover import Rover
from sim.standard_vtol import StandardVtol

KINDS: dict[str, type[Airframe]] = {"multicopter": Airframe, "rover": Rover, "vtol": StandardVtol}

KIND_PARAMETERS: dict[str, dict[str, float | int]] = {
    "multicopter": {},
    "rover": {"MAV_TYPE": Rover.mav_type, "SYS_AUTOSTART": 50000},
    "vtol": {"MAV_TYPE": StandardVtol.mav_type, "SYS_AUTOSTART": 10043, "VT_TYPE": 2},
}
"""What PX4's start-up of a kind sets; 10043 is SIH's standard VTOL, 50000 the generic rover."""


def airframe_of(physical: Physical, parameters: Parameters) -> Airframe:
    """Return the airframe that a vehicle's configuration asks for."""
    if physical.air_drag_per_s > 0.0 and physical.airframe == "multicopter":
        return DraggedMulticopter(parameters, physical.max_air_speed_m_s, physical.air_drag_per_s)
    return KINDS[physical.airframe](parameters, physical.max_air_speed_m_s)
