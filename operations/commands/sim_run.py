"""`stork sim run`: scenarios flown in virtual time and judged."""

import difflib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mission.errors import InputError, InputProblem
from operations.configs import configs_folder
from operations.outcome import Exit, print_json
from operations.scenarios.documents import Scenario, read_scenario
from operations.scenarios.flying import fly_scenario, with_seed
from operations.scenarios.verdict import ScenarioVerdict, judged


@dataclass(frozen=True)
class ScenarioArguments:
    """Which scenarios are flown.

    Attributes:
        scenario: a file, or the name of a scenario that comes with Stork; None with `all_of_them`.
        out: folder for the journals; None keeps none.
    """

    scenario: str | None
    all_of_them: bool
    seed: int | None
    out: Path | None

    def read(self) -> list[Scenario]:
        """Read them all, before any is flown.

        Raises:
            InputError: a document is broken, there is none of this name, or it is not clear which is meant.
        """
        if self.all_of_them == (self.scenario is not None):
            what = "a scenario and --all are both given" if self.scenario else "no scenario is given"
            mend = f"Name one of {', '.join(scenario_names())}, give a file, or --all"
            raise InputError(InputProblem("<argument>", "scenario", what, mend))
        names = scenario_names() if self.scenario is None else [self.scenario]
        scenarios = [read_scenario(_path(name)) for name in names]
        return scenarios if self.seed is None else [with_seed(scenario, self.seed) for scenario in scenarios]


def scenario_names() -> list[str]:
    """Names of the scenarios that come with Stork."""
    return sorted(path.stem for path in (configs_folder() / "scenarios").glob("*.toml"))


def sim_run_command(arguments: ScenarioArguments, *, as_json: bool) -> Exit:
    """Fly scenarios; done (0) when each went as its document expects."""
    verdicts = []
    for scenario in arguments.read():
        verdict = _flown(scenario, arguments.out)
        verdicts.append(verdict)
        if as_json:
            print_json(verdict.as_json())
        else:
            _tell(verdict, Console(), briefly=arguments.all_of_them)
    return Exit.DONE if all(verdict.ok for verdict in verdicts) else Exit.REFUSED


def _flown(scenario: Scenario, out: Path | None) -> ScenarioVerdict:
    if out is None:
        with tempfile.TemporaryDirectory(prefix="stork-scenario-") as kept_nowhere:
            return judged(fly_scenario(scenario, Path(kept_nowhere)))
    folder = out / f"{scenario.path.stem}-{scenario.document.seed}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        mend = "Choose another --out, or remove it"
        raise InputError(InputProblem("<argument>", "--out", f"{folder} exists", mend)) from None
    return judged(fly_scenario(scenario, folder))


def _path(name: str) -> Path:
    """A file as it is named, or a scenario that comes with Stork.

    Raises:
        InputError: it is neither.
    """
    names, path = scenario_names(), Path(name)
    if name in names:
        return configs_folder() / "scenarios" / f"{name}.toml"
    if not path.suffix and not path.exists():
        near = difflib.get_close_matches(name, names, n=1)
        mend = f"Did you mean {near[0]!r}?" if near else f"Name one of {', '.join(names)}, or give a file"
        raise InputError(InputProblem("<argument>", "scenario", f"there is no scenario {name!r}", mend))
    return path


def _tell(verdict: ScenarioVerdict, console: Console, *, briefly: bool) -> None:
    flown, document = verdict.flown, verdict.flown.scenario.document
    mark = "[green]as expected[/green]" if verdict.ok else "[red]not as expected[/red]"
    orders = ", ".join(f"{order} {ending}" for order, ending in flown.endings.items())
    gap = "; [yellow]a gap[/yellow]" if document.gap else ""
    if not briefly:
        console.print(f"[bold]{escape(document.name)}[/bold]: {escape(document.story)}")
        for line in verdict.timeline_lines():
            console.print(escape(line), highlight=False)
    console.print(f"{mark}  {escape(document.name)}: {orders}; {flown.flown_s:.0f} s flown{gap}", soft_wrap=True)
    if not briefly or not verdict.ok:
        for finding in flown.findings:
            console.print(f"  referee: {escape(str(finding))}", highlight=False)
    if document.gap and not briefly:
        console.print(f"  [yellow]gap:[/yellow] {escape(document.gap)}")
    for difference in verdict.differences:
        console.print(f"  [red]{escape(difference)}[/red]")
    if not verdict.ok:
        console.print(f"  repeat with: {escape(verdict.repeat)}", soft_wrap=True, highlight=False)
