"""Log files whose lines are JSON: handlers of the logging world by their formatters, loguru's sinks, dictConfig."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.openings import Opening
from foundups_logging.audit.code.scopes import Scope, Used
from foundups_logging.audit.code.values import (
    RECORD,
    Class,
    External,
    Function,
    Instance,
    Lazy,
    Made,
    Mapping,
    Text,
    Value,
    text_of,
)
from foundups_logging.audit.code.written import Written

__all__ = ["Configured", "configured_files", "handler_content"]

_JSON_FORMATTER = re.compile(r"json", re.IGNORECASE)
_JSON_FORMAT = re.compile(r"^\s*\{+\s*['\"]")


@dataclass(frozen=True, slots=True)
class Configured:
    """A log file that a call of dictConfig or basicConfig opens."""

    used: Used
    path: Text
    mode: str
    written: Written


def handler_content(evaluator: Evaluator, opening: Opening) -> Written:
    """What a handler writes to its file, as far as its formatter tells."""
    call = opening.used.call
    if opening.mechanism == "loguru":
        serialized = any(keyword.arg == "serialize" and not _is_false(keyword.value) for keyword in call.keywords)
        return Written("records", several=True) if serialized else Written("unknown")
    formatters = [*_formatters_set(evaluator, opening), *_own_formatters(evaluator, opening)]
    if not formatters:
        return Written("unknown")
    verdicts = [_formats(evaluator, formatter) for formatter in formatters]
    return next((verdict for verdict in verdicts if verdict.kind == "records"), Written("text"))


def _is_false(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and not expr.value


def _formatters_set(evaluator: Evaluator, opening: Opening) -> Iterator[Value]:
    """What `handler.setFormatter(…)` gives the handler."""
    for used in opening.scope.module.calls.get("setFormatter", ()):
        call = used.call
        if not isinstance(call.func, ast.Attribute) or not call.args:
            continue
        if any(_is_made_by(value, opening.used.call) for value in _values(evaluator, call.func.value, used.scope)):
            yield from _values(evaluator, call.args[0], used.scope)


def _values(evaluator: Evaluator, expr: ast.expr, scope: Scope) -> list[Value]:
    found: list[Value] = []
    for resolution in evaluator.resolve(lambda frames: evaluator.values(expr, scope, frames), most=12, longest=3):
        found += resolution.result
    return found


def _is_made_by(value: Value, call: ast.Call) -> bool:
    if isinstance(value, Made):
        return value.used.expr is call
    return isinstance(value, Instance) and value.site is not None and value.site.node is call


def _own_formatters(evaluator: Evaluator, opening: Opening) -> Iterator[Value]:
    """What a handler class of the tree gives itself."""
    for value in evaluator.values(opening.used.call.func, opening.scope):
        if isinstance(value, Class):
            for cls in evaluator.lineage(value.scope):
                for scope in cls.descendants():
                    for used in scope.calls:
                        if isinstance(used.call.func, ast.Attribute) and used.call.func.attr == "setFormatter":
                            for argument in used.call.args:
                                yield from evaluator.values(argument, scope)
                if "format" in cls.bindings:
                    yield Instance(cls)


def _formats(evaluator: Evaluator, formatter: Value) -> Written:
    """What a formatter makes of a record."""
    if isinstance(formatter, (Made, External)) and isinstance(formatter, Made):
        call = formatter.used.expr
        is_json = _JSON_FORMATTER.search(formatter.name) or "JSONRenderer" in ast.unparse(call)
        if is_json:
            return Written("records", several=True)
        given = (
            [*call.args[:1], *(k.value for k in call.keywords if k.arg in {"fmt", "format"})]
            if isinstance(call, ast.Call)
            else []
        )
        formats = [text for expr in given for text in evaluator.texts(expr, formatter.used.scope)]
        return Written("records" if any(_JSON_FORMAT.match(text) for text in formats) else "text", several=True)
    cls = (
        formatter.cls if isinstance(formatter, Instance) else formatter.scope if isinstance(formatter, Class) else None
    )
    if cls is None:
        named = isinstance(formatter, External) and _JSON_FORMATTER.search(formatter.name)
        return Written("records" if named else "unknown", several=True)
    if any(_JSON_FORMATTER.search(base) for base in evaluator.external_bases(cls)):
        return Written("records", several=True)
    for ancestor in evaluator.lineage(cls):
        for binding in ancestor.bindings.get("format", ()):
            if binding.defined is not None:
                return _returned(evaluator, binding.defined)
    return Written("text")


def _returned(evaluator: Evaluator, method: Scope) -> Written:
    texts: list[Text] = []
    for expr in method.returns:
        for value in _values(evaluator, expr, method):
            text = text_of(value)
            if text is not None:
                texts.append(text)
    records: tuple[Lazy, ...] = tuple(record for text in texts for record in text.records)
    if any(text.text.lstrip().startswith(RECORD) for text in texts):
        return Written("records", records, several=True)
    return Written("text")


def configured_files(evaluator: Evaluator, calls: dict[str, list[Used]]) -> Iterator[Configured]:
    """The log files with JSON lines that a module's dictConfig and basicConfig open."""
    for used in calls.get("dictConfig", ()):
        for argument in used.call.args[:1]:
            for value in _values(evaluator, argument, used.scope):
                if isinstance(value, Mapping):
                    yield from _by_dict(evaluator, used, value)
    for used in calls.get("basicConfig", ()):
        given = {keyword.arg: keyword.value for keyword in used.call.keywords}
        if "filename" not in given:
            continue
        formats = evaluator.texts(given["format"], used.scope) if "format" in given else []
        modes = evaluator.texts(given["filemode"], used.scope) if "filemode" in given else []
        is_json = any(_JSON_FORMAT.match(text) for text in formats)
        for path in evaluator.values(given["filename"], used.scope):
            text = text_of(path)
            if text is not None:
                kind = "records" if is_json else "unknown"
                yield Configured(used, text, modes[0] if modes else "a", Written(kind, several=True))


def _by_dict(evaluator: Evaluator, used: Used, config: Mapping) -> Iterator[Configured]:
    formatters = dict(_entries(evaluator, config, "formatters"))
    for _, handler in _entries(evaluator, config, "handlers"):
        paths = _get(evaluator, handler, "filename")
        names = [text.text for value in _get(evaluator, handler, "formatter") if (text := text_of(value))]
        verdicts = [_by_declaration(evaluator, formatters[name]) for name in names if name in formatters]
        written = next((verdict for verdict in verdicts if verdict.kind == "records"), Written("unknown"))
        modes = [text.text for value in _get(evaluator, handler, "mode") if (text := text_of(value))]
        for path in paths:
            text = text_of(path)
            if text is not None:
                yield Configured(used, text, modes[0] if modes else "a", written)


def _by_declaration(evaluator: Evaluator, declaration: Mapping) -> Written:
    classes = [*_get(evaluator, declaration, "()"), *_get(evaluator, declaration, "class")]
    for value in classes:
        if isinstance(value, Text):
            if _JSON_FORMATTER.search(value.text):
                return Written("records", several=True)
            found = _named_class(evaluator, value.text)
            if found is not None:
                return _formats(evaluator, Instance(found))
        elif isinstance(value, (Class, External)):
            return _formats(evaluator, value)
        elif isinstance(value, Function):
            return Written("unknown")
    renders = [*_get(evaluator, declaration, "processor"), *_get(evaluator, declaration, "processors")]
    if any("JSONRenderer" in repr(value) for value in renders):
        return Written("records", several=True)
    formats = [*_get(evaluator, declaration, "format"), *_get(evaluator, declaration, "fmt")]
    texts = [text.text for value in formats if (text := text_of(value))]
    return Written("records" if any(_JSON_FORMAT.match(text) for text in texts) else "text", several=True)


def _named_class(evaluator: Evaluator, dotted: str) -> Scope | None:
    """The class of the tree that a configuration names."""
    name = dotted.rpartition(".")[2]
    for module in evaluator.modules.with_word(name):
        for binding in module.top.bindings.get(name, ()):
            if binding.defined is not None and binding.defined.kind == "class":
                return binding.defined
    return None


def _get(evaluator: Evaluator, mapping: Mapping, key: str) -> Sequence[Value]:
    return [value for name, entry in mapping.entries if name == key for value in evaluator.force(entry)]


def _entries(evaluator: Evaluator, config: Mapping, key: str) -> Iterable[tuple[str, Mapping]]:
    for value in _get(evaluator, config, key):
        if isinstance(value, Mapping):
            for name, entry in value.entries:
                for inner in evaluator.force(entry):
                    if isinstance(inner, Mapping) and name is not None:
                        yield name, inner
