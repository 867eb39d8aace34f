"""Benchmarks with their baselines; ``python -m bench``."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *map(str, sorted(ROOT.glob("layers/*/python")))]
