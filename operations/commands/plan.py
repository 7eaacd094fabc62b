"""`stork plan`: a day's orders to approved missions, on the ground."""

from pathlib import Path

from rich.console import Console

from mission.planner import plan_day
from operations.inputs import DayArguments
from operations.outcome import Exit, print_json
from operations.plan_files import plan_as_json, run_folder, write_plan_files
from operations.tables import plan_table, refusal_lines


def plan_command(arguments: DayArguments, out: Path | None, seed: int | None, *, as_json: bool) -> Exit:
    """Plan the day and write its files; not ok (1) when other orders are refused than the day expects."""
    files = arguments.read()
    plan = plan_day(files.day, ground=files.ground, seed=files.simulation.seed if seed is None else seed)
    folder = run_folder(out, "plan")
    paths = write_plan_files(plan, folder)
    if as_json:
        print_json(plan_as_json(plan, paths))
    else:
        console = Console()
        console.print(plan_table(plan))
        console.print(refusal_lines(plan))
        console.print(f"Missions and plan.json are in {folder}")
    refused = {refusal.order_id for refusal in plan.refusals}
    return Exit.DONE if refused == set(files.expected.refused) else Exit.REFUSED
