"""A vehicle that never answers, with the whole chain running: its order fails, the others do not notice."""

from pathlib import Path
from typing import Any


def test_the_order_of_a_silent_vehicle_fails_and_the_others_are_delivered(
    day_folder: Any, stork_process: Any, tmp_path: Path
) -> None:
    """Exit 1, the vehicle is named, nothing is half done, and nothing is left running."""
    day_folder.site["policy"]["preflight_timeout_s"] = 30.0
    day_folder.day["simulation"] = {
        "speed_factor": 15,
        "faults": [{"kind": "silent", "vehicle_id": "drone-2"}],
    }
    run = stork_process("fly", day_folder.write(), "--sim", "--headless", "--out", tmp_path / "out")
    assert run.code == 1, run.err
    (failed,) = run.summary["failed"]
    assert failed["vehicle"] == "drone-2"
    assert "drone-2 never answered" in failed["reason"]
    assert sorted(run.ids("delivered") + run.ids("failed")) == ["A-1", "A-2"]
    journal = Path(run.summary["journal"]).read_text(encoding="utf-8")
    assert '"vehicle_id": "drone-2", "effect"' not in journal
    assert run.left == ()
