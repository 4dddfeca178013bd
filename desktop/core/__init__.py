"""The pure part: no clock, no I/O, no randomness. What it must know is passed to it."""
