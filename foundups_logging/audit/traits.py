"""Traits: facts about a place in the code that the static analysis tells, as "name" or "name: detail"."""

from __future__ import annotations

from collections.abc import Iterable

from foundups_logging.audit.model import Access

__all__ = ["details", "has"]


def has(access: Access, name: str) -> bool:
    """Whether the access has a trait of that name."""
    return any(trait.partition(": ")[0] == name for trait in access.traits)


def details(accesses: Iterable[Access], name: str) -> list[str]:
    """The different details of the traits of that name, in order."""
    found = {
        detail
        for access in accesses
        for trait in access.traits
        for label, _, detail in [trait.partition(": ")]
        if label == name
    }
    return sorted(found)
