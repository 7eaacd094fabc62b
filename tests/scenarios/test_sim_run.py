"""`stork sim run`: exit codes, the line that repeats a flight, and what programs read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from operations.commands.sim_run import scenario_names

Stork = Callable[..., tuple[int, str]]
Content = dict[str, Any]
SHORT = "second-station-on-the-pad"
"""Over in seconds: the launch is refused."""


def test_a_day_that_ends_as_expected_is_done(stork: Stork) -> None:
    """Exit 0, with the timeline, in words."""
    code, out = stork("sim", "run", SHORT)
    assert code == 0
    assert "as expected" in out
    assert "M-1 FAILED: launch refused: what is on board changed since it was verified" in " ".join(out.split())
    assert "repeat with" not in out


def test_a_day_that_ends_otherwise_says_how_and_how_to_repeat_it(
    stork: Stork, document: Callable[[str], Content], written: Callable[[Content], Path]
) -> None:
    """Exit 1, each difference, and one line that flies the same again – seed included."""
    content = document(SHORT)
    content["expected"] = {"orders": {"M-1": "DELIVERED"}, "alarms": ["LOW_BATTERY"], "provoked": ["crash"]}
    path = written(content)
    code, out = stork("sim", "run", path, "--seed", 5)
    assert code == 1
    assert "order M-1 ended FAILED, expected DELIVERED" in out
    assert "alarm LOW_BATTERY was not raised, and is expected" in out
    assert "rule crash was not broken, and is expected" in out
    assert f"repeat with: stork sim run {path} --seed 5" in out
    assert stork("sim", "run", path, "--seed", 5) == (code, out)


def test_what_nobody_expected_is_a_difference_too(
    stork: Stork, document: Callable[[str], Content], written: Callable[[Content], Path]
) -> None:
    """An alarm and a broken rule that the file does not name."""
    content = document("vanish") | {"gap": "", "orders": ["M-1"], "vehicles": ["drone-1"]}
    content["expected"] = {"orders": {"M-1": "FAILED"}}
    code, out = stork("sim", "run", written(content))
    assert code == 1
    assert "alarm LINK_LOST was raised, and is not expected" in out
    assert "rule crash was broken, and is not expected" in out


def test_json_is_one_object_a_scenario(stork: Stork, tmp_path: Path) -> None:
    """Orders, alarms, findings, links and the timeline; the journal lies in --out."""
    code, out = stork("sim", "run", SHORT, "--json", "--out", tmp_path)
    told = json.loads(out)
    assert (code, told["ok"], told["orders"], told["differences"]) == (0, True, {"M-1": "FAILED"}, [])
    assert told["repeat"].startswith("stork sim run ")
    assert told["repeat"].endswith("--seed 1")
    assert {entry["state"] for entry in told["timeline"]} >= {"LOADED", "LAUNCHING", "FAILED"}
    assert (tmp_path / f"{SHORT}-1" / "journal.jsonl").is_file()


def test_no_journal_is_overwritten(stork: Stork, tmp_path: Path) -> None:
    """A second run into the same folder is refused before it flies."""
    (tmp_path / f"{SHORT}-1").mkdir()
    code, out = stork("sim", "run", SHORT, "--out", tmp_path)
    assert code == 2
    assert "exists" in out


def test_it_must_be_clear_what_is_meant(stork: Stork) -> None:
    """Neither a scenario nor --all, both of them, or one that does not exist: exit 2, with the names there are."""
    for arguments in ((), ("clean-day", "--all")):
        code, out = stork("sim", "run", *arguments)
        assert code == 2
        assert all(name in out for name in scenario_names())
    assert stork("sim", "run", "clean-dya") == (
        2,
        "<argument>: scenario\n    there is no scenario 'clean-dya'. Did you mean 'clean-day'?\n",
    )
    assert "it does not exist" in stork("sim", "run", "clean-dya.toml")[1]
