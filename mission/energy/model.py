"""What every energy model answers."""

from typing import Protocol

from mission.model.fleet import VehicleType


class EnergyModel(Protocol):
    """Electrical power of a vehicle in steady flight.

    Plans rely on two properties, which every implementation must keep: at equal motion more payload never
    draws less power, and power is positive.
    """

    def power_w(
        self,
        vehicle_type: VehicleType,
        payload_kg: float,
        *,
        airspeed_m_s: float = 0.0,
        climb_rate_m_s: float = 0.0,
    ) -> float:
        """Return the electrical power in watts.

        Args:
            vehicle_type: the kind of vehicle.
            payload_kg: mass of the parcels on board, ≥ 0.
            airspeed_m_s: horizontal speed through the air; its sign does not matter.
            climb_rate_m_s: vertical speed, positive up.
        """
        ...
