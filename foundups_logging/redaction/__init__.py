"""Secrets are replaced before an event is queued: by the names they stand under, and by their shapes."""

from foundups_logging.redaction.redactor import Redactor
from foundups_logging.redaction.rules import redactor_for
from foundups_logging.redaction.unredacted import Kind, Unredacted

__all__ = ["Kind", "Redactor", "Unredacted", "redactor_for"]
