"""Zone documents of any authority → `GeoZone`; which zones bind a height band and a span of time."""
