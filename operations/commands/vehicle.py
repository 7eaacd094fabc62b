"""`stork vehicle profile check` and `apply`: are the vehicles set up to be flown, and set them up."""

import asyncio
import contextlib
import math
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mission.errors import InputError, InputProblem, LinkError
from mission.model.telemetry import LandedState, VehicleState
from operations.configs import delivery_profile
from operations.documents import FleetDocument
from operations.outcome import Exit, print_json
from operations.reading import read_document
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_process import GatewayProcess
from vehicles.link_health import LinkCondition
from vehicles.messages import CommandResult, CommandStatus
from vehicles.px4_profile import Profile, read_profile

CONNECT_TIMEOUT_S = 10.0
TIMEOUT_S = 60.0
"""For all parameters of one vehicle; a radio with 300 ms round trips reads 25 of them in 15 s."""


@dataclass(frozen=True)
class VehicleArguments:
    """Which vehicles: all of a fleet's document, or the one heard on a connection."""

    fleet: Path | None
    connection: str | None
    system_id: int
    profile: Path | None

    def vehicles(self) -> tuple[VehicleConfig, ...]:
        """The vehicles as a gateway takes them.

        Raises:
            InputError: neither or both were given, or the fleet's document is broken.
        """
        if (self.fleet is None) is (self.connection is None):
            mend = "Give a fleet document, or one vehicle's connection such as udpin://0.0.0.0:14540"
            what = "exactly one of --fleet and --connection is needed"
            raise InputError(InputProblem("<argument>", "--fleet", what, mend))
        if self.connection is not None:
            return (VehicleConfig("vehicle", self.system_id, self.connection),)
        assert self.fleet is not None
        document = read_document(self.fleet, FleetDocument)
        return tuple(VehicleConfig(v.id, v.system_id, v.connection_url, v.hardware_uid) for v in document.vehicles)

    def wanted(self) -> Profile:
        """The profile that was named, or the bundled one."""
        return read_profile(self.profile) if self.profile is not None else delivery_profile()


def profile_command(arguments: VehicleArguments, *, apply: bool, as_json: bool) -> Exit:
    """Check every vehicle, or apply the profile to it; not ok (1) when any differs afterwards."""
    vehicles, profile = arguments.vehicles(), arguments.wanted()
    config = GatewayConfig("profile", vehicles, connect_timeout_s=CONNECT_TIMEOUT_S, profile=profile)
    try:
        results = asyncio.run(_ask_all(config, apply=apply))
    except LinkError as error:
        mend = "Stop the other program, or wait until it has ended its flights"
        raise InputError(InputProblem("<argument>", "connection", str(error), mend)) from error
    if as_json:
        print_json({"profile": profile.name, "parameters": len(profile.parameters), "vehicles": _plain(results)})
    else:
        _print(results, profile)
    return Exit.DONE if all(result.ok for result in results.values()) else Exit.REFUSED


async def _ask_all(config: GatewayConfig, *, apply: bool) -> dict[str, CommandResult]:
    async with (
        GatewayProcess(config) as gateway,
        FleetClient(gateway.pub_endpoint, gateway.router_endpoint) as client,
    ):
        heard = [key for key, condition in gateway.conditions.items() if condition is LinkCondition.UP]
        await client.take_command(heard)
        asked = await asyncio.gather(*(_ask(client, vehicle_id, apply=apply) for vehicle_id in heard))
        answers = dict(zip(heard, asked, strict=True))
        silent = CommandResult("", CommandStatus.NO_LINK, f"not heard within {CONNECT_TIMEOUT_S:g} s")
        return {vehicle.vehicle_id: answers.get(vehicle.vehicle_id, silent) for vehicle in config.vehicles}


async def _ask(client: FleetClient, vehicle_id: str, *, apply: bool) -> CommandResult:
    if not apply:
        return await client.check_profile(vehicle_id, TIMEOUT_S)
    with contextlib.suppress(TimeoutError):  # then the gateway refuses, and says what it does not know
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            async for state in client.changes():
                if state.vehicle_id == vehicle_id and _is_known(state):
                    break
    return await client.apply_profile(vehicle_id, TIMEOUT_S)


def _is_known(state: VehicleState) -> bool:
    return state.landed_state is not LandedState.UNKNOWN and math.isfinite(state.received_s)


def _plain(results: dict[str, CommandResult]) -> dict[str, object]:
    return {
        vehicle_id: {
            "ok": result.ok,
            "status": result.status,
            "reason": result.reason,
            "drift": [
                {"name": drift.name, "wanted": drift.wanted, "found": drift.found, "why": drift.why}
                for drift in result.drifts
            ],
        }
        for vehicle_id, result in results.items()
    }


def _print(results: dict[str, CommandResult], profile: Profile) -> None:
    console = Console()
    reasons = {parameter.name: parameter.reason for parameter in profile.parameters}
    for vehicle_id, result in results.items():
        if result.ok:
            console.print(f"{vehicle_id}: all {len(profile.parameters)} parameters are as {profile.name} wants them")
        elif not result.drifts:
            console.print(f"{vehicle_id}: {result.status}: {result.reason}", markup=False)
        else:
            table = Table("Parameter", "Wanted", "Found", "Why it matters", title=f"{vehicle_id} is not set up")
            for drift in result.drifts:
                found = f"{drift.found:g}" if drift.found is not None else "not answered"
                table.add_row(drift.name, f"{drift.wanted:g}", found, drift.why or reasons[drift.name])
            console.print(table)
