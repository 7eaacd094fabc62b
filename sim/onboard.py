"""What the parts of one simulated autopilot share."""

import math
from dataclasses import InitVar, dataclass, field

from mission.model.mission import MissionItem
from sim.airframe import Airframe, Point
from sim.airframes import KIND_PARAMETERS, airframe_of
from sim.battery import AVIONICS_W, Battery
from sim.fleet_config import VehicleConfig
from sim.geofence import Geofence, Place
from sim.gripper import GripperAction, Grippers
from sim.local_plane import LocalPlane
from sim.modes import LandedState, Mode
from sim.outbox import Outbox
from sim.parameters import Parameters
from sim.payload import Payload, Release
from sim.plan_store import PlanStore, is_relative
from sim.position_error import PositionError
from sim.wire import FrameWriter
from sim.world import World

AUTOPILOT_COMPONENT = 1
BRAKING_DELAY_S = 0.6
"""How long PX4 reckons until full deceleration is reached, where it works out its stopping point."""


@dataclass(slots=True)
class Home:
    """The home position as PX4 keeps it: where it stands while disarmed, where it last took off when armed."""

    north_m: float = 0.0
    east_m: float = 0.0
    up_m: float = 0.0
    revision: int = 0


@dataclass(slots=True)
class Onboard:
    """State that more than one part of an autopilot needs. Heights up are above the ground at boot.

    Attributes:
        now_s: simulated seconds since boot.
        moved_s: when the airframe was last moved.
        stance: changes with whatever the messages about position and attitude say, but for where it flies steadily.
        is_moving: whether its place changes from one moment to the next.
        world: the wind and the ground.
        system_id: what it calls itself on the link.
        booted_s: when the autopilot last booted, by its first clock.
        mistaken: true minus believed place, north and east in metres, after the position has jumped.
        home_moved: how far home is set from the vehicle's place, north and east in metres.
        has_gps: whether its receiver has a fix.
        mode: the flight mode that is flown.
        landed: what the land detector says.
        motors_failed: the motors have stopped for good; in the air the vehicle falls.
        sortie: counts take-offs from the ground after an arming, from 1; 0 before the first.
    """

    config: VehicleConfig
    link_time_scale: float
    parameters: Parameters = field(init=False)
    plane: LocalPlane = field(init=False)
    airframe: Airframe = field(init=False)
    battery: Battery = field(init=False)
    outbox: Outbox = field(init=False)
    payload: Payload = field(default_factory=Payload)
    grippers: Grippers = field(default_factory=Grippers)
    plans: PlanStore = field(default_factory=PlanStore)
    fence: Geofence = field(default_factory=Geofence)
    home: Home = field(default_factory=Home)
    now_s: float = 0.0
    armed: bool = False
    armed_s: float = 0.0
    mode: Mode = Mode.LOITER
    landed: bool = True
    landed_state: LandedState = LandedState.ON_GROUND
    sortie: int = 0
    took_off_s: float | None = None
    motors_failed: bool = False
    position_error: PositionError | None = None
    given_world: InitVar[World | None] = None
    world: World = field(init=False)
    has_gps: bool = True
    system_id: int = field(init=False)
    booted_s: float = 0.0
    mistaken: tuple[float, float] = (0.0, 0.0)
    home_moved: tuple[float, float] = (0.0, 0.0)
    moved_s: float = 0.0
    stance: int = 0
    is_moving: bool = False
    _stance_known: tuple[object, ...] = ()

    def __post_init__(self, given_world: World | None) -> None:
        config, physical = self.config, self.config.physical
        self.system_id = config.system_id
        self.parameters = Parameters(
            {
                "MAV_SYS_ID": config.system_id,
                "MPC_XY_CRUISE": physical.cruise_speed_m_s,
                "MPC_XY_VEL_MAX": physical.max_speed_m_s,
                "MPC_Z_VEL_MAX_UP": max(physical.climb_speed_m_s, 3.0),
                "MPC_Z_VEL_MAX_DN": max(physical.descent_speed_m_s, 1.5),
                "MPC_Z_V_AUTO_UP": physical.climb_speed_m_s,
                "MPC_Z_V_AUTO_DN": physical.descent_speed_m_s,
                "MPC_TKO_SPEED": physical.takeoff_speed_m_s,
                "MPC_LAND_SPEED": physical.landing_speed_m_s,
                "FW_AIRSPD_TRIM": physical.wing_speed_m_s,
                **KIND_PARAMETERS[physical.airframe],
                **config.parameters,
            }
        )
        self.plane = LocalPlane(config.home.latitude_deg, config.home.longitude_deg)
        self.world = given_world or World(self.plane)
        self.airframe = airframe_of(physical, self.parameters)
        self.battery = Battery(physical.battery_wh)
        self.outbox = Outbox(FrameWriter(config.system_id, AUTOPILOT_COMPONENT), self.link_time_scale)

    @property
    def since_boot_s(self) -> float:
        """What the autopilot's own clock says."""
        return self.now_s - self.booted_s

    @property
    def since_boot_us(self) -> int:
        """The autopilot's own clock in microseconds."""
        return round((self.now_s - self.booted_s) * 1e6)

    def note_stance(self) -> None:
        """See whether anything moved or changed that position and attitude messages tell of."""
        airframe, home = self.airframe, self.home
        velocity = airframe.velocity_north_m_s, airframe.velocity_east_m_s, airframe.velocity_up_m_s
        turned = airframe.roll_rad, airframe.pitch_rad, airframe.heading_rad, airframe.yaw_rate_rad_s
        place = airframe.north_m, airframe.east_m, airframe.up_m, airframe.ground_up_m
        state = self.armed, self.landed, self.motors_failed, self.has_gps, home.revision, airframe.guidance is None
        wind = airframe.wind_north_m_s, airframe.wind_east_m_s
        known = velocity, turned, place, state, wind
        if known != self._stance_known:
            self._stance_known = known
            self.stance += 1
            self.is_moving = velocity != (0.0, 0.0, 0.0)

    @property
    def here(self) -> Point:
        """Where it is now; the airframe is where it was when it was last moved."""
        airframe, ahead_s = self.airframe, self.now_s - self.moved_s
        if ahead_s <= 0.0:
            return airframe.north_m, airframe.east_m, airframe.up_m
        return (
            airframe.north_m + airframe.velocity_north_m_s * ahead_s,
            airframe.east_m + airframe.velocity_east_m_s * ahead_s,
            max(airframe.up_m + airframe.velocity_up_m_s * ahead_s, airframe.ground_up_m),
        )

    def feel_world(self) -> None:
        """Let the wind blow and the ground pass below the airframe."""
        world, airframe = self.world, self.airframe
        if not world.is_flat:
            airframe.ground_up_m = world.ground_up_m(airframe.north_m, airframe.east_m)
        if world.wind is not None:
            height_m = airframe.up_m - airframe.ground_up_m
            airframe.wind_north_m_s, airframe.wind_east_m_s = world.wind.at(self.now_s, height_m)

    def power_w(self) -> float:
        """Electrical power drawn now, the avionics included."""
        if not self.armed or self.motors_failed:
            return AVIONICS_W
        mass = self.config.physical.empty_mass_kg + self.payload.mass_kg
        return AVIONICS_W + self.airframe.power_w(self.config.physical, mass, working=not self.landed)

    @property
    def altitude_amsl_m(self) -> float:
        """True altitude."""
        return self.config.home.altitude_amsl_m + self.here[2]

    @property
    def home_amsl_m(self) -> float:
        """Altitude of home as the autopilot keeps it."""
        return self.config.home.altitude_amsl_m + self.home.up_m

    @property
    def place(self) -> Place:
        """Latitude and longitude as the autopilot believes them."""
        north, east, _ = self.here
        return self.plane.to_global(north, east)

    @property
    def true_place(self) -> Place:
        """Latitude and longitude where the vehicle really is; `place` is where it believes to be."""
        (north, east, _), error = self.here, self.position_error
        north, east = north + self.mistaken[0], east + self.mistaken[1]
        if error is not None:
            north, east = north + error.north_m, east + error.east_m
        return self.plane.to_global(north, east)

    @property
    def home_place(self) -> Place:
        """Latitude and longitude of home as the autopilot keeps it."""
        return self.plane.to_global(self.home.north_m, self.home.east_m)

    def point_of(self, item: MissionItem) -> Point:
        """Where an item lies in the local plane. PX4 takes a height that is no number; it is flown level."""
        north, east = self.plane.to_local(item.x * 1e-7, item.y * 1e-7)
        up = item.z + self.home.up_m if is_relative(item) else item.z - self.config.home.altitude_amsl_m
        return north, east, up if math.isfinite(up) else self.airframe.up_m

    def speed_m_s(self, asked_m_s: float | None = None) -> float:
        """Speed over ground that is flown: the one asked for, or MPC_XY_CRUISE."""
        speed_m_s = self.parameters["MPC_XY_CRUISE"] if asked_m_s is None else asked_m_s
        return min(speed_m_s, self.parameters["MPC_XY_VEL_MAX"])

    def stopping_point(self) -> Point:
        """Where the vehicle comes to rest if it brakes now: full deceleration, after the time jerk takes."""
        airframe = self.airframe
        ahead_s = airframe.ground_speed_m_s / (2.0 * self.parameters["MPC_ACC_HOR"]) + BRAKING_DELAY_S
        return (
            airframe.north_m + airframe.velocity_north_m_s * ahead_s,
            airframe.east_m + airframe.velocity_east_m_s * ahead_s,
            airframe.up_m,
        )

    def set_home_here(self) -> None:
        """Make the vehicle's place its home."""
        airframe = self.airframe
        north, east = airframe.north_m + self.home_moved[0], airframe.east_m + self.home_moved[1]
        if (north, east, airframe.up_m) != (self.home.north_m, self.home.east_m, self.home.up_m):
            self.home = Home(north, east, airframe.up_m, self.home.revision + 1)

    def move_home(self, north_m: float, east_m: float) -> None:
        """Shift the home position, also wherever home is set later."""
        home = self.home
        self.home_moved = self.home_moved[0] + north_m, self.home_moved[1] + east_m
        self.home = Home(home.north_m + north_m, home.east_m + east_m, home.up_m, home.revision + 1)

    def mistake_position(self, north_m: float, east_m: float) -> None:
        """Believe to be elsewhere from now on; nothing moves."""
        self.airframe.north_m += north_m
        self.airframe.east_m += east_m
        self.mistaken = self.mistaken[0] - north_m, self.mistaken[1] - east_m

    def take_system_id(self, system_id: int) -> None:
        """Speak and listen under another MAVLink system id."""
        self.system_id = system_id
        self.outbox.restart(system_id)

    def drive_gripper(self, instance: int, action: GripperAction) -> None:
        """Begin to move a gripper, and write down what fell where."""
        self.grippers.move(instance, action, self.now_s + self.parameters["PD_GRIPPER_TO"])
        if action is not GripperAction.RELEASE:
            return
        if not self.payload.is_stuck:
            self.lose_parcel(instance)

    def lose_parcel(self, slot: int) -> None:
        """Drop what hangs in a slot, if anything does, and write down where it fell."""
        mass = self.payload.let_go(slot)
        if mass is not None:
            latitude, longitude = self.true_place
            height = self.airframe.up_m - self.home.up_m
            release = Release(self.sortie, slot, mass, self.now_s, latitude, longitude, height)
            self.payload.releases.append(release)

    def ended_grippers(self) -> list[int]:
        """End the movements that are over; return whose they were."""
        ended = [gripper for gripper, (_, until_s) in self.grippers.moving.items() if until_s <= self.now_s]
        for gripper in ended:
            self.grippers.end(gripper)
        return ended
