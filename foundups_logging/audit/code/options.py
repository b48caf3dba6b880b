"""Values that come from outside but have a default in the code: options, settings, fields, configuration files."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.values import (
    NO_FRAMES,
    Config,
    Const,
    External,
    Function,
    Namespace,
    Text,
    Unknown,
    Value,
    normal_path,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["PARSERS", "configured", "decorated_default", "default_values", "parsed"]

PARSERS = {"argparse.ArgumentParser", "ArgumentParser", "configargparse.ArgParser"}

#: Calls that stand for a value in a signature or a class body, with the keyword and position of it.
_FIELDS = {
    "typer.Option": 0,
    "typer.Argument": 0,
    "fastapi.Query": 0,
    "fastapi.Form": 0,
    "pydantic.Field": 0,
    "dataclasses.field": None,
    "attr.ib": 0,
    "attr.field": None,
    "attrs.field": None,
    "field": None,
    "Field": 0,
}


def default_values(evaluator: Evaluator, default: ast.expr, scope: Scope) -> Sequence[Value]:
    """What a default is, also within `field(default=…)`, `typer.Option(…)` and the like."""
    if isinstance(default, ast.Call):
        names = [value.name for value in evaluator.values(default.func, scope) if isinstance(value, External)]
        known = next((name for name in names if name in _FIELDS), None)
        if known is not None:
            return _field(evaluator, default, scope, _FIELDS[known])
    return evaluator.values(default, scope)


def _field(evaluator: Evaluator, call: ast.Call, scope: Scope, position: int | None) -> Sequence[Value]:
    for keyword in call.keywords:
        if keyword.arg == "default":
            return evaluator.values(keyword.value, scope)
        if keyword.arg in {"default_factory", "factory"}:
            return _made_by(evaluator, keyword.value, scope)
    if position is not None and len(call.args) > position:
        return evaluator.values(call.args[position], scope)
    return [Unknown("field")]


def _made_by(evaluator: Evaluator, factory: ast.expr, scope: Scope) -> Sequence[Value]:
    call = ast.copy_location(ast.Call(factory, [], []), factory)
    if isinstance(factory, ast.Lambda):
        return [
            value
            for made in evaluator.values(factory, scope)
            if isinstance(made, Function)
            for expr in made.scope.returns
            for value in evaluator.values(expr, made.scope)
        ]
    evaluator.kept.append(call)
    return evaluator.values(call, scope)


def decorated_default(evaluator: Evaluator, function: Scope, name: str) -> list[Value]:
    """The default that `@click.option("--name", default=…)` gives a parameter."""
    for decorator in function.decorators:
        call = decorator if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) else None
        is_option = call is not None and ast.unparse(call.func).endswith(("option", "argument"))
        if call is not None and is_option and name in _destinations(call):
            return _default_of(evaluator, call, function.parent or function, name)
    return []


def parsed(evaluator: Evaluator, namespace: Namespace, name: str) -> list[Value]:
    """The default of what argparse parses as `name`."""
    for used in namespace.module.calls.get("add_argument", ()):
        if name in _destinations(used.call):
            return _default_of(evaluator, used.call, used.scope, name)
    for used in namespace.module.calls.get("set_defaults", ()):
        for keyword in used.call.keywords:
            if keyword.arg == name:
                return list(evaluator.values(keyword.value, used.scope))
    return [Unknown(name)]


def _default_of(evaluator: Evaluator, call: ast.Call, scope: Scope, name: str) -> list[Value]:
    for keyword in call.keywords:
        if keyword.arg == "default":
            found = list(evaluator.values(keyword.value, scope, NO_FRAMES))
            return found or [Unknown(name)]
    required = any(keyword.arg == "required" for keyword in call.keywords)
    optional = any(isinstance(arg, ast.Constant) and str(arg.value).startswith("-") for arg in call.args)
    return [Const(None)] if optional and not required else [Unknown(name)]


def _destinations(call: ast.Call) -> set[str]:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "dest"]
    given = named or [arg for arg in call.args if isinstance(arg, ast.Constant)]
    words = [str(arg.value) for arg in given if isinstance(arg, ast.Constant)]
    return {word.split("/")[0].lstrip("-").replace("-", "_") for word in words}


def configured(evaluator: Evaluator, config: Config) -> Text | None:
    """The text that a configuration file of the tree holds at the last of the keys."""
    if not config.keys:
        return None
    path = normal_path(config.path, str(evaluator.modules.root))
    try:
        text = (evaluator.modules.root / path).read_text("utf-8", "replace")
    except (OSError, ValueError):
        return None
    # YAML, JSON and TOML all write a text beside its key.
    key = rf"""(?:^|[{{,])\s*["']?{re.escape(config.keys[-1])}["']?[ \t]*[:=][ \t]*"""
    pattern = re.compile(key + r"""(["']?)([^\s"'#,{}\[\]][^"'#\n,{}\[\]]*)\1""", re.MULTILINE)
    match = pattern.search(text)
    return Text(match[2].strip()) if match else None
