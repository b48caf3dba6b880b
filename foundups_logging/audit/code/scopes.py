"""Scopes: what a module, a class or a function binds, calls and returns, as data."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Binding", "Branch", "Function", "How", "Module", "Scope", "Used", "last_name"]

How = Literal["value", "each", "enter", "parameter", "import", "definition", "add", "put"]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several ways through a statement, as lines; `others` are those not gone when this one is."""

    start: int
    end: int
    others: tuple[tuple[int, int], ...] = ()
    only_if_none: str = ""  # the name that is None or false on this way

    def holds(self, line: int) -> bool:
        """Whether `line` is on this way."""
        return self.start <= line <= self.end

    def excludes(self, line: int) -> bool:
        """Whether `line` is on another."""
        return any(start <= line <= end for start, end in self.others)


@dataclass(frozen=True, slots=True)
class Binding:
    """How a name gets a value: `value` of an expression, `each` of its items, `enter`ing it, something `put` in."""

    how: How
    scope: Scope
    line: int
    expr: ast.expr | None = None
    indexes: tuple[int, ...] = ()  # of an unpacked tuple
    branches: tuple[Branch, ...] = ()
    key: ast.expr | None = None  # of what is put in
    target: tuple[str, int, str] = ("", 0, "")  # of an import: module, level, name
    defined: Scope | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """An expression where it stands: in `scope`, within the compound statements `context` (outermost first)."""

    node: ast.expr
    scope: Scope
    context: tuple[ast.stmt, ...]

    @property
    def call(self) -> ast.Call:
        """The node, known to be a call."""
        assert isinstance(self.node, ast.Call)  # noqa: S101 - by construction of Scope.calls
        return self.node


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class or function."""

    kind: Literal["module", "class", "function"]
    name: str
    node: ast.Module | ast.ClassDef | Function
    parent: Scope | None
    module: Module
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    attributes: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))  # self.x = …
    calls: list[Used] = field(default_factory=list)
    others: list[Used] = field(default_factory=list)  # comparisons and slices
    loops: list[tuple[ast.For | ast.AsyncFor, tuple[ast.stmt, ...]]] = field(default_factory=list)
    returns: list[ast.expr] = field(default_factory=list)
    yields: list[ast.expr] = field(default_factory=list)
    children: list[Scope] = field(default_factory=list)
    stars: list[tuple[str, int]] = field(default_factory=list)
    outer: set[str] = field(default_factory=set)  # names declared global or nonlocal

    @property
    def owner(self) -> Scope | None:
        """The class that a method belongs to."""
        return self.parent if self.kind == "function" and self.parent and self.parent.kind == "class" else None

    @property
    def enclosing_class(self) -> Scope | None:
        """The class around this scope, however deep."""
        at: Scope | None = self
        while at is not None and at.kind != "class":
            at = at.parent
        return at

    @property
    def qualname(self) -> str:
        """Dotted name within the module; "" for the module itself."""
        if self.parent is None:
            return ""
        return f"{self.parent.qualname}.{self.name}".lstrip(".")

    @property
    def decorators(self) -> list[ast.expr]:
        """The expressions after its @s."""
        return [] if isinstance(self.node, (ast.Module, ast.Lambda)) else self.node.decorator_list

    def has_decorator(self, *names: str) -> bool:
        """Whether a decorator's last name is one of `names`."""
        return any(last_name(decorator) in names for decorator in self.decorators)

    def descendants(self) -> Iterator[Scope]:
        """This scope and all within it."""
        yield self
        for child in self.children:
            yield from child.descendants()


@dataclass(eq=False, slots=True)
class Module:
    """A parsed file: its scopes, and its calls by the last name of what is called."""

    path: str
    name: str
    is_test: bool
    text: str
    top: Scope = field(init=False)
    calls: dict[str, list[Used]] = field(default_factory=lambda: defaultdict(list))
    passed: dict[str, list[Used]] = field(default_factory=lambda: defaultdict(list))  # calls by names given to them
    is_program: bool = False


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, or of what is called; "" for anything else."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
