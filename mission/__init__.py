"""What should be flown, and what to do next: pure decisions.

Nothing below this package opens a socket or a file, starts a thread, reads a clock or draws a random
number: `now` and `rng` are arguments.
"""
