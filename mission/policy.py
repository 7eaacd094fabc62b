"""The operator's limits: every margin that planning keeps and verification demands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Margins and limits of an operation. Defaults suit a small multicopter over a town.

    Attributes:
        operator_id: registration of the UAS operator; launches are refused without one.
        cruise_height_home_m: height of level flight above the hub.
        further_cruise_heights_home_m: other heights above the hub at which a leg may be flown level, where that
            costs less energy, climb included: over a zone or below one.
        release_height_home_m: height of a gripper release above the drop's ground, taken at hub level
            unless terrain says otherwise.
        zone_clearance_m: horizontal distance that routes keep from every binding zone (navigation error and
            cornering included).
        verified_clearance_m: least distance the verifier accepts; smaller than `zone_clearance_m` by the
            room left for projection and rounding.
        zone_height_margin_m: zones bind this far above and below the flown heights.
        zone_time_margin_s: zones bind this long before and after their published times.
        max_zone_age_s: nothing is launched when the zones in use were last known to be in force longer ago; an AIRAC
            change is announced weeks ahead, a temporary zone hours.
        reserve_fraction: share of a battery's usable energy that must remain at landing.
        divert_reserve_fraction: in flight, when less than this share would remain at landing, the flight diverts.
        max_wind_m_s: nothing is launched where a vehicle feels more wind; below PX4's own limit, COM_WIND_MAX.
        max_height_agl_m: 120 m, Regulation (EU) 2019/947, UAS.OPEN.010(2) and STS-02.
        terrain_clearance_m: height that level flight keeps above the highest ground that may be below it, where the
            ground is mapped.
        waypoint_acceptance_m: PX4 NAV_ACC_RAD.
        release_radius_m: farthest from its drop point that a parcel may be released.
        turnaround_s: time on the pad between two sorties: battery swap and loading.
        handover_s: expected time of one hand-over: the command, the gripper, the evidence, the way on.
        release_wait_s: longest that a vehicle waits at a drop for its hand-over to be decided; then it flies on.
        preflight_timeout_s: how long a loaded vehicle may take to become ready before its sortie is given up.
        take_off_timeout_s: how long a vehicle that was told to start may stay on the ground.
        hold_timeout_s: how long a vehicle that was told to hold may keep moving before it is told again.
        home_tolerance_m: how far a vehicle's home may lie from its hub at launch.
        lost_give_up_s: how long a vehicle may be silent before its sortie counts as failed.
        separation_horizontal_m: two flights that are, at one time, nearer than this on the map and
        separation_vertical_m: nearer than this in height, are not both approved.
        pad_interval_s: least time between two movements (take-off or landing) at one hub.
        authorised_zone_ids: REQ_AUTHORISATION zones for which the operator holds an authorisation.
        conditions_met_zone_ids: CONDITIONAL zones whose conditions the operator meets.
    """

    operator_id: str = ""
    cruise_height_home_m: float = 60.0
    further_cruise_heights_home_m: tuple[float, ...] = ()
    release_height_home_m: float = 6.0
    zone_clearance_m: float = 20.0
    verified_clearance_m: float = 15.0
    zone_height_margin_m: float = 10.0
    zone_time_margin_s: float = 300.0
    max_zone_age_s: float = 86_400.0
    reserve_fraction: float = 0.20
    divert_reserve_fraction: float = 0.10
    max_wind_m_s: float = 10.0
    max_height_agl_m: float = 120.0
    terrain_clearance_m: float = 10.0
    waypoint_acceptance_m: float = 3.0
    release_radius_m: float = 5.0
    turnaround_s: float = 60.0
    handover_s: float = 6.0
    release_wait_s: float = 60.0
    preflight_timeout_s: float = 120.0
    take_off_timeout_s: float = 120.0
    hold_timeout_s: float = 40.0
    home_tolerance_m: float = 10.0
    lost_give_up_s: float = 120.0
    separation_horizontal_m: float = 50.0
    separation_vertical_m: float = 12.0
    pad_interval_s: float = 10.0
    authorised_zone_ids: frozenset[str] = frozenset()
    conditions_met_zone_ids: frozenset[str] = frozenset()

    @property
    def cruise_heights_home_m(self) -> tuple[float, ...]:
        """Every height of level flight, lowest first."""
        return tuple(sorted({self.cruise_height_home_m, *self.further_cruise_heights_home_m}))
