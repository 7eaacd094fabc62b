"""Simulated vehicles for tests of other people's software: real MAVLink on UDP, in a thread of the test process.

    with running_fleet(FleetOptions(count=2), seed=1) as vehicles:
        client.connect(vehicles[0].connection_url)
        vehicles[0].wait_until(lambda truth: truth.armed)

What a vehicle really does is asked of the vehicle (`truth`), not of the link: a test can tell what its software
believes from what is so.
"""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import msgspec

from sim.autopilot import Autopilot
from sim.fault_kinds import Fault
from sim.faults import plant
from sim.fleet_config import FleetConfig, GroundCrew, Home, Physical, VehicleConfig, read_fleet_config
from sim.free_ports import reserve_udp_port
from sim.link_faults import Faults, FaultyLink
from sim.loop_thread import LoopThread
from sim.lossy_proxy import LossyProxy
from sim.truth import Truth, truth_of
from sim.udp_fleet import UdpFleet

BOOTED_S = 6.0
"""A vehicle appears on its link with so many simulated seconds behind it: it can be armed at once."""
PX4_USUAL_HOME = (47.397742, 8.545594, 489.4)
PX4_STREAM_HZ = 100.0
ONE_PARCEL = Physical(loads_kg=((0.5,),))


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """What a test may ask for: see `FleetConfig` for what they mean. Vehicles are called px4-1, px4-2, ….

    Attributes:
        count: how many vehicles; each has its own port, system ids count from 1.
        home: latitude and longitude in degrees and altitude AMSL in metres of the first vehicle; each further one
            stands about 10 m east of the one before.
        parameters: PX4 parameters of every vehicle that differ from the defaults.
        physical: what each vehicle is; by default it carries one parcel of 0.5 kg in slot 1.
        max_stream_hz: most messages of one stream in a second; PX4's rates by default.
    """

    count: int = 1
    speed_factor: float = 1.0
    home: tuple[float, float, float] = PX4_USUAL_HOME
    parameters: dict[str, float | int] = field(default_factory=dict)
    physical: Physical = ONE_PARCEL
    faults: tuple[Fault, ...] = ()
    ground_crew: GroundCrew | None = None
    max_stream_hz: float = PX4_STREAM_HZ
    position_error_m: float = 0.3


class SimulatedVehicle:
    """One vehicle of a running fleet.

    Attributes:
        config: the vehicle as it was set up.
    """

    def __init__(self, config: VehicleConfig, autopilot: Autopilot, thread: LoopThread) -> None:
        self.config = config
        self._autopilot = autopilot
        self._thread = thread

    @property
    def vehicle_id(self) -> str:
        """Its name, as faults use it."""
        return self.config.vehicle_id

    @property
    def system_id(self) -> int:
        """Its MAVLink system id."""
        return self.config.system_id

    @property
    def port(self) -> int:
        """UDP port on 127.0.0.1 that it sends to: the client binds it, and answers from it."""
        return self.config.partner_port

    @property
    def connection_url(self) -> str:
        """Where MAVSDK hears it."""
        return f"udpin://127.0.0.1:{self.port}"

    @property
    def mavutil_url(self) -> str:
        """Where pymavlink's mavutil hears it."""
        return f"udpin:127.0.0.1:{self.port}"

    @property
    def truth(self) -> Truth:
        """What it really does now."""
        return self._thread.call(lambda: truth_of(self._autopilot))

    def plant(self, *faults: Fault) -> None:
        """Make faults happen to it; they name it by its `vehicle_id`.

        Raises:
            ValueError: a fault names another vehicle.
        """
        for fault in faults:
            if fault.vehicle_id != self.vehicle_id:
                raise ValueError(f"{fault} is not for {self.vehicle_id}")
        self._thread.call(lambda: plant(self._autopilot, faults))

    def watch(self, observer: Callable[[Truth], None]) -> None:
        """Call `observer` after every step of the simulation, in the simulation's thread."""
        self._thread.call(lambda: self._autopilot.observers.append(lambda autopilot: observer(truth_of(autopilot))))

    def wait_until(self, condition: Callable[[Truth], bool], within_s: float = 30.0) -> Truth:
        """Return the truth of the first step at which `condition` holds.

        Args:
            condition: asked after every step of the simulation, in the simulation's thread.
            within_s: wall-clock seconds.

        Raises:
            TimeoutError: it did not hold in time; the message says what the vehicle does instead.
        """
        found: Future[Truth] = Future()

        def look(autopilot: Autopilot) -> None:
            if found.done():
                return
            truth = truth_of(autopilot)
            try:
                if condition(truth):
                    found.set_result(truth)
            except Exception as error:  # the caller's own, and the caller gets it
                found.set_exception(error)

        observers = self._autopilot.observers
        self._thread.call(lambda: observers.append(look))
        try:
            return found.result(within_s)
        except TimeoutError:
            raise TimeoutError(f"it did not happen within {within_s:g} s; the truth now: {self.truth}") from None
        finally:
            self._thread.call(lambda: observers.remove(look))


class LossyLink:
    """A bad link before one vehicle: the client listens at its port instead of the vehicle's."""

    def __init__(self, port: int, link: FaultyLink, thread: LoopThread) -> None:
        self.port = port
        self._link = link
        self._thread = thread

    @property
    def connection_url(self) -> str:
        """Where MAVSDK hears the vehicle."""
        return f"udpin://127.0.0.1:{self.port}"

    @property
    def mavutil_url(self) -> str:
        """Where pymavlink's mavutil hears the vehicle."""
        return f"udpin:127.0.0.1:{self.port}"

    def set(self, up: Faults | None = None, down: Faults | None = None) -> None:
        """From now on the way to the vehicle (`up`) and from it (`down`) have these faults; None leaves a way as is."""
        self._thread.call(lambda: self._link.set(up, down))


@contextlib.contextmanager
def bad_link(vehicle_port: int, up: Faults, down: Faults, seed: int) -> Iterator[LossyLink]:
    """Put a bad link before the vehicle that sends to `vehicle_port`, while the block runs.

    Raises:
        LinkError: no port is free.
        OSError: `vehicle_port` is bound already, by a client that should listen at the link's port.
    """
    with contextlib.ExitStack() as stack:
        port, reservation = reserve_udp_port()
        stack.callback(reservation.release)
        thread = stack.enter_context(LoopThread("lossy link"))
        link = FaultyLink(seed, up=up, down=down)
        proxy = LossyProxy(link, vehicle_side_port=vehicle_port, ground_port=port)
        thread.run(proxy.__aenter__())
        try:
            yield LossyLink(port, link, thread)
        finally:
            thread.run(proxy.__aexit__(None, None, None))


@contextlib.contextmanager
def running_fleet(options: FleetOptions, seed: int) -> Iterator[tuple[SimulatedVehicle, ...]]:
    """Simulate a fleet while the block runs. Ports are free ones and stay claimed; nothing is left afterwards.

    Raises:
        InputError: the options make no fleet.
        LinkError: no port is free.
    """
    with contextlib.ExitStack() as stack:
        ports = []
        for _ in range(options.count):
            port, reservation = reserve_udp_port()
            stack.callback(reservation.release)
            ports.append(port)
        config = fleet_config(options, ports, seed)
        thread = stack.enter_context(LoopThread("simulated fleet"))
        fleet = UdpFleet(config, booted_s=BOOTED_S)
        thread.run(fleet.__aenter__())
        try:
            yield tuple(
                SimulatedVehicle(vehicle.config, vehicle.autopilot, thread) for vehicle in fleet.vehicles.values()
            )
        finally:
            thread.run(fleet.__aexit__(None, None, None))


def fleet_config(options: FleetOptions, ports: list[int], seed: int) -> FleetConfig:
    """The checked configuration of a fleet whose vehicles speak to `ports`.

    Raises:
        InputError: the options make no fleet.
    """
    home = Home(*options.home)
    vehicles = tuple(
        VehicleConfig(
            f"px4-{number}",
            number,
            port,
            msgspec.structs.replace(home, longitude_deg=home.longitude_deg + (number - 1) * 1.3e-4),
            physical=options.physical,
            parameters=options.parameters,
        )
        for number, port in enumerate(ports, start=1)
    )
    config = FleetConfig(
        vehicles,
        seed=seed,
        speed_factor=options.speed_factor,
        faults=options.faults,
        ground_crew=options.ground_crew,
        max_stream_hz=options.max_stream_hz,
        position_error_m=options.position_error_m,
    )
    return read_fleet_config(msgspec.json.encode(config), "simulated fleet of a test")
