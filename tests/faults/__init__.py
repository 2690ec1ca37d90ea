"""The table of faults: what was done to a client, and what came of it. `python -m tests.faults` writes it down."""
