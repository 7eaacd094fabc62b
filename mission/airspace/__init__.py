"""Zone documents of any authority → `GeoZone`; which zones bind a height band and a span of time."""

from mission.airspace.applicability import applies_during, clear_after
from mission.airspace.binding import BindingZone, binding_zones
from mission.airspace.bounds import GeoBounds
from mission.airspace.documents import read_zones
from mission.airspace.feed import Delivery, DeliveryReport, FeedAge, ZoneFeed
from mission.airspace.footprint import footprint_polygon
from mission.airspace.height import HeightBand
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
    "HeightBand",
    "Outcome",
    "ZoneFeed",
    "ZoneIndex",
    "ZoneReading",
    "applies_during",
    "binding_zones",
    "clear_after",
    "describe_hours",
    "footprint_polygon",
    "read_zones",
]
