"""`stork doctor`: is this machine ready, and if not, what to do."""

import importlib.metadata
import platform
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table

from mission.airspace import read_zones
from operations.configs import configs_folder
from operations.outcome import Exit, print_json
from operations.reading import read_bytes
from sim.px4_sitl import describe

LIBRARIES = ("mavsdk", "pymavlink", "pyvrp", "shapely", "pyproj", "pyzmq", "numpy", "scipy", "pydantic", "msgspec")
OFFBOARD_PORTS = range(14540, 14544)


class Health(StrEnum):
    """OK; OPTIONAL: something is absent that only some commands need; BROKEN: Stork cannot work."""

    OK = "OK"
    OPTIONAL = "OPTIONAL"
    BROKEN = "BROKEN"


@dataclass(frozen=True)
class Check:
    """One thing looked at: what it is, how it is, and how to mend it."""

    name: str
    health: Health
    found: str
    mend: str = ""


def doctor_command(*, as_json: bool) -> Exit:
    """Run every check; not ok (1) when something that all commands need is broken."""
    checks = list(_checks())
    if as_json:
        print_json({"ok": _healthy(checks), "checks": [vars(check) for check in checks]})
    else:
        _print(checks)
    return Exit.DONE if _healthy(checks) else Exit.REFUSED


def _healthy(checks: list[Check]) -> bool:
    return all(check.health is not Health.BROKEN for check in checks)


def _checks() -> Iterator[Check]:
    version = platform.python_version()
    supported = sys.version_info >= (3, 11)
    yield Check("Python", Health.OK if supported else Health.BROKEN, version, "" if supported else "Use 3.11 or newer")
    for name in LIBRARIES:
        yield _library(name)
    yield _bundled_configs()
    for port in OFFBOARD_PORTS:
        yield _port(port)
    yield _px4()


def _px4() -> Check:
    sitl = describe()
    if sitl.problems:
        return Check("PX4 SITL", Health.OPTIONAL, str(sitl.build_dir or "none"), " ".join(sitl.problems))
    return Check("PX4 SITL", Health.OK, f"{sitl.build_dir}, {sitl.version or 'version known once it runs'}")


def _library(name: str) -> Check:
    try:
        return Check(name, Health.OK, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, Health.BROKEN, "not installed", "Install Stork with its dependencies: make setup")


def _bundled_configs() -> Check:
    zones = configs_folder() / "demo" / "zones.geojson"
    count = len(read_zones(read_bytes(zones), str(zones)).zones)
    return Check("demo configuration", Health.OK, f"{configs_folder()}, {count} zones")


def _port(port: int) -> Check:
    name = f"UDP port {port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 (where MAVSDK binds it; bound for a moment, nothing is read)
        except OSError:
            mend = "Another ground station holds it; stop it, or give the fleet other ports"
            return Check(name, Health.OPTIONAL, "taken", mend)
    return Check(name, Health.OK, "free")


def _print(checks: list[Check]) -> None:
    table = Table("Check", "", "Found", "How to mend it")
    colours = {Health.OK: "green", Health.OPTIONAL: "yellow", Health.BROKEN: "red"}
    for check in checks:
        colour = colours[check.health]
        table.add_row(check.name, f"[{colour}]{check.health}[/{colour}]", check.found, check.mend)
    Console().print(table)
