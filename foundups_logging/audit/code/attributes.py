"""What an attribute is: of modules, classes, objects of the tree, paths and library objects."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from foundups_logging.audit.code import arguments, names, operators, options
from foundups_logging.audit.code.scopes import Binding, Scope
from foundups_logging.audit.code.values import (
    GAP,
    NO_FRAMES,
    ROOT,
    Class,
    Config,
    Const,
    External,
    Frames,
    Function,
    Instance,
    Items,
    Method,
    ModuleValue,
    Namespace,
    Opened,
    Text,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["attribute", "parent", "subclasses"]

_MOST_SUBCLASSES = 12
_PARENTS = 12
_OF_OS = {"linesep": "\n", "sep": "/", "extsep": ".", "curdir": ".", "pardir": ".."}


def attribute(evaluator: Evaluator, value: Value, name: str, scope: Scope, frames: Frames) -> list[Value]:
    """What `value.name` is."""
    if isinstance(value, ModuleValue):
        set_here = scope.module.top.bindings.get(f"{value.module.name.rpartition('.')[2]}.{name}", ())
        found = names.member(evaluator, value.module.top, name)
        return found or [item for binding in set_here for item in names.binding_values(evaluator, "", binding, frames)]
    if isinstance(value, External):
        if value.name == "os" and name in _OF_OS:
            return [Text(_OF_OS[name])]
        return [External(f"{value.name}.{name}")]
    if isinstance(value, Class):
        return _of_class(evaluator, value.scope, name, frames)
    if isinstance(value, Instance):
        return _of_instance(evaluator, value, name, frames)
    if isinstance(value, Text):
        return _of_text(value, name)
    if isinstance(value, Namespace):
        return options.parsed(evaluator, value, name)
    if isinstance(value, Config):
        known = name in {"get", "items", "values", "keys", "setdefault", "pop"}
        return [Method(value, name)] if known else operators.item(evaluator, value, Text(name), name)
    if isinstance(value, Opened) and name in {"name", "buffer", "file"}:
        return [value]
    return [Method(value, name)]


def _of_class(evaluator: Evaluator, cls: Scope, name: str, frames: Frames) -> list[Value]:
    for ancestor in evaluator.lineage(cls):
        bindings = ancestor.bindings.get(name, [])
        if bindings and bindings[-1].defined is not None:
            defined = bindings[-1].defined
            return [Class(defined) if defined.kind == "class" else Function(defined, Class(cls))]
        puts = ancestor.bindings.get(f"{name}[]", [])
        found = [value for binding in bindings for value in names.binding_values(evaluator, name, binding, frames)]
        if found:
            return names.with_put(evaluator, found, [*puts, *ancestor.attributes.get(f"{name}[]", ())], frames)
        set_on = ancestor.attributes.get(name, ())
        found = [value for binding in set_on for value in names.binding_values(evaluator, name, binding, frames)]
        if found:
            return found
    return [External(f"{cls.name}.{name}")] if name.startswith("__") else [Unknown(name)]


def _of_instance(evaluator: Evaluator, instance: Instance, name: str, frames: Frames) -> list[Value]:
    if name in {"value", "name"} and any(base.endswith("Enum") for base in evaluator.external_bases(instance.cls)):
        return _members(evaluator, instance.cls)
    constructor = evaluator.constructor(instance.cls)
    inner = frames.bind(constructor, instance.site) if instance.site is not None else frames
    lineage = evaluator.lineage(instance.cls)
    if instance.site is None:
        # `self` may as well be an object of a class made from this one.
        lineage = [*lineage, *subclasses(evaluator, instance.cls)]
    found: list[Value] = []
    for cls in lineage:
        found += _own(evaluator, cls, instance, name, inner)
        if found and any(not isinstance(value, Const) for value in found) and instance.site is not None:
            break
    if not found and constructor.kind == "class" and name in _fields(evaluator, instance.cls):
        return [Unknown(name)]
    return found or [Method(instance, name)]


def _members(evaluator: Evaluator, cls: Scope) -> list[Value]:
    """The values of an enumeration."""
    return [
        value
        for bindings in cls.bindings.values()
        for binding in bindings
        if binding.how == "value"
        for value in names.binding_values(evaluator, "", binding, NO_FRAMES)
    ]


def _fields(evaluator: Evaluator, cls: Scope) -> list[str]:
    return [field for ancestor in evaluator.lineage(cls) for field in arguments.field_names(ancestor)]


def _own(evaluator: Evaluator, cls: Scope, instance: Instance, name: str, frames: Frames) -> list[Value]:
    bindings = cls.bindings.get(name, [])
    if bindings and bindings[-1].defined is not None:
        return _defined(evaluator, bindings[-1].defined, instance, frames)
    found: list[Value] = []
    set_later = [binding for binding in cls.attributes.get(name, ()) if binding.how != "add"]
    for binding in _without_reset(set_later):
        found += _set(evaluator, binding, frames)
    if evaluator.constructor(instance.cls).kind == "class" and name in arguments.field_names(cls):
        given = arguments.field_value(evaluator, instance.cls, name, instance.site, frames)
        if given is not None:
            return [*found, *given]
    if not set_later or any(binding.branches for binding in set_later):
        for binding in bindings:
            if binding.expr is not None:
                found += options.default_values(evaluator, binding.expr, cls)
    puts = [*cls.attributes.get(f"{name}[]", ()), *cls.bindings.get(f"{name}[]", ())]
    return names.with_put(evaluator, found, puts, frames)


def _set(evaluator: Evaluator, binding: Binding, frames: Frames) -> list[Value]:
    guard = next((branch.only_if_none for branch in binding.branches if branch.only_if_none), "")
    if guard.isidentifier():
        # `if path is None: self.path = …` holds for those callers that give none.
        none = operators.none_if_values(names.lookup(evaluator, guard, binding.scope, frames, binding.line))
        if none is False:
            return []
    return names.binding_values(evaluator, "", binding, frames)


def _without_reset(bindings: list[Binding]) -> list[Binding]:
    """Without `self.x = None`, if something else is set too."""
    kept = [
        binding for binding in bindings if not (isinstance(binding.expr, ast.Constant) and binding.expr.value is None)
    ]
    return kept or bindings


def _defined(evaluator: Evaluator, defined: Scope, instance: Instance, frames: Frames) -> list[Value]:
    if defined.kind == "class":
        return [Class(defined)]
    function = Function(defined, instance)
    if defined.has_decorator("property", "cached_property", "computed_field"):
        return arguments.returned(evaluator, function, None, frames)
    return [function]


def subclasses(evaluator: Evaluator, cls: Scope) -> list[Scope]:
    """The classes of the tree made from `cls`."""
    known = evaluator.subclasses.get(cls)
    if known is not None:
        return known
    found: list[Scope] = []
    evaluator.subclasses[cls] = found
    found += [
        scope
        for module in evaluator.modules.with_word(cls.name)
        for scope in module.top.descendants()
        if scope is not cls
        and isinstance(scope.node, ast.ClassDef)
        and scope.node.bases
        and cls in evaluator.lineage(scope)
    ]
    del found[_MOST_SUBCLASSES:]
    return found


def _of_text(text: Text, name: str) -> list[Value]:
    if name == "parent":
        return [Text(parent(text.text), text.why, path=True)]
    if name == "parents":
        folders = []
        at = text.text
        for _ in range(_PARENTS):
            at = parent(at)
            folders.append(Text(at, text.why, path=True))
        return [Items(tuple(folders))]
    if name in {"name", "stem", "suffix"} and (text.path or "/" in text.text or text.text == GAP):
        return [Text(_part(text.text, name), text.why)]
    if name == "value":
        return [text]  # of an enumeration's member
    return [Method(text, name)]


def parent(path: str) -> str:
    """The folder that `path` is in."""
    path = path.rstrip("/")
    if path in {GAP, ""}:
        return path or "."
    if path == ROOT:
        return GAP  # above the tree
    return posixpath.dirname(path) or "."


def _part(path: str, name: str) -> str:
    last = posixpath.basename(path)
    stem, suffix = posixpath.splitext(last)
    return {"name": last, "stem": stem, "suffix": suffix or (GAP if stem == GAP else "")}[name]
