"""A stand-in for a PX4 build that the tests write themselves, on ports of its own."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import common as mavlink

from sim import px4_sitl_numbers as numbers
from sim.px4_sitl import Px4Config, Px4Home
from sim.px4_sitl_ready import PREARM_HEALTHY

FAKE_PX4 = """\
import json, os, signal, socket, sys, time
fake = json.loads(os.environ["STORK_TEST_FAKE"])
number = int(sys.argv[sys.argv.index("-i") + 1])
does = fake["does"].get(str(number), fake["does"]["all"])
print("INFO  [px4] instance:", number, flush=True)
print("ERROR [param] Parameter UXRCE_DDS_KEY not found.", flush=True)
parameters = {k[10:]: v for k, v in os.environ.items() if k.startswith("PX4_PARAM_")}
parameters.update(fake["overwritten"])
for unknown in fake["unknown"]:
    parameters.pop(unknown, None)
os.makedirs("log/2026-01-01", exist_ok=True)
open("log/2026-01-01/00_00_01.ulg", "w").close()
bin_dir = os.path.dirname(os.path.abspath(sys.argv[0]))
state = {"argv": sys.argv, "pid": os.getpid(), "cwd": os.getcwd(), "parameters": parameters,
         "environ": {k: v for k, v in os.environ.items() if k != "STORK_TEST_FAKE"}}
with open(f"{bin_dir}/state-{number}.tmp", "w") as file:
    json.dump(state, file)
os.rename(f"{bin_dir}/state-{number}.tmp", f"{bin_dir}/state-{number}.json")
if does == "dies":
    print("ERROR [init] simulator_sih failed to start", flush=True)
    sys.exit(3)
if does == "refuses":
    print(f"INFO  [px4] PX4 server already running for instance {number}", flush=True)
    sys.exit(255)
if does == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind(("0.0.0.0", fake["source_base"] + number))
link.settimeout(0.02)
to = ("127.0.0.1", fake["onboard_base"] + min(number, 9))
messages = bytes.fromhex(fake["messages"][str(number)][does if does in ("unready", "stranger") else "ready"])
answered = False
while True:
    if does != "silent" and (does != "needs_gcs" or answered):
        link.sendto(messages, to)
    elif does == "needs_gcs":
        link.sendto(bytes.fromhex(fake["messages"][str(number)]["unready"]), to)
    try:
        answered = link.recvfrom(300)[0][9] == 0 or answered
    except (TimeoutError, ConnectionRefusedError):
        pass
"""

FAKE_PARAM = """\
import json, os, signal, sys, time
number, verb, words = sys.argv[2], sys.argv[3], [w for w in sys.argv[4:] if w != "-q"]
path = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), f"state-{number}.json")
state = json.load(open(path))
if verb == "hang":
    time.sleep(60)
if words[:1] == ["CRASH"]:
    os.kill(state["pid"], signal.SIGKILL)
    print("ERROR [px4] PX4 server not running")
    sys.exit(255)
if verb == "set":
    state["parameters"][words[0]] = words[1]
    json.dump(state, open(path, "w"))
elif words[0] not in state["parameters"]:
    sys.exit(1)
else:
    print(state["parameters"][words[0]])
"""


def spoken(system_id: int, health: int) -> str:
    """A PX4 heartbeat and a SYS_STATUS of this health in one datagram, as hexadecimal digits."""
    link = mavlink.MAVLink(None, srcSystem=system_id, srcComponent=1)
    heartbeat = link.heartbeat_encode(mavlink.MAV_TYPE_QUADROTOR, mavlink.MAV_AUTOPILOT_PX4, 29, 0x03040000, 3)
    status = link.sys_status_encode(0, 0, health, 100, 16200, -1, 100, 0, 0, 0, 0, 0, 0)
    return bytes(heartbeat.pack(link) + status.pack(link)).hex()


class FakePx4:
    """A build folder whose px4 does what the test wants, and what its last starts were given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.does: dict[str, str] = {"all": "ready"}
        self.overwritten: dict[str, str] = {}
        self.unknown: list[str] = []
        (folder / "bin").mkdir(parents=True)
        (folder / "etc" / "init.d-posix" / "airframes").mkdir(parents=True)
        (folder / "etc" / "init.d-posix" / "rcS").touch()
        (folder / "etc" / "init.d-posix" / "airframes" / "10040_sihsim_quadx").touch()
        for name, text in (("px4", FAKE_PX4), ("px4-param", FAKE_PARAM)):
            program = folder / "bin" / name
            program.write_text(f"#!{sys.executable} -IS\n{text}")
            program.chmod(0o755)

    def environment(self) -> str:
        """The orders to the fake, for the variable it reads."""
        messages = {
            number: {
                "ready": spoken(number + 1, PREARM_HEALTHY | 0xFF),
                "unready": spoken(number + 1, 0xFF),
                "stranger": spoken(number + 2, PREARM_HEALTHY),
            }
            for number in range(32)
        }
        orders = {
            "does": self.does,
            "overwritten": self.overwritten,
            "unknown": self.unknown,
            "messages": messages,
            "onboard_base": numbers.ONBOARD_PORT_BASE,
            "source_base": numbers.ONBOARD_SOURCE_PORT_BASE,
        }
        return json.dumps(orders)

    def state(self, number: int) -> dict[str, Any]:
        """What the fake of this number was started with, and the parameters it holds."""
        state = json.loads((self.folder / "bin" / f"state-{number}.json").read_text())
        assert isinstance(state, dict)
        return state


@pytest.fixture(autouse=True)
def own_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ports and lock folder of this test worker alone, so that no real PX4 is disturbed."""
    base = 21000 + 1000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    monkeypatch.setattr(numbers, "RUNTIME_FOLDER", tmp_path)
    monkeypatch.setattr(numbers, "ONBOARD_PORT_BASE", base)
    monkeypatch.setattr(numbers, "ONBOARD_SOURCE_PORT_BASE", base + 100)
    monkeypatch.setattr(numbers, "GCS_SOURCE_PORT_BASE", base + 400)
    monkeypatch.setattr(numbers, "OTHER_SOURCE_PORT_BASES", (base + 700,))


@pytest.fixture
def fake(tmp_path: Path) -> FakePx4:
    """A build folder with a well-behaved fake; `order` tells it otherwise."""
    return FakePx4(tmp_path / "build")


@pytest.fixture
def order(fake: FakePx4, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give the fake its orders: what each number does, which parameters it overwrites or does not know."""

    def give(does: str = "ready", *, overwritten: dict[str, str] | None = None, **more: Any) -> None:
        fake.does = {"all": does, **more.get("by_number", {})}
        fake.overwritten = overwritten or {}
        fake.unknown = more.get("unknown", [])
        monkeypatch.setenv("STORK_TEST_FAKE", fake.environment())

    give()
    return give


@pytest.fixture
def config(fake: FakePx4, order: Callable[..., None], tmp_path: Path) -> Px4Config:
    """The fake at home, with work directories in the test's own folder."""
    runs = tmp_path / "runs"
    runs.mkdir()
    return Px4Config(home=Px4Home(48.41, 15.60, 200.0), build_dir=fake.folder, work_root=runs, ready_timeout_s=20.0)


@pytest.fixture
def build_dir(fake: FakePx4) -> Path:
    """The fake's build folder."""
    return fake.folder.resolve()


@pytest.fixture
def state(fake: FakePx4) -> Callable[[int], dict[str, Any]]:
    """What the fake of a number was started with, and the parameters it holds."""
    return fake.state


@pytest.fixture
def is_running() -> Callable[[int], bool]:
    """Whether a process exists and is no zombie."""

    def running(pid: int) -> bool:
        try:
            return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    return running


@pytest.fixture
def files_left(config: Px4Config) -> Callable[[], list[Path]]:
    """The work directories that are there now."""

    def left() -> list[Path]:
        assert config.work_root is not None
        return sorted(config.work_root.iterdir())

    return left


@pytest.fixture
def held_port() -> Iterator[Callable[[int], None]]:
    """Bind UDP ports as another program would."""
    sockets: list[socket.socket] = []

    def hold(port: int) -> None:
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets.append(held)
        held.bind(("127.0.0.1", port))

    yield hold
    for held in sockets:
        held.close()
