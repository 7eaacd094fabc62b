"""The shortest route in the plane that clears every binding zone: exact, by a visibility graph."""
