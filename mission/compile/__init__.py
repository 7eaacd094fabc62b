"""Flight plan → mission items, geofence and rally points; QGroundControl `.plan` files."""
