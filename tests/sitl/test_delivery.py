"""Real deliveries on real PX4: orders in, vehicles home, through every process and protocol that a real day uses."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from mission.dispatch.order_state import OrderState
from mission.model.mission import Mission
from mission.model.telemetry import FlightMode, LandedState
from mission.planner import DayPlan, plan_day
from operations import flight_day
from operations.bus import ANY_PORT
from operations.cli import app
from operations.config import DayOverrides, read_day
from operations.fleet_up import FleetUp, px4_fleet
from operations.flight_day import FlightDay
from operations.inputs import FlightArguments
from operations.plan_files import write_plan_files
from operations.records.summary import OrderOutcome
from sim.px4_sitl import Px4Missing, Px4Shell, find_px4
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_process import GatewayProcess
from vehicles.link import TransferState
from vehicles.messages import CommandStatus

FOUND = find_px4()
SPEED = 5.0
TWICE_THE_SPEED = 10.0
LATITUDE_DEG, LONGITUDE_DEG = 48.40, 15.62
GROUND_AMSL_M = 190.0
NORTH_300_M_DEG = 0.0027
VERIFIED_CLEARANCE_M = 15.0
NAV_TAKEOFF = 22
NEARLY_EMPTY_PERCENT = 15.0

if TYPE_CHECKING:
    from tests.sitl.conftest import LogReferee

Json = dict[str, Any]

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.timeout(240),
    pytest.mark.skipif(isinstance(FOUND, Px4Missing), reason=str(FOUND)),
]


def place(north_deg: float, east_deg: float) -> Json:
    """A place so many degrees from the hub."""
    return {"latitude_deg": LATITUDE_DEG + north_deg, "longitude_deg": LONGITUDE_DEG + east_deg}


def site(alternate_north_deg: float = 0.001) -> Json:
    """One hub, one alternate east of north."""
    ground = {"ground_amsl_m": GROUND_AMSL_M}
    return {
        "format": "stork.site/1",
        "id": "meadow",
        "name": "Meadow",
        "hubs": [{"id": "hub", "name": "Hub", **place(0, 0), **ground}],
        "alternates": [{"id": "green", "name": "Green", **place(alternate_north_deg, 0.001), **ground}],
        "relief": {"minimum_amsl_m": 188.0, "maximum_amsl_m": 192.0},
        "policy": {"operator_id": "AUTtest0001", "cruise_height_home_m": 30.0},
    }


def fleet(vehicles: int, methods: list[str]) -> Json:
    """So many of one type."""
    quad = {
        "id": "quad",
        "max_payload_kg": 2.5,
        "parcel_slots": 1,
        "empty_mass_kg": 5.0,
        "cruise_speed_m_s": 12.0,
        "climb_speed_m_s": 3.0,
        "descent_speed_m_s": 2.0,
        "battery_wh": 400.0,
        "hover_power_w": 700.0,
        "methods": methods,
    }
    drones = [
        {"id": f"drone-{n}", "type": "quad", "hub": "hub", "system_id": n, "connection_url": "udpin://127.0.0.1:14540"}
        for n in range(1, vehicles + 1)
    ]
    return {"format": "stork.fleet/1", "types": [quad], "vehicles": drones}


def zone(north_deg: float, east_deg: float, half_deg: float) -> Json:
    """A prohibited square, ground to 120 m."""
    n, e, h = LATITUDE_DEG + north_deg, LONGITUDE_DEG + east_deg, half_deg
    ring = [[e - h, n - h], [e + h, n - h], [e + h, n + h], [e - h, n + h], [e - h, n - h]]
    heights = {"floor_m": 0, "floor_datum": "AGL", "ceiling_m": 120, "ceiling_datum": "AGL"}
    told = {"id": "school", "name": "School", "restriction": "PROHIBITED", **heights}
    return {"type": "Feature", "properties": told, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def write_day(
    folder: Path,
    drops: list[Json],
    *,
    site: Json,
    vehicles: int = 1,
    zones: tuple[Json, ...] = (),
    methods: tuple[str, ...] = ("GRIPPER",),
) -> Path:
    """Write the documents of a day that delivers to `drops`, each in time only if all fly at once."""
    window = {"earliest": "2026-06-15T09:00:00Z", "latest": "2026-06-15T09:04:00Z"}
    orders = [{"id": f"O-{n}", "mass_kg": 1.0, "drop": drop, "window": window} for n, drop in enumerate(drops, start=1)]
    names = {"site": "site.json", "fleet": "fleet.json", "orders": "orders.json", "zones": ["zones.geojson"]}
    documents = {
        "day.json": {"format": "stork.day/1", "name": "Meadow", "start": "2026-06-15T09:00:00Z", **names},
        "site.json": site,
        "fleet.json": fleet(vehicles, list(methods)),
        "orders.json": {"format": "stork.orders/1", "orders": orders},
        "zones.geojson": {"type": "FeatureCollection", "features": list(zones)},
    }
    folder.mkdir()
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder / "day.json"


def fly(day: Path, out: Path, speed: float = SPEED) -> tuple[int, Json]:
    """`stork fly DAY --px4`: its exit code and summary."""
    arguments = ["fly", day, "--px4", "--speed", speed, "--json", "--out", out]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    summary: Json = json.loads(result.stdout.splitlines()[-1])
    return result.exit_code, summary


def check_record(out: Path, order_id: str, drop: Json) -> None:
    """A delivery's record holds times, mission and evidence that agree with each other."""
    record = json.loads((out / "deliveries" / f"{order_id}.json").read_text(encoding="utf-8"))
    assert record["outcome"] == "delivered"
    assert record["verdict"]["ok"]
    proof = record["release"]
    assert (proof["state"], proof["grade"], proof["acknowledgement"]) == ("RELEASED", "ACKNOWLEDGED", "OPENED")
    assert [entry["custodian"] for entry in record["custody"]] == ["VEHICLE", "RECIPIENT"]
    assert record["release"]["distance_m"] < 1.0
    assert record["release"]["height_home_m"] < 8.0
    assert record["release"]["latitude_deg"] == pytest.approx(drop["latitude_deg"], abs=2e-5)
    assert datetime.fromisoformat(record["took_off"]) < datetime.fromisoformat(record["landed"])
    assert (out / record["mission"]["file"]).is_file()


def test_a_parcel_is_delivered_around_a_zone(tmp_path: Path, by_log: "LogReferee") -> None:
    """300 m away, a zone in between: exit 0, a record with evidence, and never nearer to the zone than verified.

    By PX4's own log one parcel fell, and no rule of the referee's was broken.
    """
    drop = place(NORTH_300_M_DEG, 0.0)
    day = write_day(tmp_path / "day", [drop], site=site(), zones=(zone(0.00135, 0.0, 0.0003),))
    code, summary = fly(day, tmp_path / "out")
    assert code == 0, summary
    assert [entry["order"] for entry in summary["delivered"]] == ["O-1"]
    assert VERIFIED_CLEARANCE_M <= summary["smallest_clearance_m"] < 100.0
    check_record(tmp_path / "out", "O-1", drop)
    [log] = by_log.judge_day(tmp_path / "out", planned(day))
    [fallen] = log.truths[-1].releases
    assert 4.0 < fallen.height_home_m < 8.0


def test_a_parcel_is_set_down_by_landing_and_released_on_the_ground(tmp_path: Path, by_log: "LogReferee") -> None:
    """LAND: landed and armed at the drop, released by command, told to go on, and home: proved as any other."""
    drop = place(0.001, 0.0) | {"method": "LAND"}
    day = write_day(tmp_path / "day", [drop], site=site(), methods=("LAND",))
    code, summary = fly(day, tmp_path / "out")
    assert code == 0, summary
    check_record(tmp_path / "out", "O-1", drop)
    record = json.loads((tmp_path / "out" / "deliveries" / "O-1.json").read_text(encoding="utf-8"))
    assert abs(record["release"]["height_home_m"]) < 1.5
    [log] = by_log.judge_day(tmp_path / "out", planned(day))
    [fallen] = log.truths[-1].releases
    [there] = [truth for truth in log.truths if truth.releases][:1]
    assert (there.landed, there.armed) == (True, True)
    assert abs(fallen.height_home_m) < 0.5


def test_a_parcel_that_nobody_takes_comes_home(tmp_path: Path, by_log: "LogReferee") -> None:
    """Fault F-O7: PX4 holds at the gate while mission control waits, is told to go on, and lands at the hub."""
    folder = tmp_path / "day"
    day = write_day(folder, [place(0.001, 0.0)], site=site())
    orders = json.loads((folder / "orders.json").read_text(encoding="utf-8"))
    orders["orders"][0]["attended"] = True
    (folder / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
    _, summary = fly(day, tmp_path / "out")
    (returned,) = summary["returned"]
    assert "nobody came to take it" in returned["reason"], summary
    journal = [json.loads(line) for line in (tmp_path / "out" / "journal.jsonl").read_text("utf-8").splitlines()]
    effects = [line["effect"] for line in journal if line["kind"] == "effect"]
    assert "release" not in effects
    assert effects.count("pass_gate") == 1
    [log] = by_log.judge_day(tmp_path / "out", planned(day))
    assert log.truths[-1].releases == ()


def test_two_vehicles_deliver_at_once_at_ten_times_real_time(tmp_path: Path, by_log: "LogReferee") -> None:
    """Two PX4 instances, two orders that are both in time only when both are in the air together."""
    drops = [place(NORTH_300_M_DEG, 0.0), place(0.0, 0.004)]
    day = write_day(tmp_path / "day", drops, site=site(), vehicles=2)
    code, summary = fly(day, tmp_path / "out", TWICE_THE_SPEED)
    assert code == 0, summary
    records = []
    for number, drop in enumerate(drops, start=1):
        check_record(tmp_path / "out", f"O-{number}", drop)
        text = (tmp_path / "out" / "deliveries" / f"O-{number}.json").read_text(encoding="utf-8")
        records.append(json.loads(text))
    assert {record["vehicle"] for record in records} == {"drone-1", "drone-2"}
    assert max(record["took_off"] for record in records) < min(record["landed"] for record in records)
    assert [len(log.truths[-1].releases) for log in by_log.judge_day(tmp_path / "out", planned(day))] == [1, 1]


def planned(day: Path) -> DayPlan:
    """The approved plan of a day."""
    files = read_day(day, datetime.now(UTC), DayOverrides())
    plan = plan_day(files.day, seed=1)
    assert not plan.refusals
    return plan


@asynccontextmanager
async def connected(plan: DayPlan, folder: Path) -> AsyncIterator[FleetClient]:
    """The plan's fleet as PX4 instances, behind a gateway."""
    async with px4_fleet(plan.day, SPEED, folder) as fleet:
        config = GatewayConfig(
            "test",
            tuple(VehicleConfig(v.vehicle_id, v.system_id, v.connection_url) for v in fleet.vehicles),
            speed_factor=SPEED,
            pub_endpoint=ANY_PORT,
            router_endpoint=ANY_PORT,
        )
        async with (
            GatewayProcess(config, folder / "gateway.log") as gateway,
            FleetClient(gateway.pub_endpoint, gateway.router_endpoint) as client,
        ):
            assert await client.take_command([vehicle.vehicle_id for vehicle in fleet.vehicles]) == {}
            await _until_waiting_on_the_ground(client)
            yield client


async def _until_waiting_on_the_ground(client: FleetClient) -> None:
    async for state in client.changes():
        known = state.mode is not FlightMode.UNKNOWN and state.has_position
        if known and state.landed_state is LandedState.ON_GROUND and state.armable:
            return


def with_a_second_take_off(mission: Mission) -> Mission:
    """The mission with its take-off again after the way out: PX4 finds that infeasible."""
    takeoff = mission.items[0]
    assert takeoff.command == NAV_TAKEOFF
    return replace(mission, items=(*mission.items[:3], takeoff, *mission.items[3:]))


async def test_an_infeasible_mission_is_not_loaded_and_cannot_be_launched(tmp_path: Path, by_log: "LogReferee") -> None:
    """PX4 acknowledges the upload all the same; the gateway says NOT_LOADED, and nothing gets off the ground.

    The sound mission of the same plan is loaded afterwards: the refusal was of the mission, not of the vehicle.
    """
    day = write_day(tmp_path / "day", [place(NORTH_300_M_DEG, 0.0)], site=site())
    plan = planned(day)
    sound = plan.flights[0].mission
    broken = with_a_second_take_off(sound)
    async with connected(plan, tmp_path) as client:
        refused = await client.upload("drone-1", broken, 30.0)
        assert refused.transfer is not None, refused
        assert refused.transfer.state is TransferState.NOT_LOADED, refused
        assert refused.transfer.reason
        for digest in (broken.digest(), sound.digest()):
            launch = await client.launch("drone-1", digest, 10.0)
            assert launch.status is not CommandStatus.DONE, launch
        state = client.state("drone-1")
        assert (state.armed, state.landed_state) == (False, LandedState.ON_GROUND)
        loaded = await client.upload("drone-1", sound, 30.0)
        assert loaded.transfer is not None, loaded
        assert (loaded.transfer.state, loaded.transfer.digest) == (TransferState.LOADED, sound.digest()), loaded
    assert by_log.flights(tmp_path, "drone-1") == []


def free_endpoints() -> tuple[str, str]:
    """Two loopback endpoints that nobody listens on now."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{first.getsockname()[1]}", f"tcp://127.0.0.1:{second.getsockname()[1]}"


async def _until_north_of(client: FleetClient, latitude_deg: float) -> None:
    async for state in client.changes():
        if state.armed and state.latitude_deg > latitude_deg:
            return


async def _empty_the_battery(endpoints: tuple[str, str], system_id: int) -> None:
    """Once the vehicle has flown far enough north, let PX4's simulated battery fall quickly, but not to the end."""
    assert isinstance(FOUND, Path)
    async with FleetClient(*endpoints) as client:
        await _until_north_of(client, LATITUDE_DEG + 0.007)
    shell = Px4Shell(FOUND, system_id - 1)
    await shell.settle_parameters({"SIM_BAT_MIN_PCT": NEARLY_EMPTY_PERCENT, "SIM_BAT_DRAIN": 5.0})


async def test_a_failing_battery_diverts_to_the_alternate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_log: "LogReferee"
) -> None:
    """Nearly empty 800 m out: held, a verified way to the nearest site loaded in flight and flown; landed there.

    The parcel comes down with it: DIVERTED, with the reason, not delivered.
    """
    plan = planned(write_day(tmp_path / "day", [place(0.0125, 0.0)], site=site(alternate_north_deg=0.0085)))
    endpoints = free_endpoints()
    monkeypatch.setattr(flight_day, "endpoints", lambda: endpoints)
    faults: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def failing_fleet(*arguments: Any) -> AsyncIterator[FleetUp]:
        async with px4_fleet(*arguments) as fleet:
            fault = asyncio.create_task(_empty_the_battery(endpoints, fleet.vehicles[0].system_id))
            faults.append(fault)
            try:
                yield fleet
            finally:
                fault.cancel()
                await asyncio.gather(fault, return_exceptions=True)

    monkeypatch.setattr(flight_day, "px4_fleet", failing_fleet)
    folder = tmp_path / "out"
    arguments = FlightArguments.chosen(sim=False, px4=True, speed=SPEED, headless=True, out=folder, seed=None)
    folder.mkdir()
    simulation = read_day(tmp_path / "day" / "day.json", datetime.now(UTC), DayOverrides()).simulation
    flying = FlightDay(plan, simulation, arguments, folder, write_plan_files(plan, folder), as_json=True)
    summary = await flying.fly()
    [fault] = faults
    assert not fault.cancelled(), "the vehicle never got so far"
    assert fault.exception() is None
    [result] = summary.orders
    assert result.outcome is OrderOutcome.DIVERTED, flying.timeline.entries
    assert "Green" in result.reason
    assert "battery" in result.reason
    states = [report.state for _, _, report in flying.timeline.entries if report.subject == "O-1"]
    assert OrderState.DELIVERED not in states
    assert any("LOW_BATTERY" in alarm for alarm in summary.alarms)
    [log] = by_log.judge_day(folder, plan)
    assert log.truths[-1].releases == ()
