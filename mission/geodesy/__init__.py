"""Local metric frames and vertical datums."""
