"""Training of the registration students, and what they are compared with."""

import sys
from pathlib import Path

# The command lines work from a fresh clone: the engine, which training builds on, lies beside this folder.
sys.path.append(str(Path(__file__).resolve().parents[2] / "LDRRegistration"))
