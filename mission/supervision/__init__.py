"""What to do about a flight under way: `handle(event, now) → commands`."""
