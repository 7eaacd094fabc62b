"""Independent checks of a mission as read back from the vehicle → Verdict of Findings."""
