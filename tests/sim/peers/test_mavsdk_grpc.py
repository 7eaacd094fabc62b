"""The simulated vehicle through MAVSDK's older Python wrappers over gRPC, each a client of many existing projects."""

import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from sim.testbed import FleetOptions, running_fleet

PROGRAM = Path(__file__).with_name("mavsdk_grpc_delivery.py")
INTERPRETER_VARIABLE = "STORK_MAVSDK3_PYTHON"


@pytest.fixture
def interpreter() -> str:
    """The Python of an environment with the `bench-mavsdk3` group: MAVSDK 3 cannot live beside MAVSDK 4."""
    named = os.environ.get(INTERPRETER_VARIABLE)
    if not named:
        pytest.skip(f"set {INTERPRETER_VARIABLE} to the Python of an environment with the group bench-mavsdk3")
    return named


@pytest.mark.slow
@pytest.mark.parametrize("module", ["mavsdk", "mavsdk_grpc"])
def test_mavsdk_over_grpc_uploads_reads_back_and_flies(interpreter: str, module: str) -> None:
    """MAVSDK 3.x and its renamed successor: the plan is held as it was sent, and flown until disarmed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        grpc_port = probe.getsockname()[1]
    options = FleetOptions(home=(48.41, 15.60, 200.0), speed_factor=10.0, max_stream_hz=25.0)
    with running_fleet(options, seed=1) as (vehicle,):
        client = subprocess.Popen(
            [interpreter, str(PROGRAM), module, str(vehicle.port), str(grpc_port)],
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that its mavsdk_server can be ended with it
        )
        try:
            out, _ = client.communicate(timeout=120.0)
        finally:
            with contextlib.suppress(ProcessLookupError):  # they have ended, as they should
                os.killpg(client.pid, signal.SIGKILL)
            client.wait()
        truth = vehicle.truth
    assert json.loads(out.splitlines()[-1]) == {"same": True, "items": 6, "flown": True}
    assert [round(release.latitude_deg, 4) for release in truth.releases] == [48.4105]
    assert (truth.armed, truth.landed) == (False, True)
