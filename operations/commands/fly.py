"""`stork fly` and `stork demo`: plan a day and fly it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from mission.errors import InputError, InputProblem, LinkError
from mission.planner import plan_day
from operations.config import DayFiles
from operations.configs import configs_folder
from operations.flight_day import FlightDay
from operations.inputs import DayArguments, FlightArguments
from operations.outcome import Exit, print_json
from operations.plan_files import run_folder, write_plan_files
from operations.records.summary import DaySummary, OrderOutcome
from operations.tables import plan_table, refusal_lines, summary_table

PX4_DEMO_SPEED = 5.0
NOT_OK = (OrderOutcome.FAILED, OrderOutcome.DIVERTED, OrderOutcome.RETURNED, OrderOutcome.REFUSED)


def fly_command(arguments: DayArguments, flight: FlightArguments, *, as_json: bool) -> Exit:
    """Plan and fly a day; done (0) when every order is delivered or the day ends as its document expects."""
    return _plan_and_fly("fly", arguments.read_to_fly(flight.vehicles, datetime.now(UTC)), flight, as_json=as_json)


def demo_command(flight: FlightArguments, *, as_json: bool) -> Exit:
    """Fly the bundled day; on PX4 SITL as fast as three instances keep up with on a small machine."""
    if flight.vehicles == "px4" and flight.speed is None:
        flight = replace(flight, speed=PX4_DEMO_SPEED)
    files = DayArguments(configs_folder() / "demo" / "day.toml").read()
    return _plan_and_fly("demo", files, flight, as_json=as_json)


def _plan_and_fly(command: str, files: DayFiles, flight: FlightArguments, *, as_json: bool) -> Exit:
    if flight.seed is not None:
        files = replace(files, simulation=files.simulation.model_copy(update={"seed": flight.seed}))
    folder = run_folder(flight.out, command)
    plan = plan_day(files.day, ground=files.ground, seed=files.simulation.seed)
    plan_files = write_plan_files(plan, folder)
    console = Console()
    if not as_json:
        console.print(plan_table(plan))
        console.print(refusal_lines(plan))
    day = FlightDay(plan, files.simulation, flight, folder, plan_files, as_json)
    try:
        summary = asyncio.run(day.fly())
    except KeyboardInterrupt:
        return _interrupted(day, as_json=as_json)
    except LinkError as error:
        mend = "Run `stork doctor`, and check the fleet's connection URLs and ports"
        raise InputError(InputProblem("fleet", "vehicles", str(error), mend)) from error
    if as_json:
        print_json(summary.as_json())
    else:
        console.print(summary_table(summary))
    return _judge(summary, files, console, as_json=as_json)


def _interrupted(day: FlightDay, *, as_json: bool) -> Exit:
    """Say who is still in the air: nobody watches them from here on."""
    flying = day.timeline.in_the_air()
    if as_json:
        print_json({"error": "interrupted", "in_the_air": flying, "journal": str(day.folder / "journal.jsonl")})
        return Exit.REFUSED
    console = Console(stderr=True)
    console.print(f"Interrupted. The journal is {day.folder / 'journal.jsonl'}")
    if flying and day.arguments.vehicles == "real":
        console.print(
            f"[bold red]In the air, and watched by nobody: {', '.join(flying)}.[/bold red] They fly their approved "
            "missions to the end, or what their own failsafes say. Take them over with a ground station."
        )
    return Exit.REFUSED


def _judge(summary: DaySummary, files: DayFiles, console: Console, *, as_json: bool) -> Exit:
    """Compare the day's end with what its document expects; by default every order is to be delivered."""
    found = {outcome: {r.order for r in summary.ending(outcome)} for outcome in NOT_OK}
    expected = files.expected
    if found == {outcome: set(getattr(expected, outcome.value)) for outcome in NOT_OK}:
        return Exit.DONE
    if not as_json:
        differences = [
            f"{outcome.value}: {', '.join(sorted(orders)) or 'none'}"
            f" (expected {', '.join(sorted(getattr(expected, outcome.value))) or 'none'})"
            for outcome, orders in found.items()
            if orders != set(getattr(expected, outcome.value))
        ]
        console.print(f"[red]Not as expected:[/red] {'; '.join(differences)}")
    return Exit.REFUSED
