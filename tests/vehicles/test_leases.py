"""Leases: the newest epoch commands, an older one never again, and a lease ends by itself (I-2, F-S10)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import InputError
from vehicles.lease_file import read_epochs, write_epochs
from vehicles.leases import MAX_LEASE_S, LeaseStanding, LeaseTable


def test_nobody_commands_without_having_asked() -> None:
    """A restarted gateway's table is empty: it only watches."""
    assert LeaseTable().standing("v", 1, 0.0) is LeaseStanding.NONE


def test_a_lease_ends_by_itself_and_can_be_renewed() -> None:
    """A decider that hangs loses its right; while it lives it asks again."""
    table = LeaseTable()
    assert table.take("v", 1, 100.0, 10.0) is not None
    assert table.standing("v", 1, 109.9) is LeaseStanding.HELD
    assert table.standing("v", 1, 110.0) is LeaseStanding.NONE
    assert table.take("v", 1, 110.0, 10.0) is not None
    assert table.standing("v", 1, 119.9) is LeaseStanding.HELD


def test_a_newer_epoch_wins_at_once_and_for_good() -> None:
    """Also after the newer lease has run out, the older decider stays refused."""
    table = LeaseTable()
    table.take("v", 1, 0.0, 10.0)
    assert table.take("v", 2, 1.0, 1.0) is not None
    assert table.standing("v", 1, 1.5) is LeaseStanding.STALE
    assert table.take("v", 1, 50.0, 10.0) is None
    assert table.standing("v", 2, 50.0) is LeaseStanding.NONE


def test_a_lease_is_for_one_vehicle() -> None:
    """Two deciders may share a gateway."""
    table = LeaseTable()
    table.take("a", 1, 0.0, 10.0)
    table.take("b", 2, 0.0, 10.0)
    assert table.standing("a", 1, 1.0) is LeaseStanding.HELD
    assert table.standing("b", 1, 1.0) is LeaseStanding.STALE


def test_no_lease_is_longer_than_the_limit() -> None:
    """Whatever was asked for."""
    table = LeaseTable()
    table.take("v", 1, 0.0, 1e9)
    assert table.standing("v", 1, MAX_LEASE_S) is LeaseStanding.NONE


Asks = st.lists(st.tuples(st.integers(1, 5), st.floats(0.0, 10.0), st.floats(0.1, 5.0)), max_size=40)


@given(Asks)
def test_at_most_one_epoch_ever_holds_and_it_is_the_newest(asks: list[tuple[int, float, float]]) -> None:
    """Whoever asks when: never two hands on one vehicle, never an older one after a newer one."""
    table, now_s, newest = LeaseTable(), 0.0, 0
    for epoch, wait_s, duration_s in asks:
        now_s += wait_s
        given_lease = table.take("v", epoch, now_s, duration_s)
        assert (given_lease is not None) == (epoch >= newest)
        newest = max(newest, epoch)
        holders = [e for e in range(1, 6) if table.standing("v", e, now_s) is LeaseStanding.HELD]
        assert holders in ([], [newest])


def test_the_epochs_outlive_the_gateway(tmp_path: Path) -> None:
    """A decider that was replaced before the restart is refused after it."""
    table = LeaseTable()
    table.take("v", 7, 0.0, 10.0)
    path = tmp_path / "epochs.json"
    assert read_epochs(path) == {}
    write_epochs(path, table.floors)
    after = LeaseTable(read_epochs(path))
    assert after.take("v", 6, 0.0, 10.0) is None
    assert after.standing("v", 7, 0.0) is LeaseStanding.NONE


def test_a_broken_lease_file_stops_the_start(tmp_path: Path) -> None:
    """Who was replaced is not known then, and unknown is unsafe."""
    path = tmp_path / "epochs.json"
    path.write_text('{"v": ')
    with pytest.raises(InputError, match="lease file"):
        read_epochs(path)
