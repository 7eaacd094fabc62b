"""The guards of `tests/conftest.py` fail the test that left something behind, and only that one."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def guarded(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with this project's guards and settings, in which a test file can be tried."""
    pytester.makeconftest((CHECKOUT / "tests" / "conftest.py").read_text())
    pytester.makepyprojecttoml((CHECKOUT / "pyproject.toml").read_text())
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return pytester


def outcome_of(guarded: pytest.Pytester, source: str, **expected: int) -> str:
    """Run one test file under the guards, check the counts, and return what was printed."""
    guarded.makepyfile(source)
    result = guarded.runpytest_inprocess("-p", "no:cacheprovider", ".")
    result.assert_outcomes(**expected)
    return result.stdout.str()


def test_a_warning_fails_the_test(guarded: pytest.Pytester) -> None:
    """Warnings are errors."""
    source = """
        import warnings
        def test_it(): warnings.warn("old", DeprecationWarning, stacklevel=1)
    """
    assert "DeprecationWarning: old" in outcome_of(guarded, source, failed=1)


def test_a_task_that_is_left_running_fails_its_test(guarded: pytest.Pytester) -> None:
    """The task and its coroutine are named; a task that was awaited or cancelled is nobody's fault."""
    source = """
        import asyncio
        async def listen_for_ever(): await asyncio.Event().wait()
        async def test_it(): test_it.task = asyncio.create_task(listen_for_ever(), name="listener")
        async def test_tidy():
            task = asyncio.create_task(listen_for_ever())
            task.cancel()
            await asyncio.create_task(asyncio.sleep(0))
    """
    printed = outcome_of(guarded, source, passed=2, errors=1)
    assert "ERROR at teardown of test_it" in printed
    assert "left asyncio tasks running: listener (listen_for_ever)" in printed


def test_a_task_left_running_in_a_property_test_fails_it(guarded: pytest.Pytester) -> None:
    """Hypothesis wraps the coroutine; the guard looks inside."""
    source = """
        import asyncio
        from hypothesis import given, settings, strategies as st
        kept = []
        async def listen_for_ever(): await asyncio.Event().wait()
        @given(st.booleans())
        async def test_it(flag): kept.append(asyncio.create_task(listen_for_ever()))
    """
    assert "left asyncio tasks running" in outcome_of(guarded, source, passed=1, errors=1)


def test_a_socket_that_is_left_open_fails_its_test(guarded: pytest.Pytester) -> None:
    """Even while a global still holds it, with the address it is bound to."""
    source = """
        import socket
        kept = []
        def test_it():
            kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            kept[0].bind(("127.0.0.1", 0))
        def test_tidy():
            with socket.socket() as one: one.bind(("127.0.0.1", 0))
        async def test_a_loop_of_its_own_is_no_leak(): pass
        def teardown_module(): kept[0].close()
    """
    printed = outcome_of(guarded, source, passed=3, errors=1)
    assert "ERROR at teardown of test_it" in printed
    assert "bound to addr(ip='127.0.0.1'" in printed


def test_a_zeromq_context_that_is_left_open_fails_its_test(guarded: pytest.Pytester) -> None:
    """A context with a socket keeps threads; terminated, it keeps none."""
    source = """
        import pathlib, time, zmq
        kept = []
        def named():
            return any(c.read_text().startswith("ZMQbg") for c in pathlib.Path("/proc/self").glob("task/*/comm"))
        def test_it():
            kept.append(zmq.Context())
            kept.append(kept[0].socket(zmq.PUB))
            while not named(): time.sleep(0.001)  # a thread gets its name a moment after it runs
        def test_tidy():
            with zmq.Context() as context, context.socket(zmq.PUB) as publisher:
                publisher.bind("inproc://here")
        def teardown_module(): kept[0].destroy()
    """
    printed = outcome_of(guarded, source, passed=2, errors=1)
    assert "ERROR at teardown of test_it" in printed
    assert "a ZeroMQ context that was not terminated" in printed


def test_a_child_process_that_is_left_running_fails_its_test_and_is_ended(guarded: pytest.Pytester) -> None:
    """Grandchildren too; a child that was waited for is nobody's fault."""
    source = """
        import subprocess, sys
        kept = []
        def test_it():
            grandchild = "import subprocess as s, sys; print(1, flush=True); s.run([sys.executable, '-c', 'input()'])"
            kept.append(subprocess.Popen([sys.executable, "-c", grandchild], stdin=-1, stdout=-1, text=True))
            assert kept[0].stdout.readline() == "1\\n"
        def test_tidy(): assert subprocess.run([sys.executable, "-c", ""]).returncode == 0
        def teardown_module():
            with kept[0]: pass
    """
    printed = outcome_of(guarded, source, passed=2, errors=1)
    assert "ERROR at teardown of test_it" in printed
    assert "left behind: child process" in printed
    assert "import subprocess as s" in printed


def test_what_a_wider_fixture_holds_is_not_the_tests_fault(guarded: pytest.Pytester) -> None:
    """A module's server lives as long as its module."""
    source = """
        import pytest, socket, subprocess, sys
        @pytest.fixture(scope="module")
        def server():
            with socket.socket() as listening, subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as child:
                listening.bind(("127.0.0.1", 0))
                yield listening
                child.communicate(b"\\n")
        def test_one(server): pass
        def test_two(server): pass
    """
    outcome_of(guarded, source, passed=2)


def test_what_a_machine_lacks_is_skipped_with_the_remedy(
    guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real data and PX4 are optional, and the summary says which variable to set."""
    monkeypatch.delenv("STORK_DATA_DIR", raising=False)
    monkeypatch.setenv("STORK_PX4_DIR", "/nowhere/px4")
    guarded.makepyfile("""
        import pytest
        @pytest.mark.real_data
        def test_data(): raise AssertionError
        @pytest.mark.sitl
        def test_px4(): raise AssertionError
    """)
    result = guarded.runpytest_inprocess("-p", "no:cacheprovider", "-m", "", "-rs", ".")
    result.assert_outcomes(skipped=2)
    printed = " ".join(result.stdout.str().split())
    assert "set STORK_DATA_DIR to its folder" in printed
    assert "STORK_PX4_DIR=/nowhere/px4 is not a folder" in printed


def test_a_failing_property_prints_the_line_that_reproduces_it(
    guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the `ci` profile the same examples are drawn, and the blob is printed."""
    monkeypatch.setenv("STORK_HYPOTHESIS", "ci")
    source = """
        from hypothesis import given, strategies as st
        @given(st.integers())
        def test_it(number): assert number < 1000
    """
    guarded.makepyfile(source)
    result = guarded.runpytest_subprocess("-p", "no:cacheprovider", ".")  # the profile is a process's own
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert "number=1000" in printed
    assert "@reproduce_failure" in printed
