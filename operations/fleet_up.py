"""Vehicles to fly a day on: simulated, PX4 SITL, or those that the fleet's document names."""

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mission.model.day import Day
from mission.model.fleet import Hub, Vehicle
from mission.model.flight import ApprovedFlight
from mission.policy import Policy
from operations.configs import delivery_profile
from operations.documents import SimulationDocument
from operations.planted_faults import planted_faults
from sim.fleet_config import FleetConfig, GroundCrew, Home, Physical, VehicleConfig
from sim.fleet_process import FleetProcess
from sim.px4_sitl import KeepFiles, Px4Config, Px4Fleet, Px4Home, Px4Instance, Px4Shell
from vehicles.px4_profile import Profile

NAV_ACC_RAD = "NAV_ACC_RAD"
PX4_BUSY_STREAMS = ("ATTITUDE", "ATTITUDE_QUATERNION", "HIGHRES_IMU", "LOCAL_POSITION_NED", "ODOMETRY", "RC_CHANNELS")
"""PX4's names of what SITL sends most of."""
STANDARD_GRAVITY_M_S2 = 9.80665
CRUISE_TILT_RAD = math.radians(20.0)


@dataclass(frozen=True)
class FleetUp:
    """A fleet that can be connected to.

    Attributes:
        vehicles: with the system ids and connection URLs under which they are really reached.
        speed_factor: how much faster than real time their clock runs.
        truth_log: what simulated vehicles really did, JSON lines; None for others.
        profile: the PX4 parameters that the vehicles must hold to be launched.
        shells: PX4 SITL's own shells by vehicle id; empty for others.
    """

    vehicles: tuple[Vehicle, ...]
    speed_factor: float
    profile: Profile
    truth_log: Path | None = None
    shells: Mapping[str, Px4Shell] = field(default_factory=dict)


@asynccontextmanager
async def simulated_fleet(
    day: Day,
    simulation: SimulationDocument,
    speed_factor: float,
    folder: Path,
    flights: Sequence[ApprovedFlight] = (),
    *,
    ports: Mapping[str, int] | None = None,
) -> AsyncIterator[FleetUp]:
    """Run the day's vehicles as simulated PX4 in a process of their own, speaking to loopback ports.

    They are loaded with the parcels of `flights`, in their order. Their truth log goes to `folder`.

    `ports` gives the UDP port by vehicle id on which each is to be heard; None chooses free ones.

    Raises:
        InputError: a fault of the day's simulation cannot be planted.
        LinkError: the fleet cannot start.
    """
    ports = ports or _free_udp_ports(day.vehicles)
    profile = delivery_profile()
    parameters = profile.values()
    parameters[NAV_ACC_RAD] = day.policy.waypoint_acceptance_m
    truth_log = folder / "truth.jsonl"
    config = FleetConfig(
        vehicles=tuple(
            simulated_vehicle(vehicle, hub_of(day, vehicle), ports[vehicle.vehicle_id], flights, parameters)
            for vehicle in day.vehicles
        ),
        seed=simulation.seed,
        speed_factor=speed_factor,
        ground_crew=GroundCrew(battery_swap_s=day.policy.turnaround_s / 2),
        faults=planted_faults(simulation.faults, [vehicle.vehicle_id for vehicle in day.vehicles], "day"),
        truth_log=str(truth_log),
    )
    vehicles = tuple(
        replace(vehicle, connection_url=f"udpin://127.0.0.1:{ports[vehicle.vehicle_id]}", hardware_uid="")
        for vehicle in day.vehicles
    )
    async with FleetProcess(config):
        yield FleetUp(vehicles, speed_factor, profile, truth_log)


@asynccontextmanager
async def px4_fleet(day: Day, speed_factor: float, folder: Path) -> AsyncIterator[FleetUp]:
    """Run the day's vehicles as PX4 SITL instances, configured to fly as their types say."""
    profile = delivery_profile().at_speed(speed_factor)
    configs = [
        Px4Config(
            home=_px4_home(hub_of(day, vehicle)),
            speed_factor=speed_factor,
            parameters=profile.values() | px4_parameters(vehicle, day.policy),
            keep=KeepFiles.ALWAYS,
            work_root=folder,
        )
        for vehicle in day.vehicles
    ]
    async with AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(Px4Fleet(configs))
        await asyncio.gather(*(_quieted(instance) for instance in fleet))
        vehicles = tuple(
            replace(vehicle, system_id=instance.system_id, connection_url=instance.connection_url, hardware_uid="")
            for vehicle, instance in zip(day.vehicles, fleet, strict=True)
        )
        shells = {vehicle.vehicle_id: instance.shell for vehicle, instance in zip(vehicles, fleet, strict=True)}
        yield FleetUp(vehicles, speed_factor, profile, shells=shells)


async def _quieted(instance: Px4Instance) -> None:
    """Slow down what PX4 sends unasked on its onboard link: at ten times real time it is ten times as much.

    The gateway asks for the same, but a busy machine hears nothing through the noise of the first seconds.
    """
    port = str(instance.onboard_source_port)
    for stream in PX4_BUSY_STREAMS:
        await instance.shell.command("mavlink", "stream", "-u", port, "-s", stream, "-r", "1")


def px4_parameters(vehicle: Vehicle, policy: Policy) -> dict[str, int | float]:
    """PX4 parameters that make a multicopter fly at the speeds, and on the battery, its type is planned with.

    PX4's simulated airframe (SIH, 1 kg) has so much drag that full tilt gives 10 m/s: it gets as much as lets it
    cruise at a tilt of 20°. Its battery drains by the time armed, whatever is carried, and is full again once
    disarmed; by its own default it is half empty after a minute, and long flights would divert for it.
    """
    kind = vehicle.type
    return {
        "MPC_XY_CRUISE": kind.cruise_speed_m_s,
        "MPC_XY_VEL_MAX": max(kind.cruise_speed_m_s, 12.0),
        "MPC_Z_VEL_MAX_UP": max(kind.climb_speed_m_s, 3.0),  # PX4 lowers the automatic speeds to these limits
        "MPC_Z_VEL_MAX_DN": max(kind.descent_speed_m_s, 1.5),
        "MPC_Z_V_AUTO_UP": kind.climb_speed_m_s,
        "MPC_Z_V_AUTO_DN": kind.descent_speed_m_s,
        NAV_ACC_RAD: policy.waypoint_acceptance_m,
        "SIM_BAT_DRAIN": 3600.0 * kind.battery_wh / kind.hover_power_w,
        "SIM_BAT_MIN_PCT": 0.0,
        "SIH_KDV": min(1.0, STANDARD_GRAVITY_M_S2 * math.tan(CRUISE_TILT_RAD) / kind.cruise_speed_m_s),
    }


def simulated_vehicle(
    vehicle: Vehicle, hub: Hub, port: int, flights: Sequence[ApprovedFlight], parameters: Mapping[str, int | float]
) -> VehicleConfig:
    """A vehicle as it is simulated: loaded with the parcels of its `flights`, heard on UDP `port`."""
    mine = [flight for flight in flights if flight.vehicle_id == vehicle.vehicle_id]
    mine.sort(key=lambda flight: flight.plan.departure)
    kind = vehicle.type
    return VehicleConfig(
        vehicle_id=vehicle.vehicle_id,
        system_id=vehicle.system_id,
        partner_port=port,
        home=Home(hub.position.latitude_deg, hub.position.longitude_deg, hub.ground_amsl_m),
        physical=Physical(
            empty_mass_kg=kind.empty_mass_kg,
            cruise_speed_m_s=kind.cruise_speed_m_s,
            max_speed_m_s=max(kind.cruise_speed_m_s, 12.0),
            climb_speed_m_s=kind.climb_speed_m_s,
            descent_speed_m_s=kind.descent_speed_m_s,
            battery_wh=kind.battery_wh,
            hover_power_w=kind.hover_power_w,
            payload_sensor=kind.payload_sensor,
            loads_kg=tuple(tuple(o.parcel.mass_kg for o in flight.plan.sortie.orders) for flight in mine),
        ),
        parameters=dict(parameters),
    )


def hub_of(day: Day, vehicle: Vehicle) -> Hub:
    """Where a vehicle is based."""
    return next(hub for hub in day.site.hubs if hub.hub_id == vehicle.hub_id)


def _px4_home(hub: Hub) -> Px4Home:
    return Px4Home(hub.position.latitude_deg, hub.position.longitude_deg, hub.ground_amsl_m)


def _free_udp_ports(vehicles: Sequence[Vehicle]) -> dict[str, int]:
    """A loopback port for each vehicle, all free now."""
    ports = {}
    with contextlib.ExitStack() as held:
        for vehicle in vehicles:
            probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            probe.bind(("127.0.0.1", 0))
            ports[vehicle.vehicle_id] = int(probe.getsockname()[1])
    return ports
