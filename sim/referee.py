"""Judges what vehicles really did, from their truth alone: it knows no plan, no supervisor and no telemetry.

`Referee.observe` takes one vehicle at one moment; `Referee.findings` is what no vehicle may do and one did.
"""

from dataclasses import dataclass

from sim.truth import Truth

HARD_LANDING_M_S = 2.5
"""Sinking faster than this onto the ground is a crash; PX4 lands with 0.7 m/s and sinks with 1.5 m/s."""


@dataclass(frozen=True, slots=True)
class RefereeFinding:
    """Something no vehicle may do: when, which one, which rule, and the figures."""

    time_s: float
    vehicle_id: str
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.vehicle_id} at {self.time_s:.1f} s: {self.rule}: {self.what}"


class Referee:
    """Watches any number of vehicles. Each rule is broken once a sortie at most, however long it stays broken."""

    def __init__(self) -> None:
        self.findings: list[RefereeFinding] = []
        self._last: dict[str, Truth] = {}
        self._found: set[tuple[str, int, str]] = set()

    def observe(self, truth: Truth) -> None:
        """Look at one vehicle; its moments come in the order of time."""
        last = self._last.get(truth.vehicle_id)
        self._last[truth.vehicle_id] = truth
        if last is None:
            return
        if last.height_m > 0.0 >= truth.height_m and last.climb_m_s < -HARD_LANDING_M_S:
            self._find(truth, "crash", f"hit the ground at {-last.climb_m_s:.1f} m/s")
        if truth.height_m > 0.0 and not truth.armed:
            self._find(truth, "disarmed in the air", f"{truth.height_m:.1f} m up")
        if truth.height_m > 0.0 and truth.battery_fraction <= 0.0:
            self._find(truth, "empty battery in the air", f"{truth.height_m:.1f} m up")

    def _find(self, truth: Truth, rule: str, what: str) -> None:
        key = truth.vehicle_id, truth.sortie, rule
        if key not in self._found:
            self._found.add(key)
            self.findings.append(RefereeFinding(truth.time_s, truth.vehicle_id, rule, what))
