"""What a call gives: of functions and classes of the tree, of libraries, of values' methods."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from foundups_logging.audit.code import arguments, encoders, library, methods, openings, options
from foundups_logging.audit.code.scopes import Scope, Used
from foundups_logging.audit.code.values import (
    Class,
    External,
    Frames,
    Function,
    Instance,
    Lazy,
    Made,
    Mapping,
    Method,
    Opened,
    Partial,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["call"]


def call(evaluator: Evaluator, function: Value, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    """What calling `function` as `node` does gives."""
    if isinstance(function, External):
        return _of_library(evaluator, function, node, scope, frames)
    if isinstance(function, Class):
        return _construct(evaluator, function, node, scope, frames)
    if isinstance(function, Function):
        return _of_function(evaluator, function, node, scope, frames)
    if isinstance(function, Partial):
        # What a partial's own arguments leave open rarely bears on what it gives.
        return _of_function(evaluator, function.function, node, scope, frames)
    if isinstance(function, Instance):
        for value in _special(evaluator, function, "__call__"):
            return arguments.returned(evaluator, value, arguments.site_of(node, scope, frames, function), frames)
        return [Unknown(function.cls.name)]
    if isinstance(function, Method):
        return methods.call(evaluator, function, node, scope, frames)
    if isinstance(function, Unknown):
        name = ast.unparse(node.func).rpartition(".")[2]
        encoded = encoders.encoded_by_name(evaluator, name, node, scope, frames)
        return encoded or [Unknown(" ".join(filter(None, (function.why, name))))]
    return [Unknown("call")]


def _special(evaluator: Evaluator, instance: Instance, name: str) -> list[Function]:
    return [
        Function(binding.defined, instance)
        for ancestor in evaluator.lineage(instance.cls)
        for binding in ancestor.bindings.get(name, ())
        if binding.defined is not None
    ]


def _of_function(evaluator: Evaluator, function: Value, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    if not isinstance(function, Function):
        return [Unknown("partial")]
    site = arguments.site_of(node, scope, frames, function.receiver)
    found = arguments.returned(evaluator, function, site, frames)
    if all(isinstance(value, Unknown) for value in found):
        encoded = encoders.encoded_by_name(evaluator, function.scope.name, node, scope, frames)
        made = _annotated_return(evaluator, function)
        return encoded or made or found or [Unknown(function.scope.name)]
    return found


def _annotated_return(evaluator: Evaluator, function: Function) -> list[Value]:
    from foundups_logging.audit.code.names import annotation_class  # noqa: PLC0415

    node = function.scope.node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        cls = annotation_class(evaluator, node.returns, function.scope.parent or function.scope)
        if cls is not None:
            return [Instance(cls)]
    return []


def _construct(evaluator: Evaluator, cls: Class, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    bases = evaluator.external_bases(cls.scope)
    if any(base.rpartition(".")[2] in {"Enum", "StrEnum"} for base in bases):
        return [Unknown(cls.scope.name)]
    if any(base in {"str", "pathlib.Path"} for base in bases) and node.args:
        return list(evaluator.values(node.args[0], scope, frames))
    return [Instance(cls.scope, arguments.site_of(node, scope, frames))]


def _of_library(evaluator: Evaluator, function: External, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    name = function.name
    if name in openings.OPENERS:
        opener = openings.OPENERS[name]
        if opener.is_handle:
            inner = openings.inner_handle(evaluator, name, node, scope, frames)
            return inner or [Opened(_used(node, scope))]
        return [Made(name, evaluator.lazy(node, scope, frames))]
    encoded = encoders.encoded(evaluator, name, node, scope, frames)
    if encoded is not None:
        return encoded
    handler = library.FUNCTIONS.get(name)
    if handler is not None:
        return list(handler(evaluator, node, scope, frames))
    if name in library.GAPS:
        return [Unknown(library.GAPS[name])]
    if name.startswith("argparse.") or name in options.PARSERS:
        return [Made(name, Lazy(node, scope, frames))]
    if name == "super":
        return _super(evaluator, scope)
    if name == "dict":
        entries = tuple((keyword.arg, Lazy(keyword.value, scope, frames)) for keyword in node.keywords if keyword.arg)
        old = [value for arg in node.args for value in evaluator.values(arg, scope, frames)]
        given = tuple(entry for value in old if isinstance(value, Mapping) for entry in value.entries)
        return [Mapping((*given, *entries))]
    return [Made(name, evaluator.lazy(node, scope, frames))]


def _super(evaluator: Evaluator, scope: Scope) -> list[Value]:
    cls = scope.enclosing_class
    if cls is None:
        return [Unknown("super")]
    bases = [ancestor for ancestor in evaluator.lineage(cls) if ancestor is not cls]
    return [Instance(bases[0])] if bases else [Unknown("super")]


def _used(node: ast.Call, scope: Scope) -> Used:
    return next((used for used in scope.calls if used.node is node), Used(node, scope, ()))
