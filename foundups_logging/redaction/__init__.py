"""Secrets are replaced before an event is queued: by the names they stand under, and by their shapes."""

from foundups_logging.redaction.redactor import Redactor, Unredacted
from foundups_logging.redaction.rules import redactor_for

__all__ = ["Redactor", "Unredacted", "redactor_for"]
