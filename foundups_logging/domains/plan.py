"""Plan: how events of one name, logger and level become rows of one domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from foundups_logging.domains.columns import CONVERTERS, Converter, convert_timestamp
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import table_of
from foundups_logging.encoding import to_json
from foundups_logging.events import Where

__all__ = ["ALIAS", "MAX_CACHED", "SKIP", "Layout", "Plan"]

# Slots that are no column's index: a field read elsewhere, and another name of a column.
SKIP: Final = -1
ALIAS: Final = -2

#: Event names and threads' names can be made up at run time; no cache grows beyond this.
MAX_CACHED: Final = 4096
_MAX_TAILS: Final = 64  # of each plan

_EVENT_COLUMNS = ("event", "event_type")


class Layout:
    """What is the same for all plans of one domain, worked out once: a plan is made for every new name.

    `skipped` are fields that the front door reads itself; `redacted` takes JSON
    text and returns it without secrets.
    """

    __slots__ = (
        "aliases", "convert", "domain", "names", "redacted", "required", "slots", "sources", "table", "texts",
    )  # fmt: skip

    def __init__(self, domain: Domain, skipped: Iterable[str], redacted: Callable[[str], str]) -> None:
        self.domain = domain
        self.names = domain.column_names
        self.table = table_of(domain)
        self.redacted = redacted
        index_of = {name: index for index, name in enumerate(self.names)}
        self.convert: list[Converter] = [convert_timestamp, *(CONVERTERS[c.type] for c in domain.columns)]
        self.texts = [False, *(column.type == "TEXT" for column in domain.columns)]
        self.sources = {column.source: index_of[column.name] for column in domain.columns if column.source}
        self.required = [index_of[column.name] for column in domain.columns if column.required]
        self.aliases = {alias: index_of[target] for alias, target in domain.aliases.items()}
        # Where a plan has fields of its own among the columns, it takes them out.
        self.slots = {name: index for name, index in index_of.items() if name != "metadata_json"}
        self.slots.update(dict.fromkeys(self.aliases, ALIAS))
        self.slots.update(dict.fromkeys(skipped, SKIP))


class Plan:
    """What is the same for all events of one name, logger and level, worked out once.

    `name` is None where the event is free text, different each time. `template`
    is a row with all that is known beforehand; `slots` tells for a field's name
    the index of its column, or one of the constants above; `context` is what
    metadata says of every such event, and `metadata_words` are the names it may
    say it under; `logger` and `level` are "" where there is none. `otherwise` is
    the plan for an event that lacks a required field, None where it becomes a
    dead letter.
    """

    __slots__ = (
        "_redacted", "_tails", "aliases", "context", "context_json", "context_tail", "convert", "domain", "event_index",
        "metadata_words", "name", "otherwise", "required", "slots", "sources", "table", "template", "texts",
    )  # fmt: skip

    def __init__(self, layout: Layout, name: str | None, level: str, logger: str, otherwise: Plan | None) -> None:
        names = layout.names
        known = {"event": name, "logger": logger or None, "level": level or None}
        self.domain = layout.domain
        self.table = layout.table
        self.name = name
        self.otherwise = otherwise
        self.convert = layout.convert
        self.texts = layout.texts
        self.sources = layout.sources
        self.required = layout.required
        self.aliases = layout.aliases
        self._redacted = layout.redacted
        self.template: list[Any] = [None] * len(names)
        for source, index in self.sources.items():
            self.template[index] = known.get(source)
            if name is not None and source in ("error_type", "error_message"):
                self.template[index] = name
            if source == "logger" and index in self.required:
                self.template[index] = logger or "root"
        event_index = self.sources.get("event", 0)
        self.event_index = event_index if names[event_index] in _EVENT_COLUMNS else None

        # A column called as its source is the event's own: a field of that name goes to metadata.
        own = {
            source
            for source, index in self.sources.items()
            if names[index] == source and (source == "event" or known.get(source))
        }
        self.context = {key: value for key, value in known.items() if value is not None and key not in own}
        if self.event_index is not None:
            self.context.pop("event", None)
        self._tails: dict[Where | None, tuple[str | None, str]] = {}
        self.context_json, self.context_tail = self.tail(None)

        self.slots = layout.slots
        shadowed = [source for source in own if layout.slots[source] >= 0]
        if shadowed:
            self.slots = {name: index for name, index in layout.slots.items() if name not in shadowed}
        self.metadata_words = frozenset({*self.context, "thread", "process"})

    def full_context(self, where: Where | None) -> dict[str, Any]:
        """`context` with the thread's and the process's name, where they are not the main ones."""
        thread, process = where or (None, None)
        context: dict[str, Any] = dict(self.context)
        if process is not None:
            context["process"] = process
        if thread is not None:
            context["thread"] = thread
        return context

    def tail(self, where: Where | None) -> tuple[str | None, str]:
        """The metadata of an event with no further fields, and what ends the JSON of one with them."""
        known = self._tails.get(where)
        if known is None:
            context = self.full_context(where)
            text = self._redacted(to_json(context)) if context else None
            if len(self._tails) >= _MAX_TAILS:
                self._tails.clear()
            known = self._tails[where] = (text, "}" if text is None else "," + text[1:])
        return known
