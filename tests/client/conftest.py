"""Lets these tests use the endpoints that the runner's tests are made with."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
