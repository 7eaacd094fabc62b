"""Supervision of one sortie: from loading to landed and disarmed, decisions only.

`handle(event, now)` returns commands; the same events give the same commands. The supervisor never trusts an
acknowledgement alone: airborne, released, landed and finished are what telemetry shows.
"""

import math
from datetime import datetime, timedelta
from typing import Final, Protocol

from mission.dispatch.custody import CustodyEvent
from mission.dispatch.order_state import OrderEvent, OrderState
from mission.dispatch.sortie_state import SortieEvent, SortieState
from mission.geodesy.distance import distance_m
from mission.model.fleet import Hub, LandingSite
from mission.model.flight import ApprovedFlight
from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from mission.policy import Policy
from mission.supervision.diverting import Diversion, DiversionLadder
from mission.supervision.events import (
    AnswersChanged,
    Begin,
    Cancel,
    Command,
    DiversionEnded,
    Event,
    FlyInstead,
    FreshnessChanged,
    GatePassed,
    HoldPosition,
    LandNow,
    LaunchEnded,
    Observed,
    RecipientPresent,
    ReleaseEnded,
    Report,
    ReportKind,
    ResumeLead,
    Tick,
    TransferEnded,
    VehicleSaid,
)
from mission.supervision.ground import GroundPhase
from mission.supervision.handovers import Handovers
from mission.supervision.leader import Leader, LeaderWatch, Sign
from mission.supervision.ledger import Ledger
from mission.supervision.lost_vehicle import LostVehicle

LANDING_TOLERANCE_M: Final = 15.0
"""A vehicle that lands farther than this from a permitted site landed off target (fault F-V23)."""
OVERDUE_FACTOR: Final = 1.25
"""A flight that takes this much longer than planned raises an alarm (fault F-V19)."""
AIRBORNE: Final = frozenset({SortieState.AIRBORNE, SortieState.DIVERTING, SortieState.LOST})
ALARMS: Final = {
    Sign.OTHER_MODE: "VEHICLE_LED",
    Sign.MANUAL: "PILOT_LEADS",
    Sign.OFFBOARD: "OTHER_COMPUTER_LEADS",
    Sign.FOREIGN_PLAN: "FOREIGN_PLAN",
    Sign.REBOOT: "AUTOPILOT_REBOOTED",
}
"""Stable codes of what took the lead."""


class Contingencies(Protocol):
    """What the supervisor asks of planning while a flight is under way."""

    def energy_to_finish_wh(self, flight: ApprovedFlight, state: VehicleState, payload_kg: float) -> float:
        """Energy needed from here to the end of the mission as planned."""

    def nearest_landing(
        self, flight: ApprovedFlight, state: VehicleState, payload_kg: float, now: datetime
    ) -> Diversion | None:
        """The verified diversion that costs least energy, or None where no permitted site can be reached."""


class SortieSupervisor:
    """Watches one sortie and says what to do next.

    Attributes:
        incident: the vehicle, where it was given up in the air: it must be watched on when the sortie has ended.
    """

    def __init__(self, flight: ApprovedFlight, contingencies: Contingencies, policy: Policy) -> None:
        self.flight = flight
        self._contingencies = contingencies
        self._policy = policy
        self._ledger = Ledger(flight)
        self._ground = GroundPhase(self._ledger, policy)
        self._handovers = Handovers(self._ledger, policy)
        self._lead = LeaderWatch()
        self._last_order: list[Command] = []
        self._vehicle = VehicleState(flight.vehicle_id)
        self._freshness = Freshness.NEVER
        self._ladder: DiversionLadder | None = None
        self._handed_back_by = ""
        self._unanswered = ""
        self.incident: LostVehicle | None = None
        self._took_off_ms: int | None = None  # by the vehicle's clock, which is the one its flight takes time on

    @property
    def state(self) -> SortieState:
        """Where the sortie stands."""
        return self._ledger.state

    @property
    def order_states(self) -> dict[str, OrderState]:
        """Where each order stands."""
        return self._ledger.order_states

    @property
    def reasons(self) -> dict[str, str]:
        """Why, by order id, or by sortie id for a sortie that diverted or was given up."""
        return self._ledger.reasons

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {SortieState.FINISHED, SortieState.FAILED}

    @property
    def diversion(self) -> Diversion | None:
        """The diversion under way or flown, if any."""
        return self._ladder.diversion if self._ladder else None

    def handle(self, event: Event, now: datetime) -> list[Command]:
        """Take in an event at `now`; return what to do, in order."""
        if self.finished:
            return []
        self._lead.heard(event, now)
        match event:
            case Begin():
                self._ground.begin(now)
                self._ground.await_contact(self._vehicle, self._freshness, now)
            case TransferEnded():
                self._ground.transfer_ended(event, now)
                self._try_launch(now)
            case LaunchEnded():
                self._ground.launch_ended(event, now)
            case DiversionEnded():
                self._diversion_ended(event, now)
            case ReleaseEnded() | GatePassed() | Cancel() | RecipientPresent():
                self._handovers.hear(event)
            case ResumeLead(actor=actor):
                self._resume_lead(actor)
            case Observed(state=state):
                self._vehicle = state
                self._watch_lead(now)
                self._observed(now)
            case VehicleSaid():
                self._ground.said(event)
            case FreshnessChanged() | AnswersChanged():
                self._link_changed(event, now)
            case Tick():
                self._waited(now)
        return self._allowed(self._ledger.take())

    def _allowed(self, commands: list[Command]) -> list[Command]:
        """Nothing is asked of a vehicle in the air that somebody else leads (invariant I-19)."""
        if self.state in AIRBORNE and not self._lead.may_command:
            commands = [command for command in commands if isinstance(command, Report)]
        commands, self._last_order = commands + self._last_order, []
        for command in commands:
            self._lead.asked(command)
        return commands

    def _try_launch(self, now: datetime) -> None:
        if self.state is SortieState.LOADED:
            self._ground.try_launch(self._vehicle, self._freshness, now)

    # ---- in flight ---------------------------------------------------------------------------------

    def _observed(self, now: datetime) -> None:
        if self.state is SortieState.PLANNED:
            self._ground.await_contact(self._vehicle, self._freshness, now)
        elif self.state is SortieState.LOADED:
            self._try_launch(now)
        elif self.state is SortieState.LAUNCHING and self._off_the_ground():
            self._ledger.move(SortieEvent.TOOK_OFF, now)
            self._take_orders_along()
        elif self.state in AIRBORNE:
            if self._off_the_ground():
                self._take_orders_along()  # again: the link may have been lost between launch and take-off
            self._handovers.observed(self._vehicle, now, in_charge=self._in_charge())
            if self._landed_and_disarmed():
                self._landed(now)
            elif self._handed_back_by and self._lead.may_command and self.state is not SortieState.LOST:
                self._take_up(now)
            elif self.state is SortieState.AIRBORNE:
                self._watch_flight(now)
            elif self.state is SortieState.DIVERTING and self._ladder and self._lead.may_command:
                self._climb_down(self._ladder.observed(self._vehicle, now))

    def _watch_lead(self, now: datetime) -> None:
        """Say who took over; a plan that is not ours is stopped once, then only watched (faults F-V13, F-L10)."""
        sign, sortie_id = self._lead.observed(self._vehicle, now), self._ledger.sortie_id
        if sign is None:
            return
        if sign is Sign.AS_ASKED:
            self._ledger.lower(ALARMS[Sign.OTHER_MODE], sortie_id)
            return
        self._handed_back_by = ""  # somebody took it over again
        mode = self._vehicle.mode
        why = {
            Sign.OTHER_MODE: f"the vehicle changed to {mode} by itself: observing only",
            Sign.MANUAL: "a pilot flies it by remote control: observing only",
            Sign.OFFBOARD: "another computer flies it: observing only",
            Sign.FOREIGN_PLAN: "the plan on board was changed by somebody else: held once, then observing only",
            Sign.REBOOT: "the autopilot restarted in flight: nothing of what it held is known",
        }[sign]
        self._ledger.alarm(ALARMS[sign], sortie_id, why)
        if sign is Sign.FOREIGN_PLAN and mode is FlightMode.MISSION:
            self._last_order = [HoldPosition(why)]

    def _resume_lead(self, actor: str) -> None:
        """A person hands the lead back; nothing else ever takes it from a pilot, a station, or after a reboot."""
        before, sortie_id = self._lead.leader, self._ledger.sortie_id
        if self.state not in AIRBORNE or before is Leader.MISSION_CONTROL:
            message = f"{actor} handed the lead back, which nobody else has"
        elif self._lead.hand_back(self.flight.vehicle_id):
            message, self._handed_back_by = f"{actor} handed the lead back, which was {before}'s", actor
            for code in ALARMS.values():
                self._ledger.lower(code, sortie_id)
        else:
            message = f"{actor} handed the lead back, but the vehicle's failsafe has it, until it flies what was asked"
        self._ledger.ask(Report(ReportKind.SORTIE, sortie_id, self.state, message))

    def _take_up(self, now: datetime) -> None:
        """Go on where the vehicle flies what was verified; else bring it down by a way that is verified from here."""
        actor, self._handed_back_by = self._handed_back_by, ""
        if self.state is SortieState.AIRBORNE and self._vehicle.mode is FlightMode.MISSION and self._lead.plan_known:
            return
        held = "does not fly its mission" if self._lead.plan_known else "holds a plan that is not verified"
        why = f"{actor} handed the lead back of a vehicle that {held}"
        self._begin_diversion(now, why)

    def _off_the_ground(self) -> bool:
        return self._vehicle.armed and self._vehicle.landed_state in {LandedState.IN_AIR, LandedState.TAKEOFF}

    def _in_charge(self) -> bool:
        """Whether the vehicle flies the approved mission, and hears us (invariant I-19)."""
        flies_it = self.state is SortieState.AIRBORNE and self._vehicle.mode is FlightMode.MISSION
        return flies_it and self._vehicle.armed and self._freshness is Freshness.FRESH and self._lead.may_command

    def _take_orders_along(self) -> None:
        self._took_off_ms = self._took_off_ms or self._vehicle.boot_time_ms
        for order_id, state in self.order_states.items():
            if state is OrderState.PLANNED:
                self._ledger.move_order(order_id, OrderEvent.TAKE_OFF)
                self._ledger.move_parcel(order_id, CustodyEvent.TAKE_ALONG)

    def _landed_and_disarmed(self) -> bool:
        return not self._vehicle.armed and self._vehicle.landed_state is LandedState.ON_GROUND

    def _watch_flight(self, now: datetime) -> None:
        if not self._lead.may_command:
            return
        self._watch_overdue()
        self._watch_battery(now)

    def _watch_overdue(self) -> None:
        planned = self.flight.plan.arrival - self.flight.plan.departure
        flown = timedelta(milliseconds=self._vehicle.boot_time_ms - (self._took_off_ms or self._vehicle.boot_time_ms))
        if flown > planned * OVERDUE_FACTOR + timedelta(seconds=30):
            self._ledger.alarm("OVERDUE", self._ledger.sortie_id, f"in the air longer than planned ({planned})")

    def _watch_battery(self, now: datetime) -> None:
        battery_wh = self.flight.plan.sortie.vehicle.type.battery_wh
        available_wh = self._vehicle.battery_remaining * battery_wh
        sortie_id = self._ledger.sortie_id
        if math.isnan(available_wh):
            self._ledger.alarm("BATTERY_UNKNOWN", sortie_id, "the vehicle does not tell its battery's state")
            return
        needed_wh = self._contingencies.energy_to_finish_wh(self.flight, self._vehicle, self._ledger.payload_kg)
        limit_wh = self._policy.divert_reserve_fraction * battery_wh
        if not available_wh - needed_wh < limit_wh:
            return
        why = (
            f"battery holds {available_wh:.0f} Wh, the rest of the mission needs {needed_wh:.0f} Wh "
            f"and {limit_wh:.0f} Wh must remain"
        )
        self._ledger.alarm("LOW_BATTERY", sortie_id, why)
        self._divert(now, why, can_finish=available_wh >= needed_wh)

    # ---- diverting ---------------------------------------------------------------------------------

    def _divert(self, now: datetime, why: str, *, can_finish: bool) -> None:
        """Divert if some permitted site is in reach from here; else go on, or land while it is still possible."""
        if self._find_landing(self._vehicle, now) is None:
            here = "going on: it can still finish" if can_finish else "landing here"
            if self._ledger.alarm("NO_SITE_REACHABLE", self._ledger.sortie_id, here) and not can_finish:
                self._ledger.ask(LandNow(why))
            return
        self._begin_diversion(now, why)

    def _begin_diversion(self, now: datetime, why: str) -> None:
        self._ladder = DiversionLadder(why, self._find_landing, timedelta(seconds=self._policy.hold_timeout_s))
        self._ledger.move(SortieEvent.DIVERT, now, why)
        self._climb_down(self._ladder.hold(now, why))

    def _find_landing(self, state: VehicleState, now: datetime) -> Diversion | None:
        return self._contingencies.nearest_landing(self.flight, state, self._ledger.payload_kg, now)

    def _climb_down(self, commands: list[Command]) -> None:
        """Pass on what the ladder asks for, and say so."""
        sortie_id = self._ledger.sortie_id
        for command in commands:
            if isinstance(command, FlyInstead) and self._ladder and self._ladder.diversion:
                way = f"to {command.site.name}, {self._ladder.diversion.length_m:.0f} m"
                self._ledger.ask(Report(ReportKind.SORTIE, sortie_id, self.state, way))
            if isinstance(command, LandNow):
                self._ledger.alarm("LANDING_HERE", sortie_id, command.reason)
        self._ledger.ask(*commands)

    def _diversion_ended(self, event: DiversionEnded, now: datetime) -> None:
        if event.ok or self.state is not SortieState.DIVERTING or self._ladder is None:
            return
        self._ledger.alarm("DIVERSION_FAILED", f"{self._ledger.sortie_id} {now:%H:%M:%S}", event.reason)
        self._climb_down(self._ladder.hold(now, event.reason))

    # ---- the end -----------------------------------------------------------------------------------

    def _landed(self, now: datetime) -> None:
        self._handovers.ended()
        site = self._site_below()
        where = f"at {site.name}" if site else "off every permitted site"
        if site is None and self._handovers.jumped_m:
            where = f"at an unknown place (its position had jumped by {self._handovers.jumped_m:.0f} m)"
        if site is None:
            self._ledger.alarm("OFF_TARGET_LANDING", self._ledger.sortie_id, f"landed {where}: a person must check")
        for order_id, state in self.order_states.items():
            if state is OrderState.PLANNED:
                self._ledger.fail_order(order_id, "the vehicle was told to start and was not seen in the air")
            elif state is OrderState.IN_FLIGHT:
                self._bring_down(order_id, site, where)
        self._ledger.move(SortieEvent.LANDED_AND_DISARMED, now, where)

    def _bring_down(self, order_id: str, site: Hub | LandingSite | None, where: str) -> None:
        """End an order whose parcel came down with the vehicle."""
        event, custody = OrderEvent.LAND_ELSEWHERE, CustodyEvent.SET_DOWN
        if site is self.flight.plan.sortie.hub:
            event, custody = OrderEvent.LAND_AT_HUB, CustodyEvent.BRING_BACK
        elif site is None:
            event, custody = OrderEvent.FAIL, CustodyEvent.LOSE
        diverted = self.reasons.get(self._ledger.sortie_id)
        why = diverted or self.reasons.get(order_id) or "the flight ended before its release"
        self.reasons[order_id] = f"landed {where} with the parcel: {why}"
        self._ledger.move_parcel(order_id, custody, where)
        self._ledger.move_order(order_id, event, self.reasons[order_id])

    def _site_below(self) -> Hub | LandingSite | None:
        sites: tuple[Hub | LandingSite, ...] = (self.flight.plan.sortie.hub, *self.flight.plan.alternates)
        here = self._vehicle.position
        if here is None:
            return None
        nearest = min(sites, key=lambda site: distance_m(here, site.position))
        off_m = distance_m(here, nearest.position) + self._handovers.jumped_m
        return nearest if off_m <= LANDING_TOLERANCE_M else None

    # ---- the link and the clock --------------------------------------------------------------------

    def _freshness_changed(self, freshness: Freshness, now: datetime) -> None:
        self._freshness = freshness
        sortie_id = self._ledger.sortie_id
        if freshness is Freshness.LOST and self.state in {*AIRBORNE, SortieState.LAUNCHING} - {SortieState.LOST}:
            self._ledger.alarm("LINK_LOST", sortie_id, "no telemetry: the vehicle's own failsafe is in charge")
            self._ledger.move(SortieEvent.LOSE_LINK, now)
        elif freshness is Freshness.FRESH and self.state is SortieState.LOST:
            self._ledger.lower("LINK_LOST", sortie_id)
            self._ledger.move(SortieEvent.REGAIN_LINK, now)
            if self._ladder:
                self._ledger.move(SortieEvent.DIVERT, now, self._ladder.reason)

    def _link_changed(self, event: FreshnessChanged | AnswersChanged, now: datetime) -> None:
        """Judge both ways of the link: a vehicle that is heard and answers nothing does not hear us (fault F-L7)."""
        if isinstance(event, FreshnessChanged):
            self._freshness_changed(event.freshness, now)
        else:
            self._unanswered = event.unanswered
        sortie_id = self._ledger.sortie_id
        if not self._unanswered:
            self._ledger.lower("TELEMETRY_ONLY", sortie_id)
        elif self._freshness is Freshness.FRESH:
            self._ledger.alarm("TELEMETRY_ONLY", sortie_id, f"it is heard and answers no command: {self._unanswered}")

    def _waited(self, now: datetime) -> None:
        if self.state in AIRBORNE:
            self._handovers.waited(now)
        if self.state is SortieState.PLANNED:
            self._ground.await_contact(self._vehicle, self._freshness, now)
        elif self.state is SortieState.DIVERTING and self._ladder:
            if self._lead.may_command:
                self._climb_down(self._ladder.waited(now))
        elif self.state is SortieState.LOADED:
            self._try_launch(now)
        elif self.state is SortieState.LAUNCHING:
            self._ground.watch_launch(now)
        elif self.state is SortieState.LOST and self._ledger.longer_than(self._policy.lost_give_up_s, now):
            self.incident = LostVehicle(self._ledger.sortie_id, self._vehicle, self._ledger.since or now)
            self._ledger.give_up(now, f"vehicle silent for more than {self._policy.lost_give_up_s:.0f} s")
            self._ledger.ask(self.incident.opened())
