"""MAVSDK's own plan importer as an independent judge of what is written and read here."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

from mission.compile import Compiled, FenceZone, compile_sortie
from mission.compile.items import fence_circle
from mission.compile.qgc_plan import from_plan_json, to_plan_json
from mission.errors import InputError
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import LandingSite
from mission.model.flight import FlightPlan
from mission.model.geo import GeoPoint
from mission.model.mission import MavFrame, Mission, MissionItem
from mission.model.orders import DeliveryMethod
from mission.policy import Policy

Fields = list[float | int | None]
Imported = list[list[Fields]]

ALL_FIELDS = slice(None)
ALL_BUT_AUTOCONTINUE = slice(0, -1)
"""Fence and rally items do not continue anywhere; MAVSDK writes 0."""

FRAME_TWIN = {
    MavFrame.GLOBAL_RELATIVE_HOME: MavFrame.GLOBAL_RELATIVE_HOME_INT,
    MavFrame.GLOBAL_AMSL: MavFrame.GLOBAL_AMSL_INT,
}


def imported(*plans: str) -> list[Imported | str]:
    """What MAVSDK makes of plan texts: items, fence items, rally items; or its refusal."""
    script = Path(__file__).with_name("mavsdk_import.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(plans),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    results: list[Imported | str] = json.loads(done.stdout.strip().splitlines()[-1])
    return results


def comparable(fields: Fields) -> tuple[object, ...]:
    """An item without what means the same: NaN as None, INT frames as their twins."""
    command, frame, *rest = fields
    assert frame is not None
    twin = FRAME_TWIN.get(MavFrame(int(frame)), MavFrame(int(frame)))
    return (command, int(twin), *rest)


def fields(item: MissionItem) -> Fields:
    """An item of ours in the same order."""
    values = [item.param1, item.param2, item.param3, item.param4]
    unset: list[float | None] = [None if math.isnan(value) else value for value in values]
    return [item.command, item.frame, *unset, item.x, item.y, item.z, item.autocontinue]


def same(ours: tuple[MissionItem, ...], theirs: list[Fields], compared: slice = ALL_FIELDS) -> None:
    """Both sides have the same items; float32 on theirs."""
    assert len(ours) == len(theirs)
    for item, found in zip(ours, theirs, strict=True):
        for mine, other in zip(comparable(fields(item))[compared], comparable(found)[compared], strict=True):
            assert mine == other or mine == pytest.approx(other, rel=1e-6)


def test_mavsdk_reads_from_our_file_the_items_that_we_upload(
    make_plan: Callable[..., FlightPlan],
    at: Callable[[float, float], GeoPoint],
    policy: Policy,
    frame: LocalFrame,
    zone: Callable[[str, shapely.Polygon], FenceZone],
) -> None:
    """A delivery of both methods: every field of every item, the fence's vertices and circle, the rally point."""
    plan = make_plan(
        [at(500.0, 0.0), at(500.0, 400.0)],
        methods=[DeliveryMethod.GRIPPER, DeliveryMethod.LAND],
        alternates=[LandingSite("a", "A", at(200.0, -80.0), 490.0)],
    )
    compiled = compile_sortie(plan, [zone("R1", shapely.box(100.0, 40.0, 200.0, 60.0))], frame, policy)
    assert isinstance(compiled, Compiled)
    circle = fence_circle(at(0.0, -120.0), 12.5, inclusion=False)
    whole = compiled.mission
    mission = Mission(whole.items, (*whole.fence, circle), whole.rally, whole.home, whole.home_amsl_m)
    (result,) = imported(to_plan_json(mission, cruise_speed_m_s=12.0, hover_speed_m_s=5.0))
    assert not isinstance(result, str), result
    items, fence, rally = result
    same(mission.items, items)
    same(mission.fence, fence, ALL_BUT_AUTOCONTINUE)
    same(mission.rally, rally, ALL_BUT_AUTOCONTINUE)


@pytest.mark.real_data
def test_we_read_from_a_plan_what_mavsdk_reads(sample_plans: Path) -> None:
    """And refuse what it refuses; only surveys does it fly and we do not."""
    paths = sorted(sample_plans.glob("*.plan"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    both = 0
    for path, text, result in zip(paths, texts, imported(*texts), strict=True):
        if isinstance(result, str) or "survey" in path.name:
            with pytest.raises(InputError):
                from_plan_json(text, path.name)
        else:
            same(from_plan_json(text, path.name).items, result[0])
            both += 1
    assert both == 2
