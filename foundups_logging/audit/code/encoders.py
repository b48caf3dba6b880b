"""What turns a value into JSON."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.values import DOCUMENT, RECORD, Const, Frames, Lazy, Text, Value

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["DECODING_METHODS", "decodes", "encoded", "encoded_by_name", "encoded_by_object", "json_text"]

_JSON_MODULES = """json ujson simplejson rapidjson orjson hyperjson msgspec.json bson.json_util jsonpickle srsly yyjson
    demjson3"""
_ENCODERS = {f"{module}.{name}" for module in _JSON_MODULES.split() for name in ("dumps", "encode", "json_dumps")} | {
    "json.JSONEncoder.encode",
    "pydantic_core.to_json",
    "flask.json.dumps",
}
_PRETTY_ENCODERS = {"google.protobuf.json_format.MessageToJson"}
_ENCODING_OBJECTS = {"msgspec.json.Encoder", "json.JSONEncoder", "simplejson.JSONEncoder"}
_ENCODING_NAME = re.compile(
    r"^_*((to_?|as_?|encode_?)?json_?(dumps?|line|string|str|bytes|encode)?|dumps?_?json|json_?dumps?|model_dump_json|"
    r"(safe|fast|stable|compact|canonical)_?(json|dumps)\w*|dumps|serialize_json|to_jsonl?(_line)?|toJSON|to_json_\w+)$"
)
_DECODING_NAME = re.compile(
    r"^_*(loads|model_validate_json|parse_raw|from_?json\w*|validate_json|parse_json\w*|json_?loads|safe_?loads|"
    r"decode_json|load_json|parse_line\w*)$"
)
_DECODERS = {f"{module}.{name}" for module in _JSON_MODULES.split() for name in ("loads", "decode", "json_loads")} | {
    "json.JSONDecoder.decode",
    "json.JSONDecoder.raw_decode",
    "pydantic_core.from_json",
    "ast.literal_eval",
}
_DECODING_OBJECTS = {"msgspec.json.Decoder", "json.JSONDecoder", "pydantic.TypeAdapter"}


DECODING_METHODS = frozenset({"decode", "raw_decode", "decode_lines", "validate_json", "literal_eval"})


def json_text(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Text:
    """The JSON of a call's first argument: over one line, or (with an indent) over several."""
    mark, end = RECORD, ""
    for keyword in node.keywords:
        if keyword.arg == "indent":
            values = evaluator.values(keyword.value, scope, frames)
            if not any(isinstance(value, Const) and value.value is None for value in values):
                mark = DOCUMENT
        elif keyword.arg in {"option", "default_options"}:
            names = ast.unparse(keyword.value)
            mark = DOCUMENT if "INDENT" in names else mark
            end = "\n" if "APPEND_NEWLINE" in names else end
    records = (Lazy(node.args[0], scope, frames),) if node.args else ()
    return Text(mark + end, ("json",), records=records)


def encoded(evaluator: Evaluator, name: str, node: ast.Call, scope: Scope, frames: Frames) -> list[Value] | None:
    """The JSON that a library's function gives; None if it doesn't."""
    if name in _ENCODERS:
        return [json_text(evaluator, node, scope, frames)]
    if name in _PRETTY_ENCODERS:
        compact = any(keyword.arg == "indent" for keyword in node.keywords)
        return [json_text(evaluator, node, scope, frames)] if compact else [Text(DOCUMENT, ("json",))]
    return None


def encoded_by_object(  # noqa: PLR0913
    evaluator: Evaluator, made: str, method: str, node: ast.Call, scope: Scope, frames: Frames
) -> list[Value]:
    """The JSON that an encoder object's method gives; empty if it doesn't."""
    if made in _ENCODING_OBJECTS and method in {"encode", "encode_lines"}:
        text = json_text(evaluator, node, scope, frames)
        return [Text(text.text + "\n", text.why, records=text.records)] if method == "encode_lines" else [text]
    return encoded_by_name(evaluator, method, node, scope, frames)


def encoded_by_name(evaluator: Evaluator, name: str, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    """The JSON that a function gives by its name (`model_dump_json`, `to_json`), where nothing else is known of it."""
    if not _ENCODING_NAME.match(name):
        return []
    text = json_text(evaluator, node, scope, frames)
    if not node.args and isinstance(node.func, ast.Attribute):
        text = Text(text.text, text.why, records=(Lazy(node.func.value, scope, frames),))
    return [text]


def decodes(names: list[str], made: list[str], called: str) -> bool:
    """Whether a call decodes JSON: by the library's name, the object's class, or what it is called."""
    if any(name in _DECODERS for name in names):
        return True
    if made and any(name in _DECODING_OBJECTS for name in made):
        return called in DECODING_METHODS
    return _DECODING_NAME.match(called) is not None
