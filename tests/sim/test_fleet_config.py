"""A fleet's configuration says everything that is wrong with it."""

from pathlib import Path

import msgspec
import pytest

from mission.errors import InputError
from sim.fault_kinds import BatteryDrop
from sim.fleet_config import FleetConfig, load_fleet_config, read_fleet_config

VEHICLE = {
    "vehicle_id": "d1",
    "system_id": 1,
    "partner_port": 14540,
    "home": {"latitude_deg": 48.0, "longitude_deg": 15.0, "altitude_amsl_m": 200.0},
}


def read(**fields: object) -> FleetConfig:
    """Read a configuration made of one good vehicle and the given fields."""
    return read_fleet_config(msgspec.json.encode({"vehicles": [VEHICLE], **fields}), "fleet.json")


def test_small_configuration_is_enough() -> None:
    """One vehicle with a home and a port; everything else has a default."""
    config = read()
    assert config.speed_factor == 1.0
    assert config.vehicles[0].physical.battery_wh > 0.0


def test_configuration_survives_being_written_and_read() -> None:
    """Faults included."""
    config = read(faults=[{"kind": "battery_drop", "vehicle_id": "d1", "to_fraction": 0.3, "at_item": 2}])
    assert config.faults == (BatteryDrop("d1", 0.3, at_item=2),)
    assert read_fleet_config(msgspec.json.encode(config), "again") == config


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"speed_faktor": 2}, "speed_faktor"),
        ({"speed_factor": 0}, "speed_factor"),
        ({"vehicles": []}, "vehicles"),
        ({"vehicles": [VEHICLE, {**VEHICLE, "vehicle_id": "d2"}]}, "system_id 1 is given twice"),
        ({"vehicles": [{**VEHICLE, "system_id": 256}]}, "vehicles[0].system_id"),
        ({"vehicles": [{**VEHICLE, "partner_port": 0}]}, "vehicles[0].partner_port"),
        ({"vehicles": [{**VEHICLE, "physical": {"battery_wh": -1.0}}]}, "physical.battery_wh"),
        ({"vehicles": [{**VEHICLE, "physical": {"battery_wh": "big"}}]}, "vehicles[0].physical.battery_wh"),
        ({"faults": [{"kind": "silent", "vehicle_id": "d9"}]}, "faults[0].vehicle_id"),
        ({"faults": [{"kind": "battery_drop", "vehicle_id": "d1", "to_fraction": 0.3}]}, "faults[0]"),
        ({"faults": [{"kind": "sharks", "vehicle_id": "d1"}]}, "sharks"),
    ],
)
def test_broken_configuration_is_refused_with_the_place(fields: dict[str, object], place: str) -> None:
    """A misspelt key, a value out of range, an unknown vehicle: nothing starts (F-S12)."""
    with pytest.raises(InputError) as raised:
        read(**fields)
    assert place in str(raised.value)
    assert "fleet.json" in str(raised.value)


def test_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(InputError, match=r"absent\.json"):
        load_fleet_config(tmp_path / "absent.json")


def test_what_is_not_json_is_an_input_error() -> None:
    """A broken document is named, not guessed at."""
    with pytest.raises(InputError, match="fleet"):
        read_fleet_config(b"{", "fleet.json")
