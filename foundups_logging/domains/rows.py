"""From an event to the row of its domain's table: the middle of the hot path."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from foundups_logging import timestamps
from foundups_logging.domains.compiled import RowFunction, compile_row, long_way
from foundups_logging.domains.model import Domain
from foundups_logging.domains.plan import ALIAS, MAX_CACHED, Layout, Plan
from foundups_logging.domains.routing import Router, is_event_name
from foundups_logging.domains.tables import DEAD_LETTERS, NULL, Row, sized
from foundups_logging.encoding import escaped, safe_str, to_json
from foundups_logging.events import Event
from foundups_logging.redaction import Kind, Unredacted

__all__ = ["RowBuilder"]

_MAX_VARIANTS = 8  # of fields' names for one shape, each tried in turn


class RowBuilder:
    """Makes rows of events, by the domains it was given.

    `skipped` are fields that the front door has read itself. `count` is called
    with "unknown_domain" where an event asks for a domain that there isn't;
    `redactor` replaces secrets.
    """

    def __init__(
        self,
        domains: Iterable[Domain],
        count: Callable[[str], None],
        skipped: Iterable[str] = (),
        redactor: Unredacted | None = None,
    ) -> None:
        self._router = Router(domains)
        #: The domains by name.
        self.domains = self._router.domains
        self._count = count
        self._skipped = tuple(skipped)
        #: What replaces secrets; a front door gives it what is told before there is an event.
        self.redactor = redactor or Unredacted()
        self._layouts = {
            domain.name: Layout(domain, self._skipped, self.redactor.json) for domain in self.domains.values()
        }
        self._kinds = {layout.table.number: _kinds(layout, self.redactor) for layout in self._layouts.values()}
        self._kinds[DEAD_LETTERS.number] = ((2, False, False), (3, False, False), (4, True, False))
        self._plans: dict[tuple[object, ...], Plan] = {}
        self._seen: dict[tuple[Any, ...], int] = {}
        #: Shape of an event (name, logger, level and how many fields) -> the function that makes its row.
        self.compiled: dict[tuple[Any, ...], RowFunction] = {}

    def build(self, event: Event, shape: tuple[Any, ...] | None = None) -> Row:
        """The row of `event`, without secrets: of its domain's table, or a dead letter; a LargeRow if it is one.

        `shape` is what the front door looks the event's kind up by in `compiled`:
        from the third event of a shape on, it finds a function there.
        """
        plan = None if event.is_rare else self._plans.get((event.name, event.logger, event.level))
        if plan is None:
            plan = self._plan(event)
        if shape is not None and plan.name is not None and not event.is_rare:
            self._learn(shape, plan, event)
        try:
            row = self._row(plan, event)
        except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
            row = self._dead_letter(event, plan.domain.name, f"no row could be made: {safe_str(error, repr)}")
        return sized(self.redactor.row(row, self._kinds[row[0]]))

    def _learn(self, shape: tuple[Any, ...], plan: Plan, event: Event) -> None:
        names = tuple(name for name, _ in islice(event.fields, event.skip, None))
        times = self._seen.get((shape, names), 0)
        if times > 1:
            return
        if len(self._seen) >= MAX_CACHED:
            self._seen.clear()
            self.compiled.clear()
        self._seen[shape, names] = times + 1
        if times == 1:  # names made up at run time come once, and aren't worth a function
            variants = self._seen.get(shape, 0)
            if variants < _MAX_VARIANTS:
                self._seen[shape] = variants + 1
                self.compiled[shape] = compile_row(plan, names, self.compiled.get(shape, long_way), self.redactor)

    def _row(self, plan: Plan, event: Event) -> Row:  # noqa: C901, PLR0912 - the hot path: no calls to spare
        values = plan.template.copy()
        rest: dict[Any, Any] = {}
        stamp = values[0] = timestamps.from_epoch(event.created)
        if event.is_rare or plan.name is None:
            _fill_own(plan, event, values)

        slots, texts = plan.slots, plan.texts
        aliased: list[tuple[Any, Any]] | None = None
        for key, value in islice(event.fields, event.skip, None):
            index = slots.get(key)
            if index is None:
                rest[key] = value
            elif index >= 0:
                if texts[index] and type(value) is str and value.isascii():
                    values[index] = value
                else:
                    _store(plan, index, key, value, values, rest)
            elif index == ALIAS:
                aliased = [*(aliased or ()), (key, value)]
        if aliased is not None:
            given = {key for key, _ in islice(event.fields, event.skip, None)}
            for key, value in aliased:
                index = plan.aliases[key]
                is_free = values[index] is (plan.template[index] if index else stamp)
                if is_free and plan.domain.column_names[index] not in given:
                    _store(plan, index, key, value, values, rest)
                else:  # the column has a field of its own name
                    rest[key] = value

        for index in plan.required:
            if values[index] is None:
                if plan.otherwise is not None:
                    return self._row(plan.otherwise, event)
                column = plan.domain.column_names[index]
                return self._dead_letter(event, plan.domain.name, f"required field {column!r} is missing or unusable")
        values[-1] = _metadata(plan, event, rest, self._untold(plan, event, values))
        return plan.table.number, *[NULL if value is None else value for value in values]

    def _untold(self, plan: Plan, event: Event, values: list[Any]) -> dict[str, Any] | None:
        """What is known of the event itself that no column holds and not every event of the plan has."""
        is_told = plan.event_index is None or values[plan.event_index] is plan.name
        if plan.name is not None and is_told and not event.is_rare:
            return None
        untold: dict[str, Any] = {}
        if plan.event_index is None or values[plan.event_index] != event.full_text:
            untold["event"] = event.full_text
        if event.error is not None and not set(event.error) <= set(values):
            untold["exception"] = event.error._asdict()
        if event.stack is not None and event.stack not in values:
            untold["stack_info"] = event.stack
        if event.domain is not None and not _is_text(event.domain, plan.domain.name):
            untold["domain"] = event.domain
            self._count("unknown_domain")
        return untold

    def _plan(self, event: Event) -> Plan:
        """The plan for `event`, from the cache or worked out."""
        name = event.name if event.text is None and is_event_name(event.name) else None
        if type(event.domain) is not str and issubclass(type(event.domain), str):
            event.domain = str.__str__(event.domain)  # of an Enum, say
        asked = event.domain
        has_error = event.error is not None
        if name is not None and not event.is_rare:
            key: tuple[object, ...] = (name, event.logger, event.level)
        else:
            # One that is no text asks for no domain that there is: all such go one way.
            key = (name, event.logger, event.level, asked if type(asked) is str else asked is not None, has_error)
        plan = self._plans.get(key)
        if plan is not None:
            return plan
        domains = self._router.candidates(
            event.name, event.logger, _level_number(event.level), asked=asked, has_error=has_error
        )
        for domain in reversed(domains):
            plan = Plan(self._layouts[domain.name], name, event.level, event.logger, plan)
        assert plan is not None  # noqa: S101 - a router always has a candidate
        if len(self._plans) >= MAX_CACHED:
            self._plans.clear()
        self._plans[key] = plan
        return plan

    def _dead_letter(self, event: Event, domain: str, reason: str) -> Row:
        """The row that keeps an event which can't be a row of `domain`, with all it carried."""
        fields = dict(islice(event.fields, event.skip, None))
        original = {
            "event": event.full_text,
            "level": event.level,
            "logger": event.logger,
            "timestamp": event.created,
            "domain": event.domain,
            "thread": event.where and event.where[0],
            "process": event.where and event.where[1],
            "stack_info": event.stack,
            "exception": event.error and event.error._asdict(),
            "fields": {key: value for key, value in fields.items() if key not in self._skipped},
        }
        timestamp = timestamps.normalize(fields.get("timestamp"))
        kept = {key: value for key, value in original.items() if not (value is None or _is_text(value, ""))}
        return (
            DEAD_LETTERS.number,
            timestamp[0] if timestamp else timestamps.from_epoch(event.created),
            domain,
            reason,
            to_json(kept),
        )


def _kinds(layout: Layout, redactor: Unredacted) -> tuple[Kind, ...]:
    """The texts of a table's rows; a column's name or an alias of it may name a secret, a number in it is none."""
    secret = {index for alias, index in layout.aliases.items() if redactor.is_secret(alias)}
    kinds = [
        (index + 1, column.type == "JSON", redactor.is_secret(column.name) or index in secret)
        for index, column in enumerate(layout.domain.columns, start=1)
        if column.type in {"TEXT", "JSON"}
    ]
    return (*kinds, (len(layout.names), True, False))


def _fill_own(plan: Plan, event: Event, values: list[Any]) -> None:
    """Fill columns from what only some events have: free text, an exception, a stack."""
    text, error = event.full_text, event.error
    told = {
        "event": text,
        "error_type": error.type if error else (plan.name or event.level),
        "error_message": error.message if error else text,
        "stack_trace": error.stack_trace if error else event.stack,
    }
    for source, index in plan.sources.items():
        own = told.get(source)
        if own is not None:
            # SQLite can't hold a lone surrogate: the column has it escaped, metadata whole.
            values[index] = escaped(own)


def _metadata(plan: Plan, event: Event, rest: dict[Any, Any], untold: dict[str, Any] | None) -> str | None:
    """What has no column, and what is known of the event itself, as JSON text."""
    context_json, tail = (plan.context_json, plan.context_tail) if event.where is None else plan.tail(event.where)
    if not untold:
        if not rest:
            return context_json
        text = to_json(rest)
        if plan.metadata_words.isdisjoint(rest) and not text.startswith('{"$'):
            return text[:-1] + tail
    # A field of the event's own keeps its name; ours makes way.
    for key, value in {**(untold or {}), **plan.full_context(event.where)}.items():
        while key in rest and not _is_text(rest[key], value):
            key = f"log_{key}"  # noqa: PLW2901
        rest[key] = value
    return to_json(rest)


def _is_text(value: object, text: str) -> bool:
    """Whether `value` is that text; an array, say, isn't even asked."""
    return type(value) is str and value == text


def _store(  # noqa: PLR0913 - the hot path: positional
    plan: Plan, index: int, key: str, value: object, values: list[Any], rest: dict[Any, Any]
) -> None:
    """Put a field into its column as far as that can hold it, and into `rest` as far as it can't."""
    converted = plan.convert[index](value)
    if converted is None:
        rest[key] = value
        return
    stored, is_whole = converted
    if stored is not None or values[index] is None:
        values[index] = stored
    elif value is None:  # the column has something better than nothing
        is_whole = False
    if not is_whole:
        rest[key] = value


def _level_number(level: str) -> int:
    number = logging.getLevelNamesMapping().get(level)
    if number is None:
        digits = level.removeprefix("Level ")  # logging's name for a level that has none
        number = int(digits) if digits.isdecimal() else logging.INFO
    return number
