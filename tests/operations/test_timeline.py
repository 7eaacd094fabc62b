"""What is known of vehicles when a day's flying is broken off."""

from datetime import UTC, datetime

from mission.supervision.events import Report, ReportKind
from operations.flight_day import Timeline

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def test_a_vehicle_is_in_the_air_from_its_launch_until_it_is_known_to_have_ended() -> None:
    """Doubt counts as flying: launching, diverting and lost vehicles are named to whoever takes over."""
    timeline = Timeline()
    states = {
        "loading": ["LOADING"],
        "launching": ["LOADING", "LOADED", "LAUNCHING"],
        "home": ["LAUNCHING", "AIRBORNE", "FINISHED"],
        "again": ["LAUNCHING", "AIRBORNE", "FINISHED", "LOADING", "LOADED", "LAUNCHING", "AIRBORNE"],
        "diverting": ["AIRBORNE", "DIVERTING"],
        "lost": ["AIRBORNE", "LOST"],
    }
    for vehicle_id, passed in states.items():
        for state in passed:
            timeline.hear(NOW, vehicle_id, Report(ReportKind.SORTIE, f"{vehicle_id}.1", state))
        timeline.hear(NOW, vehicle_id, Report(ReportKind.ORDER, "A-1", "DELIVERED"))
    assert timeline.in_the_air() == ("launching", "again", "diverting", "lost")
