"""Scenarios: seeded days on which something goes wrong, flown by the real stack in virtual time, and judged."""
