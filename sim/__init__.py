"""What stands in for the world: simulated PX4 vehicles on real MAVLink, and the runner of real PX4 SITL."""
