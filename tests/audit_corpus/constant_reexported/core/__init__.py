"""What the rest of the program imports."""

from core._paths import *
from core._paths import HEARTBEAT_FILE as HEARTBEATS

__all__ = ["DECISIONS_FILE", "HEARTBEATS", "STATE_ROOT"]
