"""Prints the page: ``python -m tests.faults > docs/reliability.md``."""

import sys

from tests.faults.page import page

sys.stdout.write(page())
