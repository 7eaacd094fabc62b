"""The pytest plugin as strangers meet it: tests of their own, run by a pytest of their own."""

import os
import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "testing-your-own-software.md"
PLUGIN = ("-p", "stork_pytest", "-p", "no:cacheprovider", "-p", "no:asyncio")
ARMING = """
    from pymavlink.dialects.v20 import common as dialect
    import socket

    def arm(vehicle, within_s=10.0):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.bind(("127.0.0.1", vehicle.port))
            link.settimeout(10.0)
            _, address = link.recvfrom(4096)
            command = dialect.MAVLink_command_long_message(vehicle.system_id, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0)
            link.sendto(command.pack(dialect.MAVLink(None, 245, 190)), address)
            return vehicle.wait_until(lambda truth: truth.armed, within_s)
"""


@pytest.fixture
def px4_build() -> str:
    """Where PX4 is; asked before `stranger` forgets it."""
    return os.environ["STORK_PX4_DIR"]


@pytest.fixture
def stranger(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of somebody's own, with Stork installed."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.delenv("STORK_PX4_DIR", raising=False)
    pytester.makepyfile(arming=ARMING)
    return pytester


def test_the_example_of_the_documentation_passes(stranger: pytest.Pytester) -> None:
    """What a stranger copies from the page runs as it stands, in at most ten lines."""
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    assert len([line for line in example[1].splitlines() if line.strip()]) <= 10
    stranger.makepyfile(test_example=example[1])
    stranger.runpytest(*PLUGIN, "--strict-markers", "test_example.py").assert_outcomes(passed=1)


def test_a_vehicle_is_ready_to_arm_and_tells_the_truth(stranger: pytest.Pytester) -> None:
    """It has the place, the parcel and the parameters asked for; arming it shows in its truth."""
    stranger.makepyfile("""
        import pytest
        from arming import arm

        @pytest.mark.px4(home=(48.41, 15.6, 200.0), speed_factor=2.0, position_error_m=0.0)
        def test_one(px4_vehicle):
            assert px4_vehicle.connection_url == f"udpin://127.0.0.1:{px4_vehicle.port}"
            before = px4_vehicle.truth
            assert (before.armed, before.payload_kg, round(before.latitude_deg, 5)) == (False, 0.5, 48.41)
            assert arm(px4_vehicle).armed
    """)
    stranger.runpytest(*PLUGIN).assert_outcomes(passed=1)


def test_a_fleet_has_a_port_and_a_system_id_for_each(stranger: pytest.Pytester) -> None:
    """Three vehicles unless the marker says how many; the nearest marker wins."""
    stranger.makepyfile("""
        import pytest

        pytestmark = pytest.mark.px4(count=2, speed_factor=3.0)

        def test_two(px4_fleet):
            assert [vehicle.system_id for vehicle in px4_fleet] == [1, 2]
            assert len({vehicle.port for vehicle in px4_fleet}) == 2

        @pytest.mark.px4(count=4)
        def test_four(px4_fleet, px4_vehicle):
            assert len(px4_fleet) == 4
            assert px4_vehicle.port not in {vehicle.port for vehicle in px4_fleet}
    """)
    stranger.runpytest(*PLUGIN).assert_outcomes(passed=2)


def test_faults_are_planted_at_run_time(stranger: pytest.Pytester) -> None:
    """A fault that names another vehicle is refused; one that names this vehicle happens."""
    stranger.makepyfile("""
        import pytest
        from arming import arm
        from sim.fault_kinds import ArmingDenied

        def test_denied(px4_vehicle):
            with pytest.raises(ValueError, match="px4-9"):
                px4_vehicle.plant(ArmingDenied("px4-9"))
            px4_vehicle.plant(ArmingDenied(px4_vehicle.vehicle_id, times=1))
            with pytest.raises(TimeoutError, match="armed=False"):
                arm(px4_vehicle, within_s=0.5)
            arm(px4_vehicle)
    """)
    stranger.runpytest(*PLUGIN).assert_outcomes(passed=1)


def test_a_bad_link_stands_before_a_vehicle_and_changes_when_told(stranger: pytest.Pytester) -> None:
    """What is asked through it is answered through it; once it is cut towards the vehicle, nothing arrives there."""
    stranger.makepyfile("""
        import pytest
        from arming import arm
        from sim.link_faults import CUT, Faults

        class Behind:
            def __init__(self, vehicle, link):
                self.port, self.system_id, self.wait_until = link.port, vehicle.system_id, vehicle.wait_until

        def test_link(px4_vehicle, lossy_link):
            link = lossy_link(px4_vehicle.port, down=Faults(delay_s=0.02))
            assert link.port != px4_vehicle.port
            assert link.connection_url.endswith(str(link.port))
            link.set(up=CUT)
            with pytest.raises(TimeoutError):
                arm(Behind(px4_vehicle, link), within_s=0.3)
            link.set(up=Faults())
            assert arm(Behind(px4_vehicle, link)).armed
    """)
    stranger.runpytest(*PLUGIN).assert_outcomes(passed=1)


def test_a_failure_says_its_seed_and_the_line_that_repeats_it(stranger: pytest.Pytester) -> None:
    """Run again with that seed the vehicle is the same; a test without vehicles says nothing of seeds."""
    stranger.makepyfile("""
        def test_fails(px4_vehicle, stork_seed):
            assert stork_seed < 0

        def test_other():
            assert False
    """)
    result = stranger.runpytest(*PLUGIN)
    line = re.search(r"seed (\d+); repeat with: pytest '(.+)' --stork-seed=\1", result.stdout.str())
    assert line is not None
    assert result.stdout.str().count("repeat with") == 1
    again = stranger.runpytest(*PLUGIN, line[2], f"--stork-seed={line[1]}")
    again.stdout.fnmatch_lines([f"*assert {line[1]} < 0*"])


def test_what_the_referee_saw_fails_the_test(stranger: pytest.Pytester) -> None:
    """A crash fails the test that had it; a test that expects it takes it from the list."""
    stranger.makepyfile("""
        from dataclasses import replace

        def crash(vehicle, referee):
            truth = vehicle.truth
            referee.observe(replace(truth, vehicle_id="x", height_m=1.0, climb_m_s=-9.0, armed=True))
            referee.observe(replace(truth, vehicle_id="x", height_m=0.0, climb_m_s=0.0))

        def test_crashes(px4_vehicle, referee):
            crash(px4_vehicle, referee)

        def test_expects_it(referee, px4_vehicle):
            crash(px4_vehicle, referee)
            assert [finding.rule for finding in referee.findings] == ["crash"]
            referee.findings.clear()

        def test_nothing_happens(px4_fleet, referee):
            px4_fleet[2].wait_until(lambda truth: truth.time_s > 7.0)
    """)
    result = stranger.runpytest(*PLUGIN)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*x at *: crash: hit the ground at 9.0 m/s*"])


def test_a_marker_that_says_nonsense_is_refused_with_what_it_may_say(stranger: pytest.Pytester) -> None:
    """An unknown option, a value without a name, and a fleet that cannot be."""
    stranger.makepyfile("""
        import pytest

        @pytest.mark.px4(sped=5)
        def test_unknown(px4_vehicle): ...

        @pytest.mark.px4(5)
        def test_unnamed(px4_vehicle): ...

        @pytest.mark.px4(speed_factor=-1)
        def test_impossible(px4_vehicle): ...
    """)
    result = stranger.runpytest(*PLUGIN)
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        ["*no option 'sped'; there are count, speed_factor,*", "*options without a name*", "*speed_factor*-1*"]
    )


def test_without_a_px4_build_px4_sitl_skips_and_says_what_to_set(stranger: pytest.Pytester) -> None:
    """The reason names the variable."""
    stranger.makepyfile("def test_real(px4_sitl): ...")
    result = stranger.runpytest(*PLUGIN, "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*STORK_PX4_DIR*"])


@pytest.mark.sitl
def test_a_real_px4_stands_in_for_a_simulated_one(
    px4_build: str, stranger: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a build, `px4_sitl` is running and heard; a test that fails leaves no PX4 behind."""
    monkeypatch.setenv("STORK_PX4_DIR", px4_build)
    stranger.makepyfile("""
        import socket, pytest

        @pytest.mark.px4(speed_factor=5, parameters={"RTL_RETURN_ALT": 20.0})
        def test_heard(px4_sitl):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
                link.bind(("127.0.0.1", px4_sitl.onboard_port))
                link.settimeout(10.0)
                assert link.recv(4096)[0] == 0xFD

        def test_simulated_only(px4_sitl): ...
        test_simulated_only = pytest.mark.px4(count=2)(test_simulated_only)
    """)
    result = stranger.runpytest(*PLUGIN)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no option 'count'; there are speed_factor, home, parameters*"])


def test_parallel_workers_do_not_share_ports(stranger: pytest.Pytester) -> None:
    """Two workers hold two vehicles at once; each has its own port, and the failure's line comes through as well."""
    stranger.makepyfile("""
        import pathlib, time, pytest

        @pytest.mark.parametrize("n", [1, 2])
        def test_held(px4_vehicle, n, tmp_path):
            folder = tmp_path.parent.parent
            (folder / f"port-{n}").write_text(str(px4_vehicle.port))
            other = folder / f"port-{3 - n}"
            px4_vehicle.wait_until(lambda truth: other.exists() and other.read_text(), within_s=20.0)
            assert other.read_text() != str(px4_vehicle.port)
            assert n == 1
    """)
    result = stranger.runpytest_subprocess(*PLUGIN, "-n", "2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*repeat with: pytest 'test_*[[]2[]]' --stork-seed=*"])


def test_nothing_is_left_behind(stranger: pytest.Pytester) -> None:
    """After the test neither thread, socket nor claim on a port remains, also where the test failed."""
    stranger.makepyfile("""
        import socket, threading
        from sim.px4_sitl_numbers import try_lock
        ports = []

        def test_fails(px4_fleet):
            ports.extend(vehicle.port for vehicle in px4_fleet)
            assert False

        def test_after():
            assert [t.name for t in threading.enumerate() if "simulated" in t.name] == []
            for port in ports:
                lock = try_lock(f"port-{port}")
                assert lock is not None
                lock.release()
            assert len(ports) == 3
    """)
    stranger.runpytest(*PLUGIN).assert_outcomes(passed=1, failed=1)


def test_unused_it_imports_nothing_of_stork_and_shadows_no_module(stranger: pytest.Pytester) -> None:
    """A stranger's own folder `sim` stays theirs; heavy modules are not loaded."""
    package = stranger.mkpydir("sim")
    (package / "mine.py").write_text("WHOSE = 'mine'\n")
    stranger.makepyfile("""
        import sys

        def test_mine():
            import sim.mine
            assert sim.mine.WHOSE == "mine"
            assert not {"numpy", "msgspec", "pymavlink", "mission", "vehicles", "operations"} & sys.modules.keys()
    """)
    stranger.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_it_is_the_entry_point_that_pytest_looks_for() -> None:
    """The installed project offers exactly this plugin, and brings its module."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"stork_pytest": "stork_pytest"}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["stork_pytest.py"] == "stork_pytest.py"
