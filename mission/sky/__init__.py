"""The airspace of a hub: who binds when and how high, the ways round, over and under, and what would help."""

from mission.sky.airspace import Airspace
from mission.sky.epochs import Epoch, epochs
from mission.sky.layer import GROUND, Layer
from mission.sky.remedies import blocked_reason, blocked_remedy
from mission.sky.sky import Objection, Sky, Way

__all__ = [
    "GROUND",
    "Airspace",
    "Epoch",
    "Layer",
    "Objection",
    "Sky",
    "Way",
    "blocked_reason",
    "blocked_remedy",
    "epochs",
]
