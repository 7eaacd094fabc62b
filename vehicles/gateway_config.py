"""The gateway's configuration document, read strictly."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from mission.errors import InputError, InputProblem
from vehicles.mavsdk_fleet import VehicleAddress, check_addresses
from vehicles.px4_profile import Profile
from vehicles.telemetry.wire import MAX_VEHICLE_ID_BYTES

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")


class VehicleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vehicle: our name for it, its MAV_SYS_ID, and where it is heard (``udpin://127.0.0.1:14540``).

    `hardware_uid` is AUTOPILOT_VERSION's uid2, or uid, in hexadecimal digits: another autopilot under the same
    system id is quarantined. "" accepts the first that answers, and no second one.
    """

    vehicle_id: str
    system_id: int
    connection_url: str
    hardware_uid: str = ""


class GatewayConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway process is told.

    Attributes:
        gateway_id: names this gateway on the bus (its shard).
        vehicles: the group it owns, at most 16 connections.
        speed_factor: how many times faster than real time the vehicles' clocks run; 1 for real ones.
        connect_timeout_s: after which a vehicle that never answered is reported SILENT.
        publish_hz: telemetry ticks per second, a delta frame each; the full state follows at its own rate.
        stall_alarm_s: a gateway whose event loop stands still this long says so.
        stall_limit_s: after this long it ends itself, so that its heartbeats stop and the vehicles' own failsafes
            work.
        profile: parameters that are asserted before every launch; an empty one asserts nothing.
        lease_file: where the newest epochs outlive this process; "" = nowhere.
        pub_endpoint, router_endpoint: ZeroMQ; beyond loopback only with keys.
        key_folder: who may connect (`vehicles.telemetry.bus_keys`); "" lets every program of this host in.
    """

    gateway_id: str
    vehicles: tuple[VehicleConfig, ...]
    speed_factor: float = 1.0
    connect_timeout_s: float = 10.0
    publish_hz: float = 10.0
    stall_alarm_s: float = 1.0
    stall_limit_s: float = 2.0
    profile: Profile = Profile()
    lease_file: str = ""
    pub_endpoint: str = "tcp://127.0.0.1:*"
    router_endpoint: str = "tcp://127.0.0.1:*"
    key_folder: str = ""

    def addresses(self) -> tuple[VehicleAddress, ...]:
        """The vehicles as the fleet takes them."""
        return tuple(
            VehicleAddress(v.vehicle_id, v.system_id, v.connection_url, v.hardware_uid.lower()) for v in self.vehicles
        )


def check_config(config: GatewayConfig, document: str = "<argument>") -> GatewayConfig:
    """Return `config` when it can be run.

    Raises:
        InputError: everything that is wrong with it.
    """
    problems = [
        InputProblem(document, f"vehicles[{index}].vehicle_id", f"{v.vehicle_id!r} is not a name", mend)
        for index, v in enumerate(config.vehicles)
        for mend in (f"Use letters, digits and _.- only, at most {MAX_VEHICLE_ID_BYTES}.",)
        if not _NAME.match(v.vehicle_id) or len(v.vehicle_id) > MAX_VEHICLE_ID_BYTES
    ]
    if not _NAME.match(config.gateway_id):
        mend = "Use letters, digits and _.- only."
        problems.append(InputProblem(document, "gateway_id", f"{config.gateway_id!r} is not a name", mend))
    for name in ("pub_endpoint", "router_endpoint"):
        endpoint = getattr(config, name)
        parts = urlsplit(endpoint)
        host = parts.netloc.rsplit(":", 1)[0]
        if not config.key_folder and (parts.scheme != "tcp" or host not in LOOPBACK_HOSTS):
            what = f"{endpoint!r} is not on loopback, and there are no keys"
            problems.append(InputProblem(document, name, what, "Use tcp://127.0.0.1:*, or give key_folder."))
        elif parts.scheme != "tcp":
            what = f"{endpoint!r} is not a TCP endpoint"
            problems.append(InputProblem(document, name, what, "Use tcp://ADDRESS:PORT."))
    for name in ("speed_factor", "connect_timeout_s", "publish_hz", "stall_alarm_s", "stall_limit_s"):
        if not getattr(config, name) > 0.0:
            what = f"{getattr(config, name)} is not positive"
            problems.append(InputProblem(document, name, what, "Give a number above 0."))
    if problems:
        raise InputError(*problems)
    check_addresses(config.addresses(), document)
    return config


def read_config(path: Path) -> GatewayConfig:
    """Read a configuration file.

    Raises:
        InputError: it is not there, not JSON, or not a configuration.
    """
    try:
        config = msgspec.json.decode(path.read_bytes(), type=GatewayConfig)
    except OSError as problem:
        what = problem.strerror or str(problem)
        raise InputError(InputProblem(str(path), "file", what, "Give a readable file.")) from problem
    except msgspec.DecodeError as problem:
        mend = "See GatewayConfig for the fields."
        raise InputError(InputProblem(str(path), "document", str(problem), mend)) from problem
    return check_config(config, str(path))
