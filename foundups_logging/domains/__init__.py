"""Domains: kinds of events, the tables they go to and the routes that lead there."""

from foundups_logging.domains.loading import builtin_domains, load_domains
from foundups_logging.domains.model import Column, Domain

__all__ = ["Column", "Domain", "builtin_domains", "load_domains"]
