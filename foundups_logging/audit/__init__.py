"""The audit: which JSON Lines files a tree holds, and which of its code writes and reads them.

Needs what the extra `migrate` installs.
"""

from foundups_logging.audit.audit import audit

__all__ = ["audit"]
