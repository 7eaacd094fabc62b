"""The gateway's document: strict, and never beyond loopback."""

from pathlib import Path

import msgspec
import pytest

from mission.errors import InputError
from vehicles.gateway_config import GatewayConfig, VehicleConfig, check_config, read_config

ONE = VehicleConfig("drone-1", 1, "udpin://127.0.0.1:14540")


def test_a_good_document_is_read(tmp_path: Path) -> None:
    """What was written is what is read."""
    path = tmp_path / "gateway.json"
    config = GatewayConfig("north", (ONE,), speed_factor=20.0)
    path.write_bytes(msgspec.json.encode(config))
    assert read_config(path) == config


@pytest.mark.parametrize(
    "endpoint", ["tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://192.168.1.2:5555", "ipc:///tmp/x", "tcp://[::]:1"]
)
def test_binding_beyond_loopback_is_refused(endpoint: str) -> None:
    """Without keys nobody is authenticated, so nobody else may hear or command (F-X2)."""
    with pytest.raises(InputError, match="loopback"):
        check_config(GatewayConfig("north", (ONE,), router_endpoint=endpoint))


def test_with_keys_a_gateway_may_be_heard_on_a_network() -> None:
    """Over TCP, which is what the keys protect (F-X2)."""
    config = GatewayConfig("north", (ONE,), pub_endpoint="tcp://0.0.0.0:5555", key_folder="keys")
    assert check_config(config) == config
    with pytest.raises(InputError, match="TCP"):
        check_config(msgspec.structs.replace(config, pub_endpoint="ipc:///tmp/x"))


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (VehicleConfig("drone-2", 1, "udpin://127.0.0.1:14541"), r"vehicles\[1\].system_id"),
        (VehicleConfig("drone-1", 2, "udpin://127.0.0.1:14541"), r"vehicles\[1\].vehicle_id"),
    ],
)
def test_vehicles_that_could_be_confused_are_refused(other: VehicleConfig, place: str) -> None:
    """One system id or one name for two vehicles: refused before anything is opened (F-L9)."""
    with pytest.raises(InputError, match=place):
        check_config(GatewayConfig("north", (ONE, other)))


@pytest.mark.parametrize("system_id", [0, 256, -1])
def test_a_system_id_is_one_byte(system_id: int) -> None:
    """0 is MAVLink's broadcast: a command to it would reach everybody."""
    with pytest.raises(InputError, match="1-255"):
        check_config(GatewayConfig("north", (VehicleConfig("drone-1", system_id, "udpin://127.0.0.1:1"),)))


def test_more_connections_than_the_native_library_bears_are_refused() -> None:
    """The seventeenth MAVSDK object in a process corrupts its memory."""
    many = tuple(VehicleConfig(f"d{n}", n, f"udpin://127.0.0.1:{14540 + n}") for n in range(1, 18))
    with pytest.raises(InputError, match="at most 16"):
        check_config(GatewayConfig("north", many))
    check_config(GatewayConfig("north", many[:16]))


@pytest.mark.parametrize("name", ["", "a b", "naïve", "x" * 25, "a|b"])
def test_a_name_fits_the_wire(name: str) -> None:
    """Vehicle ids are fixed-size ASCII in telemetry frames and topics."""
    with pytest.raises(InputError, match="is not a name"):
        check_config(GatewayConfig("north", (VehicleConfig(name, 1, "udpin://127.0.0.1:1"),)))


@pytest.mark.parametrize(
    "document", ["", "{}", '{"gateway_id": "n", "vehicles": [], "typo": 1}', '{"gateway_id": 3, "vehicles": []}']
)
def test_a_malformed_document_says_where(tmp_path: Path, document: str) -> None:
    """A typo refuses to start, and names the file (F-S12)."""
    path = tmp_path / "gateway.json"
    path.write_text(document)
    with pytest.raises(InputError, match=r"gateway\.json"):
        read_config(path)
