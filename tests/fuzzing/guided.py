"""Guided: one target under atheris, which looks for inputs that reach new code.

It never comes back: libFuzzer ends the process, with 0 if nothing was found. ``python -m tests.fuzzing`` starts it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["kauneonga_async", "yarl", "email"]):
    from tests.fuzzing.corpus import FOLDER, kept
    from tests.fuzzing.targets import TARGETS

LARGEST = 4096  # bytes


def main() -> None:
    """Run one target."""
    name, seconds, seed = sys.argv[1:]
    target = TARGETS[name]
    (FOLDER / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate([*target.seeds, *kept(name)]):
            (Path(corpus) / str(number)).write_bytes(data)
        options = {
            "max_total_time": seconds,
            "seed": seed,
            "max_len": LARGEST,
            "timeout": 20,
            "artifact_prefix": f"{FOLDER / name}/",
            "verbosity": 0,
            "print_final_stats": 1,
        }
        atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), corpus], target.attempt)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
