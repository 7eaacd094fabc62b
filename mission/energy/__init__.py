"""What flying costs: power models, the energy of a leg, what a battery gives; `fitting` fits a curve to flights."""

from mission.energy.battery import usable_energy_wh
from mission.energy.leg import leg_energy_wh, level_energy_wh, range_bound_m
from mission.energy.model import EnergyModel
from mission.energy.multicopter import MulticopterModel

__all__ = [
    "EnergyModel",
    "MulticopterModel",
    "leg_energy_wh",
    "level_energy_wh",
    "range_bound_m",
    "usable_energy_wh",
]
