"""`stork energy fit`: a vehicle type's energy figures from measured flights."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mission.energy.fitting import EnergyFit, fit_power_curve
from mission.errors import InputError, InputProblem
from mission.model.fleet import PowerCurve
from operations.energy_fit_files import MeasuredType, read_flights
from operations.outcome import Exit, print_json

UNTOLD = "not told by these flights: the cautious default"


def energy_fit_command(files: Sequence[Path], vehicle_type: str | None, *, as_json: bool) -> Exit:
    """Fit, and print the parameters, their errors, and the lines for the fleet file.

    Raises:
        InputError: the files are broken, or hold too few flights.
    """
    measured = read_flights(files, vehicle_type)
    try:
        fit = fit_power_curve(measured.spans, measured.empty_mass_kg)
    except ValueError as error:
        raise InputError(InputProblem(str(files[0]), "flights", str(error), "Add flights or files")) from None
    if as_json:
        print_json(_as_json(measured, fit))
    else:
        _print(measured, fit)
    return Exit.DONE


def fleet_lines(fit: EnergyFit) -> str:
    """The TOML that goes below the type in the fleet file."""
    told = (f"{name} = {getattr(fit.curve, name)}" for name in fit.fitted)
    return "\n".join(("[types.power]", *told))


def _as_json(measured: MeasuredType, fit: EnergyFit) -> dict[str, object]:
    return {
        "vehicle_type": measured.name,
        "empty_mass_kg": measured.empty_mass_kg,
        "flights": fit.flights,
        "spans": fit.spans,
        "power": {name: getattr(fit.curve, name) for name in fit.fitted},
        "errors": asdict(fit.errors),
        "linear": asdict(fit.linear),
        "toml": fleet_lines(fit),
    }


def _print(measured: MeasuredType, fit: EnergyFit) -> None:
    console = Console()
    name = measured.name or "vehicle type without a name"
    console.print(f"[bold]{name}[/bold], {measured.empty_mass_kg:g} kg empty: {fit.flights} flights, {fit.spans} spans")
    table = Table("Parameter", "Fitted", "Remark")
    for field in fields(PowerCurve):
        told = field.name in fit.fitted
        table.add_row(field.name, f"{getattr(fit.curve, field.name):g}" if told else "-", "" if told else UNTOLD)
    console.print(table)
    errors = Table("Error per flight, 5-fold", "mean", "95 % within", "most beyond prediction")
    for title, found in (("this fit", fit.errors), ("linear in distance and load", fit.linear)):
        errors.add_row(title, *(f"{100.0 * share:.1f} %" for share in (found.mean, found.p95, found.worst_short)))
    console.print(errors)
    if fit.errors.worst_short > 0.0:
        short = f"{100.0 * fit.errors.worst_short:.1f} %"
        console.print(f"A flight drew {short} more than predicted: `policy.reserve_fraction` has to cover that.")
    console.print("Below the type in the fleet file:\n", soft_wrap=True)
    console.print(fleet_lines(fit), highlight=False, markup=False)
