"""The listener: one bounded queue and one writing thread for a database and process."""

from foundups_logging.listener.listener import Listener
from foundups_logging.listener.registry import flush, listener_for, stats, watch_sigterm

__all__ = ["Listener", "flush", "listener_for", "stats", "watch_sigterm"]
