"""A flown scenario against what its document expects, for people and for programs."""

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mission.supervision.events import ReportKind
from operations.scenarios.flying import FlownScenario


@dataclass(frozen=True)
class ScenarioVerdict:
    """Whether a scenario went as its document expects.

    Attributes:
        differences: each in a sentence; none when it went so.
    """

    flown: FlownScenario
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it went as expected."""
        return not self.differences

    @property
    def repeat(self) -> str:
        """The command that flies exactly this again."""
        scenario = self.flown.scenario
        return f"stork sim run {shlex.quote(str(scenario.path))} --seed {scenario.document.seed}"

    def as_json(self) -> dict[str, Any]:
        """The verdict for programs."""
        flown, document = self.flown, self.flown.scenario.document
        start = flown.plan.day.start
        return {
            "scenario": document.name,
            "file": str(flown.scenario.path),
            "seed": document.seed,
            "ok": self.ok,
            "differences": self.differences,
            "repeat": self.repeat,
            "gap": document.gap,
            "flown_s": flown.flown_s,
            "orders": flown.endings,
            "alarms": sorted(flown.alarms),
            "findings": [
                {"t_s": round(f.time_s, 2), "vehicle": f.vehicle_id, "rule": f.rule, "what": f.what}
                for f in flown.findings
            ],
            "links": [
                {"vehicle": vehicle, "condition": condition, "reason": reason}
                for vehicle, condition, reason in flown.links
            ],
            "timeline": [
                {
                    "t_s": round((moment - start).total_seconds(), 2),
                    "vehicle": vehicle_id,
                    "report": report.kind,
                    "subject": report.subject,
                    "state": report.state,
                    "message": report.message,
                }
                for moment, vehicle_id, report in flown.timeline
            ],
        }

    def timeline_lines(self) -> list[str]:
        """What happened, a line each: orders, sorties and alarms."""
        start = self.flown.plan.day.start
        told = {ReportKind.SORTIE, ReportKind.ORDER, ReportKind.ALARM}
        return [
            f"{(moment - start).total_seconds():7.1f} s  {vehicle_id}  {report.subject} {report.state}"
            + (f": {report.message}" if report.message else "")
            for moment, vehicle_id, report in self.flown.timeline
            if report.kind in told
        ]


def judged(flown: FlownScenario) -> ScenarioVerdict:
    """Compare what happened with what was expected."""
    expected = flown.scenario.document.expected
    differences = [
        *_orders(expected.orders, flown.endings),
        *_sets("alarm", expected.alarms, flown.alarms),
        *_sets("rule", {*expected.broken, *expected.provoked}, flown.broken),
    ]
    return ScenarioVerdict(flown, tuple(differences))


def _orders(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return [
        f"order {order_id} ended {found.get(order_id, 'nowhere')}, expected {ending}"
        for order_id, ending in expected.items()
        if found.get(order_id) != ending
    ]


def _sets(what: str, expected: Collection[str], found: Collection[str]) -> list[str]:
    came = {"alarm": "was raised", "rule": "was broken"}[what]
    stayed_away = {"alarm": "was not raised", "rule": "was not broken"}[what]
    unexpected = [f"{what} {name} {came}, and is not expected" for name in sorted(set(found) - set(expected))]
    return unexpected + [f"{what} {name} {stayed_away}, and is expected" for name in sorted(set(expected) - set(found))]
