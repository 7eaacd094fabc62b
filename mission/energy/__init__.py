"""What flying costs: power models and the energy of a leg."""

from mission.energy.leg import leg_energy_wh
from mission.energy.model import EnergyModel
from mission.energy.multicopter import MulticopterModel

__all__ = ["EnergyModel", "MulticopterModel", "leg_energy_wh"]
