"""The `stork` command. Declarations only: each command imports what it needs when it is called."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from operations.outcome import Exit

app = typer.Typer(
    name="stork",
    help="Mission control for delivery drones: orders in, verified missions out, every flight watched.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help answers in half the time
)
zones_app = typer.Typer(help="Zone documents of any authority.", no_args_is_help=True)
app.add_typer(zones_app, name="zones")
sim_app = typer.Typer(help="Simulated PX4 vehicles: a fleet to connect to, or whole days.", no_args_is_help=True)
app.add_typer(sim_app, name="sim")
vehicle_app = typer.Typer(help="Single vehicles: how they are set up.", no_args_is_help=True)
profile_app = typer.Typer(help="PX4's safety parameters: check them, or set them.", no_args_is_help=True)
vehicle_app.add_typer(profile_app, name="profile")
energy_app = typer.Typer(help="What flying costs: vehicle types fitted to flown flights.", no_args_is_help=True)
app.add_typer(energy_app, name="energy")
app.add_typer(vehicle_app, name="vehicle")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
DayFile = Annotated[Path, typer.Argument(help="The day: a TOML file that names site, fleet, orders and zones.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for what is written (default: runs/…).")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of everything random (default: the day's).")]
At = Annotated[str | None, typer.Option("--at", help="Start of the day, ISO 8601 with offset, e.g. 2026-06-15T09:00Z.")]
Zones = Annotated[list[Path] | None, typer.Option("--zones", help="Zone document instead of the day's; repeatable.")]
Orders = Annotated[Path | None, typer.Option("--orders", help="Orders instead of the day's.")]
Fleet = Annotated[Path | None, typer.Option("--fleet", help="Fleet instead of the day's.")]
Site = Annotated[Path | None, typer.Option("--site", help="Site instead of the day's.")]
Speed = Annotated[float | None, typer.Option("--speed", min=0.1, max=50, help="Times real time (simulation only).")]
Vehicles = Annotated[Path | None, typer.Option("--fleet", help="All vehicles of this fleet document.")]
Connection = Annotated[
    str | None, typer.Option("--connection", help="The vehicle heard here, e.g. udpin://0.0.0.0:14540.")
]
SystemId = Annotated[int, typer.Option("--system-id", min=1, max=255, help="Its MAV_SYS_ID, with --connection.")]
ProfileFile = Annotated[
    Path | None, typer.Option("--profile", help="Parameter file of QGroundControl (default: a delivery multicopter's).")
]
Headless = Annotated[bool, typer.Option("--headless", help="No live screen: one line an event.")]


def _end(command: Callable[[], Exit], *, as_json: bool) -> None:
    """Run a command and exit with its code; broken input exits 2 with every problem named."""
    from mission.errors import InputError
    from operations.outcome import report_bad_input

    try:
        code = command()
    except InputError as error:
        code = report_bad_input(error, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def plan(
    day: DayFile,
    out: Out = None,
    seed: Seed = None,
    at: At = None,
    zones: Zones = None,
    orders: Orders = None,
    fleet: Fleet = None,
    site: Site = None,
    as_json: Json = False,
) -> None:
    """Plan a day: sorties, routes, missions, verdicts; `.plan` files for QGroundControl. Flies nothing."""
    from operations.commands.plan import plan_command
    from operations.inputs import DayArguments

    arguments = DayArguments(day, at, zones, orders, fleet, site)
    _end(lambda: plan_command(arguments, out, seed, as_json=as_json), as_json=as_json)


@app.command()
def verify(
    plan_file: Annotated[Path, typer.Argument(help="A QGroundControl .plan file.")],
    day: Annotated[Path, typer.Option("--day", help="The day whose site, zones and policy judge it.")],
    at: At = None,
    zones: Zones = None,
    as_json: Json = False,
) -> None:
    """Judge a mission by rules that share no code with the planner.

    It is taken to depart at the day's start. One that is planned for later is judged at its own time with --at.
    """
    from operations.commands.verify import verify_command
    from operations.inputs import DayArguments

    arguments = DayArguments(day, at, zones)
    _end(lambda: verify_command(plan_file, arguments, as_json=as_json), as_json=as_json)


@app.command()
def fly(
    day: DayFile,
    sim: Annotated[bool, typer.Option("--sim", help="Fly on the simulated fleet.")] = False,
    px4: Annotated[bool, typer.Option("--px4", help="Fly on PX4 SITL (STORK_PX4_DIR).")] = False,
    speed: Speed = None,
    headless: Headless = False,
    out: Out = None,
    seed: Seed = None,
    at: At = None,
    zones: Zones = None,
    orders: Orders = None,
    fleet: Fleet = None,
    site: Site = None,
    as_json: Json = False,
) -> None:
    """Plan a day and fly it: upload, read back, verify, launch, watch to landed and disarmed, record.

    Without --sim or --px4 the vehicles are those that the fleet's connection URLs reach.
    """
    from operations.commands.fly import fly_command
    from operations.inputs import DayArguments, FlightArguments

    def command() -> Exit:
        flight = FlightArguments.chosen(sim=sim, px4=px4, speed=speed, headless=headless or as_json, out=out, seed=seed)
        return fly_command(DayArguments(day, at, zones, orders, fleet, site), flight, as_json=as_json)

    _end(command, as_json=as_json)


@app.command()
def demo(
    seed: Seed = None,
    px4: Annotated[bool, typer.Option("--px4", help="Fly on PX4 SITL (STORK_PX4_DIR).")] = False,
    speed: Speed = None,
    headless: Headless = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """See it work: seven orders, three drones, five zones, one refusal, one low battery."""
    from operations.commands.fly import demo_command
    from operations.inputs import FlightArguments

    def command() -> Exit:
        quiet = headless or as_json
        flight = FlightArguments.chosen(sim=not px4, px4=px4, speed=speed, headless=quiet, out=out, seed=seed)
        return demo_command(flight, as_json=as_json)

    _end(command, as_json=as_json)


@app.command()
def watch(
    bus: Annotated[str | None, typer.Option("--bus", help="Telemetry endpoint of a gateway, tcp://…")] = None,
    commands: Annotated[str | None, typer.Option("--commands", help="Command endpoint of the same gateway.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0, help="Stop after so long.")] = None,
    as_json: Json = False,
) -> None:
    """Watch a running fleet: a live table, or with --json a line per change."""
    from operations.commands.watch import watch_command

    _end(lambda: watch_command(bus, commands, seconds, as_json=as_json), as_json=as_json)


@sim_app.command("fleet")
def sim_fleet(
    day: DayFile,
    speed: Speed = None,
    seed: Seed = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0, help="Stop after so long.")] = None,
    as_json: Json = False,
) -> None:
    """Run the day's fleet as simulated PX4 vehicles on UDP, for any ground station, until interrupted."""
    from operations.commands.sim_fleet import sim_fleet_command
    from operations.inputs import DayArguments

    _end(lambda: sim_fleet_command(DayArguments(day), speed, seed, seconds, as_json=as_json), as_json=as_json)


@sim_app.command("run")
def sim_run(
    scenario: Annotated[
        str | None, typer.Argument(help="A scenario's file, or the name of one that comes with Stork.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every scenario that comes with Stork.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another seed than the scenario's.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the journals (default: none is kept).")] = None,
    as_json: Json = False,
) -> None:
    """Fly a scenario in virtual time: the real stack, a referee that sees the truth, and one line to repeat it.

    Exit 0 when orders, alarms and broken invariants are those that the scenario expects.
    """
    from operations.commands.sim_run import ScenarioArguments, sim_run_command

    _end(lambda: sim_run_command(ScenarioArguments(scenario, every, seed, out), as_json=as_json), as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: Python, libraries, ports, PX4 SITL; says how to mend what is missing."""
    from operations.commands.doctor import doctor_command

    _end(lambda: doctor_command(as_json=as_json), as_json=as_json)


@zones_app.command("check")
def zones_check(
    files: Annotated[list[Path], typer.Argument(help="ED-269, ED-318, GeoJSON, KML, OpenAir or UASFM documents.")],
    as_json: Json = False,
) -> None:
    """Read zone documents and report every zone: read, repaired or rejected, and why."""
    from operations.commands.zones import zones_check_command

    _end(lambda: zones_check_command(files, as_json=as_json), as_json=as_json)


@profile_app.command("check")
def profile_check(
    fleet: Vehicles = None,
    connection: Connection = None,
    system_id: SystemId = 1,
    profile: ProfileFile = None,
    as_json: Json = False,
) -> None:
    """Compare each vehicle's safety parameters with the profile. Changes nothing; exit 1 where one differs."""
    from operations.commands.vehicle import VehicleArguments, profile_command

    arguments = VehicleArguments(fleet, connection, system_id, profile)
    _end(lambda: profile_command(arguments, apply=False, as_json=as_json), as_json=as_json)


@profile_app.command("apply")
def profile_apply(
    fleet: Vehicles = None,
    connection: Connection = None,
    system_id: SystemId = 1,
    profile: ProfileFile = None,
    as_json: Json = False,
) -> None:
    """Set what differs from the profile and read it back; refused for a vehicle that is armed or not on the ground."""
    from operations.commands.vehicle import VehicleArguments, profile_command

    arguments = VehicleArguments(fleet, connection, system_id, profile)
    _end(lambda: profile_command(arguments, apply=True, as_json=as_json), as_json=as_json)


@energy_app.command("fit")
def energy_fit(
    flights: Annotated[list[Path], typer.Argument(help="CSV of measured flights, such as energy.csv of a flown day.")],
    vehicle_type: Annotated[
        str | None, typer.Option("--type", help="The vehicle type, where files hold several.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fit a vehicle type's power to measured flights; prints its error on unseen flights and TOML for the fleet file.

    Columns: flight, empty_mass_kg, payload_kg, duration_s, distance_m, energy_wh, and where known vehicle_type,
    climb_m, airspeed_m_s. A line is a flight or a phase of one; energy is that drawn since the flight's last line with
    one. docs/energy.md has more.
    """
    from operations.commands.energy import energy_fit_command

    _end(lambda: energy_fit_command(flights, vehicle_type, as_json=as_json), as_json=as_json)


def main() -> None:
    """Entry point of the `stork` command."""
    app()
