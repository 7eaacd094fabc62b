"""`stork watch`: a running fleet, live."""

import asyncio
import contextlib
import math
import time

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from mission.errors import InputError, InputProblem, LinkTimeoutError
from mission.model.telemetry import Freshness, VehicleState
from operations.bus import DEFAULT_BUS, DEFAULT_COMMANDS
from operations.journal import plain
from operations.outcome import Exit, print_json
from vehicles.fleet_client import FleetClient


def watch_command(bus: str | None, commands: str | None, seconds: float | None, *, as_json: bool) -> Exit:
    """Follow the bus until interrupted, or for `seconds`."""
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_watch(bus or DEFAULT_BUS, commands or DEFAULT_COMMANDS, seconds, as_json=as_json))
    except LinkTimeoutError as error:
        mend = "Start a fleet (`stork fly`, `stork demo`), or name its endpoints with --bus and --commands"
        raise InputError(InputProblem("<argument>", "--bus", str(error), mend)) from error
    return Exit.DONE


async def _watch(bus: str, commands: str, seconds: float | None, *, as_json: bool) -> None:
    """Connect, which must succeed however short `seconds` is, then follow."""
    async with FleetClient(bus, commands) as client:
        follow = _print_changes if as_json or not Console().is_terminal else _show
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await follow(client)


async def _print_changes(client: FleetClient) -> None:
    async for state in client.changes():
        print_json(_as_json(state, client.freshness(state.vehicle_id)))


async def _show(client: FleetClient) -> None:
    """Keep a live table; ages grow on the screen even when nothing is heard."""
    known: set[str] = set()
    with Live(_table(client, known), refresh_per_second=5) as live:

        async def collect() -> None:
            async for state in client.changes():
                known.add(state.vehicle_id)

        async def draw() -> None:
            while True:
                live.update(_table(client, known))
                await asyncio.sleep(0.2)

        async with asyncio.TaskGroup() as group:
            group.create_task(collect())
            group.create_task(draw())


def _table(client: FleetClient, known: set[str]) -> Table:
    table = Table(
        "Vehicle", "System", "Mode", "Landed", "Armed", "Position", "Height", "Speed", "Battery", "Item", "Age"
    )
    for vehicle_id in sorted(known):
        table.add_row(*_row(client.state(vehicle_id), client.freshness(vehicle_id)))
    return table


def _row(state: VehicleState, freshness: Freshness) -> list[str | Text]:
    age_s = time.monotonic() - state.received_s
    speed_m_s = math.hypot(state.velocity_north_m_s, state.velocity_east_m_s)
    age = Text(f"{age_s:.1f} s", style="" if freshness is Freshness.FRESH else "bold red")
    return [
        state.vehicle_id,
        str(state.system_id),
        state.mode,
        state.landed_state.name,
        "armed" if state.armed else "",
        f"{state.latitude_deg:.5f} {state.longitude_deg:.5f}" if state.has_position else "–",
        f"{state.height_home_m:.0f} m" if state.has_position else "–",
        f"{speed_m_s:.1f} m/s" if math.isfinite(speed_m_s) else "–",
        f"{state.battery_remaining:.0%}" if math.isfinite(state.battery_remaining) else "–",
        f"{state.mission_current + 1}/{state.mission_total}" if state.mission_total > 0 else "–",
        age,
    ]


def _as_json(state: VehicleState, freshness: Freshness) -> dict[str, object]:
    fields = {name: getattr(state, name) for name in VehicleState.__slots__}
    fields["landed_state"] = state.landed_state.name
    fields["age_s"] = round(time.monotonic() - state.received_s, 3)
    fields["freshness"] = freshness
    del fields["received_s"]
    content: dict[str, object] = plain(fields)
    return content
