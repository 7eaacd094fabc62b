"""Supervision of one sortie: from loading to landed and disarmed, decisions only.

`handle(event, now)` returns commands; the same events give the same commands. The supervisor never trusts an
acknowledgement: airborne, released, landed and finished are what telemetry shows.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from mission.dispatch.order_state import ORDER_TABLE, OrderEvent, OrderState
from mission.dispatch.sortie_state import SORTIE_TABLE, SortieEvent, SortieState
from mission.dispatch.transition import next_state
from mission.errors import InvariantError
from mission.geodesy.distance import distance_m
from mission.model.fleet import Hub, LandingSite
from mission.model.flight import ApprovedFlight
from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from mission.policy import Policy
from mission.supervision.diverting import Diversion, DiversionLadder
from mission.supervision.events import (
    Begin,
    Command,
    DiversionEnded,
    Event,
    FlyInstead,
    FreshnessChanged,
    Holding,
    LandNow,
    Launch,
    LaunchEnded,
    Load,
    Observed,
    Report,
    ReportKind,
    Tick,
    TransferEnded,
)
from mission.supervision.preflight import launch_objections
from mission.supervision.release import ReleaseWatch

LANDING_TOLERANCE_M: Final = 15.0
"""A vehicle that lands farther than this from a permitted site landed off target (fault F-V23)."""
OVERDUE_FACTOR: Final = 1.25
"""A flight that takes this much longer than planned raises an alarm (fault F-V19)."""
MAX_LOAD_ATTEMPTS: Final = 3
AIRBORNE: Final = frozenset({SortieState.AIRBORNE, SortieState.DIVERTING, SortieState.LOST})
VEHICLE_LED: Final = frozenset({FlightMode.RETURN, FlightMode.LAND, FlightMode.MANUAL, FlightMode.OTHER})


class Contingencies(Protocol):
    """What the supervisor asks of planning while a flight is under way."""

    def energy_to_finish_wh(self, flight: ApprovedFlight, state: VehicleState, payload_kg: float) -> float:
        """Energy needed from here to the end of the mission as planned."""

    def nearest_landing(
        self, flight: ApprovedFlight, state: VehicleState, payload_kg: float, now: datetime
    ) -> Diversion | None:
        """The verified diversion that costs least energy, or None where no permitted site can be reached."""


class SortieSupervisor:
    """Watches one sortie and says what to do next."""

    def __init__(self, flight: ApprovedFlight, contingencies: Contingencies, policy: Policy) -> None:
        self.flight = flight
        self.state = SortieState.PLANNED
        self.order_states: dict[str, OrderState] = {o.order_id: OrderState.PLANNED for o in flight.plan.sortie.orders}
        self.reasons: dict[str, str] = {}
        self._contingencies = contingencies
        self._policy = policy
        self._watches = {release.order_id: ReleaseWatch(release, policy) for release in flight.releases}
        self._vehicle = VehicleState(flight.vehicle_id)
        self._freshness = Freshness.NEVER
        self._attempts = 0
        self._begun: datetime | None = None
        self._ladder: DiversionLadder | None = None
        self._took_off_ms: int | None = None  # by the vehicle's clock, which is the one its flight takes time on
        self._since: datetime | None = None
        self._raised: set[str] = set()
        self._out: list[Command] = []

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
        self._out = []
        if self.finished:
            return []
        match event:
            case Begin():
                self._begin(now)
            case TransferEnded():
                self._transfer_ended(event, now)
            case LaunchEnded():
                self._launch_ended(event, now)
            case DiversionEnded():
                self._diversion_ended(event, now)
            case Observed(state=state):
                self._vehicle = state
                self._observed(now)
            case FreshnessChanged(freshness=freshness):
                self._freshness_changed(freshness, now)
            case Tick():
                self._waited(now)
        return self._out

    # ---- on the ground -----------------------------------------------------------------------------

    def _begin(self, now: datetime) -> None:
        if self._begun:
            raise InvariantError(f"sortie {self._sortie_id} was begun before")
        self._begun = now
        self._await_contact(now)

    def _await_contact(self, now: datetime) -> None:
        """Load as soon as the vehicle is heard and known to wait on the ground; give up when that takes too long."""
        vehicle = self._vehicle
        known = vehicle.landed_state is LandedState.ON_GROUND and vehicle.mode is not FlightMode.UNKNOWN
        if self._begun and known and not vehicle.armed and self._freshness is Freshness.FRESH:
            self._load(now)
        elif self._begun and now - max(self._begun, self.flight.plan.departure) > self._seconds("preflight_timeout_s"):
            heard = "never answered"
            if self._freshness is not Freshness.NEVER:
                heard = f"was not seen waiting on the ground, but {vehicle.landed_state.name}"
            why = f"vehicle {self.flight.vehicle_id} {heard} {self._policy.preflight_timeout_s:.0f} s long"
            self._give_up(now, why)

    def _load(self, now: datetime) -> None:
        self._attempts += 1
        self._move(SortieEvent.LOAD, now, f"attempt {self._attempts}" if self._attempts > 1 else "")
        self._out.append(Load(self.flight.mission))

    def _transfer_ended(self, event: TransferEnded, now: datetime) -> None:
        if event.holding is Holding.LOADED and event.digest == self.flight.mission.digest():
            self._move(SortieEvent.HELD_AS_APPROVED, now, f"read back as approved, digest {event.digest[:12]}")
            self._try_launch(now)
        elif event.holding is Holding.NOT_LOADED:
            self._move(SortieEvent.NOT_HELD, now, event.reason)
            self._fail_orders(f"the vehicle does not hold the mission: {event.reason}")
        else:
            self._move(SortieEvent.DOUBTFUL, now, event.reason)
            if self._attempts < MAX_LOAD_ATTEMPTS:
                self._load(now)
            else:
                self._give_up(now, f"what the vehicle holds is unknown: {event.reason}")

    def _try_launch(self, now: datetime) -> None:
        if now < self.flight.plan.departure:
            return
        objections = launch_objections(self.flight, self._vehicle, self._freshness, self._policy, now)
        if not objections:
            self._move(SortieEvent.LAUNCH, now)
            self._out.append(Launch(self.flight.mission.digest()))
        elif self._since and now - max(self._since, self.flight.plan.departure) > self._seconds("preflight_timeout_s"):
            self._give_up(now, "; ".join(objections))

    def _launch_ended(self, event: LaunchEnded, now: datetime) -> None:
        if not event.ok and self.state is SortieState.LAUNCHING:
            self._move(SortieEvent.LAUNCH_REFUSED, now, event.reason)
            self._fail_orders(f"launch refused: {event.reason}")

    # ---- in flight ---------------------------------------------------------------------------------

    def _observed(self, now: datetime) -> None:
        if self.state is SortieState.PLANNED:
            self._await_contact(now)
        elif self.state is SortieState.LOADED:
            self._try_launch(now)
        elif self.state is SortieState.LAUNCHING and self._off_the_ground():
            self._move(SortieEvent.TOOK_OFF, now)
            self._take_orders_along()
        elif self.state in AIRBORNE:
            if self._off_the_ground():
                self._take_orders_along()  # again: the link may have been lost between launch and take-off
            self._watch_releases()
            if self._landed_and_disarmed():
                self._landed(now)
            elif self.state is SortieState.AIRBORNE:
                self._watch_flight(now)
            elif self.state is SortieState.DIVERTING and self._ladder:
                self._climb_down(self._ladder.observed(self._vehicle, now))

    def _off_the_ground(self) -> bool:
        return self._vehicle.armed and self._vehicle.landed_state in {LandedState.IN_AIR, LandedState.TAKEOFF}

    def _take_orders_along(self) -> None:
        self._took_off_ms = self._took_off_ms or self._vehicle.boot_time_ms
        for order_id, state in self.order_states.items():
            if state is OrderState.PLANNED:
                self._move_order(order_id, OrderEvent.TAKE_OFF)

    def _landed_and_disarmed(self) -> bool:
        return not self._vehicle.armed and self._vehicle.landed_state is LandedState.ON_GROUND

    def _watch_releases(self) -> None:
        if self._ladder:
            return
        for order_id, watch in self._watches.items():
            if self.order_states[order_id] is not OrderState.IN_FLIGHT:
                continue
            watch.observe(self._vehicle)
            if not watch.passed(self._vehicle):
                continue
            evidence = watch.evidence
            if evidence is None:
                why = "the mission passed its release, but the vehicle was not seen at the drop and low enough"
                self._alarm("RELEASE_NOT_CONFIRMED", order_id, why)
                self._fail_order(order_id, why)
                continue
            figures = {"distance_m": evidence.distance_m, "height_home_m": evidence.height_home_m}
            figures |= {"latitude_deg": evidence.latitude_deg, "longitude_deg": evidence.longitude_deg}
            self._move_order(order_id, OrderEvent.RELEASE, details=figures)
            self._move_order(
                order_id, OrderEvent.HAND_OVER, f"released {evidence.distance_m:.1f} m from the drop", figures
            )

    def _watch_flight(self, now: datetime) -> None:
        mode = self._vehicle.mode
        if mode in VEHICLE_LED:
            self._alarm("VEHICLE_LED", self._sortie_id, f"the vehicle changed to {mode} by itself: observing only")
            return
        self._raised.discard(f"VEHICLE_LED:{self._sortie_id}")
        self._watch_overdue()
        self._watch_battery(now)

    def _watch_overdue(self) -> None:
        planned = self.flight.plan.arrival - self.flight.plan.departure
        flown = timedelta(milliseconds=self._vehicle.boot_time_ms - (self._took_off_ms or self._vehicle.boot_time_ms))
        if flown > planned * OVERDUE_FACTOR + timedelta(seconds=30):
            self._alarm("OVERDUE", self._sortie_id, f"in the air longer than planned ({planned})")

    def _watch_battery(self, now: datetime) -> None:
        battery_wh = self.flight.plan.sortie.vehicle.type.battery_wh
        available_wh = self._vehicle.battery_remaining * battery_wh
        if math.isnan(available_wh):
            self._alarm("BATTERY_UNKNOWN", self._sortie_id, "the vehicle does not tell its battery's state")
            return
        payload_kg = self._payload_kg()
        needed_wh = self._contingencies.energy_to_finish_wh(self.flight, self._vehicle, payload_kg)
        limit_wh = self._policy.divert_reserve_fraction * battery_wh
        if not available_wh - needed_wh < limit_wh:
            return
        why = (
            f"battery holds {available_wh:.0f} Wh, the rest of the mission needs {needed_wh:.0f} Wh "
            f"and {limit_wh:.0f} Wh must remain"
        )
        self._alarm("LOW_BATTERY", self._sortie_id, why)
        self._divert(now, why, can_finish=available_wh >= needed_wh)

    def _divert(self, now: datetime, why: str, *, can_finish: bool) -> None:
        """Divert if some permitted site is in reach from here; else go on, or land while it is still possible."""
        if self._find_landing(self._vehicle, now) is None:
            here = "going on: it can still finish" if can_finish else "landing here"
            if self._alarm("NO_SITE_REACHABLE", self._sortie_id, here) and not can_finish:
                self._out.append(LandNow(why))
            return
        self._ladder = DiversionLadder(why, self._find_landing, self._seconds("hold_timeout_s"))
        self._move(SortieEvent.DIVERT, now, why)
        self._climb_down(self._ladder.hold(now, why))

    def _find_landing(self, state: VehicleState, now: datetime) -> Diversion | None:
        return self._contingencies.nearest_landing(self.flight, state, self._payload_kg(), now)

    def _climb_down(self, commands: list[Command]) -> None:
        """Pass on what the ladder asks for, and say so."""
        for command in commands:
            if isinstance(command, FlyInstead) and self._ladder and self._ladder.diversion:
                way = f"to {command.site.name}, {self._ladder.diversion.length_m:.0f} m"
                self._out.append(Report(ReportKind.SORTIE, self._sortie_id, self.state, way))
            if isinstance(command, LandNow):
                self._alarm("LANDING_HERE", self._sortie_id, command.reason)
        self._out.extend(commands)

    def _diversion_ended(self, event: DiversionEnded, now: datetime) -> None:
        if event.ok or self.state is not SortieState.DIVERTING or self._ladder is None:
            return
        self._alarm("DIVERSION_FAILED", f"{self._sortie_id} {now:%H:%M:%S}", event.reason)
        self._climb_down(self._ladder.hold(now, event.reason))

    # ---- the end -----------------------------------------------------------------------------------

    def _landed(self, now: datetime) -> None:
        site = self._site_below()
        where = f"at {site.name}" if site else "off every permitted site"
        at_hub = site is self.flight.plan.sortie.hub
        if site is None:
            self._alarm("OFF_TARGET_LANDING", self._sortie_id, "landed off every permitted site: a person must check")
        for order_id, state in self.order_states.items():
            if state is OrderState.PLANNED:
                self._fail_order(order_id, "the vehicle was told to start and was not seen in the air")
            if state is not OrderState.IN_FLIGHT:
                continue
            event = OrderEvent.LAND_AT_HUB if at_hub else OrderEvent.LAND_ELSEWHERE if site else OrderEvent.FAIL
            why = self.reasons.get(self._sortie_id) or "the flight ended before its release"
            self.reasons[order_id] = f"landed {where} with the parcel: {why}"
            self._move_order(order_id, event, self.reasons[order_id])
        self._move(SortieEvent.LANDED_AND_DISARMED, now, where)

    def _site_below(self) -> Hub | LandingSite | None:
        sites: tuple[Hub | LandingSite, ...] = (self.flight.plan.sortie.hub, *self.flight.plan.alternates)
        here = self._vehicle.position
        if here is None:
            return None
        nearest = min(sites, key=lambda site: distance_m(here, site.position))
        return nearest if distance_m(here, nearest.position) <= LANDING_TOLERANCE_M else None

    def _freshness_changed(self, freshness: Freshness, now: datetime) -> None:
        self._freshness = freshness
        if freshness is Freshness.LOST and self.state in {*AIRBORNE, SortieState.LAUNCHING} - {SortieState.LOST}:
            self._alarm("LINK_LOST", self._sortie_id, "no telemetry: the vehicle's own failsafe is in charge")
            self._move(SortieEvent.LOSE_LINK, now)
        elif freshness is Freshness.FRESH and self.state is SortieState.LOST:
            self._raised.discard(f"LINK_LOST:{self._sortie_id}")
            self._move(SortieEvent.REGAIN_LINK, now)
            if self._ladder:
                self._move(SortieEvent.DIVERT, now, self._ladder.reason)

    def _waited(self, now: datetime) -> None:
        if self.state is SortieState.PLANNED:
            self._await_contact(now)
        elif self.state is SortieState.DIVERTING and self._ladder:
            self._climb_down(self._ladder.waited(now))
        elif self.state is SortieState.LOADED:
            self._try_launch(now)
        elif self.state is SortieState.LAUNCHING and self._longer_than("take_off_timeout_s", now):
            why = f"told to start, but not in the air within {self._policy.take_off_timeout_s:.0f} s"
            self._out.append(LandNow(why))
            self._move(SortieEvent.LAUNCH_REFUSED, now, why)
            self._fail_orders(why)
        elif self.state is SortieState.LOST and self._longer_than("lost_give_up_s", now):
            self._give_up(now, f"vehicle silent for more than {self._policy.lost_give_up_s:.0f} s")

    def _longer_than(self, policy_field: str, now: datetime) -> bool:
        """Whether the present state lasts longer than a time of the policy."""
        return self._since is not None and now - self._since > self._seconds(policy_field)

    def _give_up(self, now: datetime, why: str) -> None:
        self._move(SortieEvent.GIVE_UP, now, why)
        self._fail_orders(why)

    # ---- bookkeeping -------------------------------------------------------------------------------

    @property
    def _sortie_id(self) -> str:
        return self.flight.sortie_id

    def _seconds(self, policy_field: str) -> timedelta:
        return timedelta(seconds=getattr(self._policy, policy_field))

    def _payload_kg(self) -> float:
        aboard = {OrderState.PLANNED, OrderState.IN_FLIGHT}
        return sum(o.parcel.mass_kg for o in self.flight.plan.sortie.orders if self.order_states[o.order_id] in aboard)

    def _move(self, event: SortieEvent, now: datetime, why: str = "") -> None:
        self.state = next_state(SORTIE_TABLE, self.state, event, f"sortie {self._sortie_id}")
        self._since = now
        if event in {SortieEvent.DIVERT, SortieEvent.GIVE_UP}:
            self.reasons[self._sortie_id] = why
        self._out.append(Report(ReportKind.SORTIE, self._sortie_id, self.state, why))

    def _move_order(
        self,
        order_id: str,
        event: OrderEvent,
        why: str = "",
        details: Mapping[str, float | str] | None = None,
    ) -> None:
        state = next_state(ORDER_TABLE, self.order_states[order_id], event, f"order {order_id}")
        self.order_states[order_id] = state
        self._out.append(Report(ReportKind.ORDER, order_id, state, why, details or {}))

    def _fail_order(self, order_id: str, why: str) -> None:
        self.reasons[order_id] = why
        self._move_order(order_id, OrderEvent.FAIL, why)

    def _fail_orders(self, why: str) -> None:
        for order_id, state in self.order_states.items():
            if state in {OrderState.PLANNED, OrderState.IN_FLIGHT}:
                self._fail_order(order_id, why)

    def _alarm(self, code: str, subject: str, message: str) -> bool:
        """Raise an alarm once; return whether it is new."""
        key = f"{code}:{subject}"
        if key in self._raised:
            return False
        self._raised.add(key)
        self._out.append(Report(ReportKind.ALARM, subject, code, message))
        return True
