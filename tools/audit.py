"""Audit: whether a known weakness is in what a user installs: ``python -m tools.audit FOLDER``, of installed packages.

Where the database of advisories (OSV) cannot be reached, that is said, and is no failure: nobody was asked.
"""

from __future__ import annotations

import re
import subprocess
import sys

_UNREACHABLE = re.compile(r"ConnectionError|Max retries exceeded|Timeout|ServiceError|Failed to resolve")


def audit(folder: str) -> int:
    """Audit what is installed in a folder; return the exit code: 1 if there is a weakness that is known."""
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--progress-spinner", "off"]
    done = subprocess.run([*command, "--path", folder], capture_output=True, text=True, check=False)
    print(done.stdout.strip())
    return verdict(done.returncode, done.stderr)


def verdict(code: int, errors: str) -> int:
    """Return the exit code for what pip-audit said, and tell what it came to."""
    if code == 0:
        print("no known weakness")
        return 0
    if "known vulnerabilit" not in errors and _UNREACHABLE.search(errors):
        print("not audited: the advisories cannot be reached")
        return 0
    print(errors.strip())
    return 1


if __name__ == "__main__":
    sys.exit(audit(sys.argv[1]))
