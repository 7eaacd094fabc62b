"""Zone documents of any authority → `GeoZone`; which zones bind a height band and a span of time."""

from mission.airspace.applicability import applies_during, changes_within, clear_after
from mission.airspace.binding import BindingZone, applying_zones, binding_zones
from mission.airspace.bounds import GeoBounds
from mission.airspace.documents import read_zones
from mission.airspace.feed import Delivery, DeliveryReport, FeedAge, ZoneFeed
from mission.airspace.footprint import footprint_bounds, footprint_polygon
from mission.airspace.height import GroundBelow, HeightBand, amsl_interval
from mission.airspace.hours_text import describe_hours
from mission.airspace.index import ZoneIndex
from mission.airspace.reading import DocumentCaps, FeatureReport, Outcome, ZoneReading

__all__ = [
    "BindingZone",
    "Delivery",
    "DeliveryReport",
    "DocumentCaps",
    "FeatureReport",
    "FeedAge",
    "GeoBounds",
    "GroundBelow",
    "HeightBand",
    "Outcome",
    "ZoneFeed",
    "ZoneIndex",
    "ZoneReading",
    "amsl_interval",
    "applies_during",
    "applying_zones",
    "binding_zones",
    "changes_within",
    "clear_after",
    "describe_hours",
    "footprint_bounds",
    "footprint_polygon",
    "read_zones",
]
