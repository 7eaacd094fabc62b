"""A sortie on the ground: from first contact to the launch."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from mission.dispatch.sortie_state import SortieEvent, SortieState
from mission.errors import InvariantError
from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from mission.policy import Policy
from mission.supervision.events import Holding, LandNow, Launch, LaunchEnded, Load, TransferEnded, VehicleSaid
from mission.supervision.ledger import Ledger
from mission.supervision.preflight import Gate, launch_objections

MAX_LOAD_ATTEMPTS: Final = 3
LAUNCH_AGAIN_AFTER: Final = timedelta(seconds=5)
"""A launch that did not reach the vehicle is tried again so long after it, while there is time."""
MAX_WORDS: Final = 8
WARNING: Final = 4
"""MAV_SEVERITY_WARNING; what is less severe is no reason."""


class GroundPhase:
    """Loads the approved mission, and launches the vehicle that is proved to hold it."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger = ledger
        self._policy = policy
        self._attempts = 0
        self._begun: datetime | None = None
        self._loaded: datetime | None = None
        self._launch_again: datetime | None = None
        self._not_launched = ""
        self._words: deque[str] = deque(maxlen=MAX_WORDS)

    def said(self, event: VehicleSaid) -> None:
        """Keep what the autopilot says against flying: it is the reason when it does not get ready (fault F-V9)."""
        if event.severity <= WARNING:
            self._words.append(event.text)

    def begin(self, now: datetime) -> None:
        """The vehicle stands at its hub with its parcels.

        Raises:
            InvariantError: it was begun before.
        """
        if self._begun:
            raise InvariantError(f"sortie {self._ledger.sortie_id} was begun before")
        self._begun = now

    def await_contact(self, vehicle: VehicleState, freshness: Freshness, now: datetime) -> None:
        """Load as soon as the vehicle is heard and known to wait on the ground; give up when that takes too long."""
        if self._begun is None:
            return
        known = vehicle.landed_state is LandedState.ON_GROUND and vehicle.mode is not FlightMode.UNKNOWN
        limit_s, departure = self._policy.preflight_timeout_s, self._ledger.flight.plan.departure
        if known and not vehicle.armed and freshness is Freshness.FRESH:
            self._load(now)
        elif (now - max(self._begun, departure)).total_seconds() > limit_s:
            unready = _why_not_waiting(vehicle, freshness)
            why = f"vehicle {self._ledger.flight.vehicle_id} {unready}, given up after {limit_s:.0f} s"
            self._ledger.give_up(now, why)

    def transfer_ended(self, event: TransferEnded, now: datetime) -> None:
        """Believe a read-back of exactly the approved mission, and nothing else."""
        if event.holding is Holding.LOADED and event.digest == self._ledger.flight.mission.digest():
            self._loaded = now
            held = f"read back as approved, digest {event.digest[:12]}"
            self._ledger.move(SortieEvent.HELD_AS_APPROVED, now, held)
        elif event.holding is Holding.NOT_LOADED:
            self._ledger.move(SortieEvent.NOT_HELD, now, event.reason)
            self._ledger.fail_orders(f"the vehicle does not hold the mission: {event.reason}")
        else:
            self._ledger.move(SortieEvent.DOUBTFUL, now, event.reason)
            if self._attempts < MAX_LOAD_ATTEMPTS:
                self._load(now)
            else:
                self._ledger.give_up(now, f"what the vehicle holds is unknown: {event.reason}")

    def try_launch(self, vehicle: VehicleState, freshness: Freshness, now: datetime) -> None:
        """Launch when it is time and nothing speaks against it; give up when that takes too long."""
        flight = self._ledger.flight
        if self._loaded is None or now < flight.plan.departure:
            return
        late = (now - max(self._loaded, flight.plan.departure)).total_seconds() > self._policy.preflight_timeout_s
        gate = Gate(flight, vehicle, freshness, self._policy, now, tuple(self._words))
        objections = launch_objections(gate)
        again = self._launch_again is None or (now >= self._launch_again and not late)
        if not objections and again:
            self._ledger.move(SortieEvent.LAUNCH, now)
            grippers = tuple(release.gripper for release in flight.releases)
            self._ledger.ask(Launch(flight.mission.digest(), grippers))
        elif late:
            self._ledger.give_up(now, "; ".join(objections) or self._not_launched)

    def launch_ended(self, event: LaunchEnded, now: datetime) -> None:
        """A launch that was refused ends the sortie; that it flies is what telemetry shows."""
        if event.ok or self._ledger.state is not SortieState.LAUNCHING:
            return
        if not event.begun:
            self._launch_again, self._not_launched = now + LAUNCH_AGAIN_AFTER, f"launch not heard: {event.reason}"
            self._ledger.move(SortieEvent.LAUNCH_NOT_BEGUN, now, self._not_launched)
        else:
            self._ledger.move(SortieEvent.LAUNCH_REFUSED, now, event.reason)
            self._ledger.fail_orders(f"launch refused: {event.reason}")

    def watch_launch(self, now: datetime) -> None:
        """A vehicle that was told to start and stays on the ground is told to land, and its sortie ends."""
        limit_s = self._policy.take_off_timeout_s
        if self._ledger.longer_than(limit_s, now):
            why = f"told to start, but not in the air within {limit_s:.0f} s"
            self._ledger.ask(LandNow(why))
            self._ledger.move(SortieEvent.LAUNCH_REFUSED, now, why)
            self._ledger.fail_orders(why)

    def _load(self, now: datetime) -> None:
        self._attempts += 1
        self._words.clear()
        self._ledger.move(SortieEvent.LOAD, now, f"attempt {self._attempts}" if self._attempts > 1 else "")
        self._ledger.ask(Load(self._ledger.flight.mission))


def _why_not_waiting(vehicle: VehicleState, freshness: Freshness) -> str:
    """Why a vehicle is not known to wait on the ground."""
    if freshness is Freshness.NEVER:
        return "never answered"
    if freshness is not Freshness.FRESH:
        return f"is not heard any more (its telemetry is {freshness})"
    doing = f"{'armed' if vehicle.armed else 'disarmed'}, {vehicle.landed_state.name}, mode {vehicle.mode}"
    return f"was not seen waiting on the ground: it is {doing}"
