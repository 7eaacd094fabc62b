"""ED-318 with its layers and dirt, and FAA facility maps."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from mission.airspace.documents import read_zones
from mission.airspace.reading import Outcome
from mission.errors import InputError
from mission.model.airspace import PERMANENT, CircleFootprint, Restriction, SunEvent
from mission.model.geo import Height, VerticalDatum

Golden = Callable[[str], bytes]


def test_the_golden_ed318_document_is_read(golden: Golden) -> None:
    """Layers keep unit and datum, circles their radius, names come in English, sun events arrive."""
    reading = read_zones(golden("ed318.json"), "ed318.json")
    park, nested = reading.zones
    assert (reading.format, reading.version) == ("ED-318", "2026-11-01T00:00:00Z")
    assert park.name == "Two layers"
    assert park.restriction is Restriction.CONDITIONAL
    polygon, circle = park.volumes
    assert polygon.ceiling == Height(500.0, VerticalDatum.WGS84)
    assert circle.ceiling == Height(304.8, VerticalDatum.AMSL)
    assert isinstance(circle.footprint, CircleFootprint)
    assert circle.footprint.radius_m == 250.0
    (window,) = park.applicability[0].schedule
    assert (window.start, window.end, len(window.days)) == (SunEvent.SS, SunEvent.SR, 7)
    assert park.authority[0].name == "Invented park"
    assert nested.identifier == "INV-B"
    assert nested.restriction is Restriction.REQ_AUTHORISATION
    assert nested.applicability == PERMANENT
    assert len(nested.volumes) == 2
    assert nested.volumes[0].ceiling.value_m == math.inf
    assert [report.outcome for report in reading.reports] == [Outcome.READ, Outcome.REPAIRED]


@pytest.mark.parametrize("key", ["metadata", "datasetMetadata"])
def test_metadata_of_the_wrong_type_refuses_the_document(golden: Golden, key: str) -> None:
    """A date that is an object was not written by an ED-318 program; nothing of it is believed (F-A8)."""
    document: dict[str, Any] = json.loads(golden("ed318.json"))
    document[key] = {"validFrom": {"what": "no date"}}
    with pytest.raises(InputError, match=f"{key}.validFrom"):
        read_zones(json.dumps(document).encode(), "a.json")


def test_a_facility_map_cell_is_two_zones(golden: Golden) -> None:
    """Up to its ceiling and above it a cell needs different authorisations; unknown ceilings make one zone."""
    reading = read_zones(golden("uasfm.json"), "uasfm.json")
    below, above, closed, unknown = reading.zones
    assert reading.format == "UASFM"
    assert {zone.restriction for zone in reading.zones} == {Restriction.REQ_AUTHORISATION}
    assert [zone.identifier for zone in reading.zones] == ["1", "1-above", "2-above", "3"]
    assert below.volumes[0].ceiling == Height(200 * 0.3048, VerticalDatum.AGL)
    assert above.volumes[0].floor == below.volumes[0].ceiling
    assert closed.volumes[0].floor == Height(0.0, VerticalDatum.AGL)
    assert unknown.volumes[0].floor.value_m == -math.inf
    assert "KXYZ" in below.name
