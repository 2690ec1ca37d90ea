"""Runs the targets for a time, and keeps the inputs that they do not bear."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path

from tests.fuzzing.corpus import FOLDER, kept
from tests.fuzzing.mutations import Mutator
from tests.fuzzing.targets import TARGETS


def mutate(name: str, seconds: float, seed: int) -> int:
    """Throw mutations at a target; return how many different findings there were."""
    target = TARGETS[name]
    mutator = Mutator([*target.seeds, *kept(name)], random.Random(seed))
    found: set[str] = set()
    inputs, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        data = mutator.next()
        inputs += 1
        try:
            target.attempt(data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            which = f"{type(error).__name__} at {place.filename}:{place.lineno}"
            if which not in found:
                found.add(which)
                traceback.print_exception(error)
                print(f"{name}: {which}: kept as {keep(name, data)}", flush=True)
    print(f"{name}: {inputs:,} mutations, {len(found)} findings", flush=True)
    return len(found)


def keep(name: str, data: bytes) -> Path:
    """Keep an input for the tests."""
    path = FOLDER / name / hashlib.sha256(data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def guide(name: str, seconds: float, seed: int) -> int:
    """Let atheris look for inputs that reach new code; return 1 if there was a finding."""
    command = [sys.executable, "-m", "tests.fuzzing.guided", name, f"{seconds:.0f}", str(seed)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    if done.returncode:
        print(done.stdout, done.stderr, f"{name}: a finding of atheris: kept in {FOLDER / name}", sep="\n", flush=True)
        return 1
    inputs = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    print(f"{name}: {int(inputs[1]) if inputs else 0:,} inputs guided by coverage, 0 findings", flush=True)
    return 0


def main() -> int:
    """Run; return 1 if there were findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together (default: 60)")
    parser.add_argument("--target", choices=list(TARGETS), action="append", help="one of them; may be repeated")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="from which the inputs follow")
    parser.add_argument(
        "--engine", choices=["mutation", "atheris", "both"], default="both",
        help="atheris is guided by coverage, and needs the extra fuzz; without it there are mutations alone",
    )  # fmt: skip
    arguments = parser.parse_args()
    has_atheris = importlib.util.find_spec("atheris") is not None
    if arguments.engine == "atheris" and not has_atheris:
        parser.error("atheris is missing: pip install -e '.[fuzz]'")
    names = arguments.target or list(TARGETS)
    engines = {"mutation": [mutate], "atheris": [guide], "both": [mutate, guide] if has_atheris else [mutate]}
    chosen = engines[arguments.engine]
    share = arguments.seconds / len(names) / len(chosen)
    findings = sum(engine(name, share, arguments.seed) for name in names for engine in chosen)
    print(f"{findings} findings (seed {arguments.seed})")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
