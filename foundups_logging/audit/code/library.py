"""What functions of Python and of libraries give that paths and lines are made with."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from foundups_logging.audit.code.operators import combine, texts
from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.values import (
    GAP,
    ROOT,
    Config,
    Const,
    Content,
    Frames,
    Items,
    Lazy,
    Made,
    Mapping,
    Opened,
    Partial,
    Text,
    Unknown,
    Value,
    join_paths,
    text_of,
    time_or_date,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["FUNCTIONS", "GAPS", "absolute"]

#: Functions whose result only the running program knows, with a word for what it comes from.
GAPS = {
    "time.time": "time",
    "time.time_ns": "time",
    "datetime.datetime.now": "time",
    "datetime.datetime.utcnow": "time",
    "datetime.datetime.today": "time",
    "datetime.date.today": "date",
    "date.today": "date",
    "datetime.now": "time",
    "datetime.utcnow": "time",
    "arrow.utcnow": "time",
    "pendulum.now": "time",
    "os.getpid": "pid",
    "os.getppid": "pid",
    "threading.get_ident": "thread id",
    "uuid.uuid1": "uuid",
    "uuid.uuid4": "uuid",
    "secrets.token_hex": "random token",
    "tempfile.mkdtemp": "tempfile",
    "tempfile.gettempdir": "tempfile",
    "tempfile.TemporaryDirectory": "tempfile",
    "tempfile.mktemp": "tempfile",
    "socket.gethostname": "host",
    "platform.node": "host",
    "getpass.getuser": "user",
}

Handler = Callable[["Evaluator", ast.Call, Scope, Frames], Iterable[Value]]


def _same(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    """The first argument as it is."""
    return evaluator.values(node.args[0], scope, frames) if node.args else [Unknown()]


def _text(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    if not node.args:
        return [Text("")]
    return [
        Text(text.text, text.why, text.path, text.records) for text in texts(evaluator, node.args[0], scope, frames)
    ]


def _absolute(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    return [absolute(text) for text in texts(evaluator, node.args[0], scope, frames)] if node.args else [Unknown()]


def absolute(text: Text) -> Text:
    """A path without `..`, from the root on (the working directory is taken to be the root)."""
    if text.text.startswith((GAP, "~", "/")) or "://" in text.text:
        return Text(posixpath.normpath(text.text) if text.text else "", text.why, path=True)
    return Text(posixpath.normpath(posixpath.join(ROOT, text.text)), text.why, path=True)


def _normal(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    return [
        Text(posixpath.normpath(text.text), text.why, path=True)
        for text in (texts(evaluator, node.args[0], scope, frames) if node.args else [])
    ]


def _path(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    if not node.args:
        return [Text(".", path=True)]
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        values = evaluator.values(node.args[0], scope, frames)
        kept: list[Value] = []
        for value in values:
            text = text_of(value)
            if isinstance(value, (Opened, Config)):
                kept.append(value)
            elif text is not None:
                kept.append(Text(text.text, text.why, path=True))
            elif isinstance(value, Const):
                kept.append(value)
        return kept or [Text(GAP, path=True)]
    return _join(evaluator, node, scope, frames)


def _join(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    parts = [[Text(GAP)] if isinstance(arg, ast.Starred) else texts(evaluator, arg, scope, frames) for arg in node.args]
    return [join_paths(*choice) for choice in combine(parts)] if parts else [Unknown()]


def _dirname(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    from foundups_logging.audit.code.attributes import parent  # noqa: PLC0415

    found = texts(evaluator, node.args[0], scope, frames) if node.args else []
    return [Text("" if parent(text.text) == "." else parent(text.text), text.why) for text in found]


def _basename(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    found = texts(evaluator, node.args[0], scope, frames) if node.args else []
    return [Text(posixpath.basename(text.text), text.why) for text in found]


def _splitext(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    found = texts(evaluator, node.args[0], scope, frames) if node.args else []
    return [Items(tuple(Text(part, text.why) for part in posixpath.splitext(text.text))) for text in found]


def _environment(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    """The default of an environment variable."""
    default = node.args[1] if len(node.args) > 1 else None
    for keyword in node.keywords:
        if keyword.arg == "default":
            default = keyword.value
    if default is None:
        name = texts(evaluator, node.args[0], scope, frames)[0].text if node.args else ""
        return [Const(None), Unknown(f"environment {name}")]
    return evaluator.values(default, scope, frames)


def _here(_evaluator: Evaluator, _node: ast.Call, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Text(ROOT, path=True)]


def _home(_evaluator: Evaluator, _node: ast.Call, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Text("~", path=True)]


def _map(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    """`map(f, xs)`: as one call of `f` with each of `xs`."""
    if len(node.args) < 2:  # noqa: PLR2004
        return [Unknown("map")]
    from foundups_logging.audit.code import calls  # noqa: PLC0415

    once = ast.copy_location(ast.Call(node.args[0], [ast.copy_location(ast.Starred(node.args[1]), node)], []), node)
    evaluator.kept.append(once)
    found = [
        value
        for function in evaluator.values(node.args[0], scope, frames)
        for value in calls.call(evaluator, function, once, scope, frames)
    ]
    contents = [
        value for value in evaluator.values(node.args[1], scope, frames) if isinstance(value, (Content, Opened))
    ]
    if contents:
        return [content if isinstance(content, Content) else Content(content, "lines") for content in contents]
    return [Items((*found, *found), ordered=False)]


def _enumerate(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    if not node.args:
        return [Unknown()]
    found = [item for value in evaluator.values(node.args[0], scope, frames) for item in evaluator.each(value)]
    return [Items(tuple(Items((Unknown("number"), value)) for value in found))]


def _zip(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    columns = [evaluator.values(arg, scope, frames) for arg in node.args]
    rows: list[Value] = []
    lists = [next((value for value in column if isinstance(value, Items)), None) for column in columns]
    if lists and all(one is not None for one in lists):
        rows = [Items(row) for row in zip(*(one.elements for one in lists if one is not None), strict=False)]
    elif columns:
        rows = [
            Items(
                tuple(
                    value
                    for column in columns
                    for value in (evaluator.each(column[0])[:1] if column else (Unknown("item"),))
                )
            )
        ]
    return [Items(tuple(rows), ordered=False)]


def _partial(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    from foundups_logging.audit.code.arguments import site_of  # noqa: PLC0415

    if not node.args:
        return [Unknown("partial")]
    rest = ast.copy_location(ast.Call(node.func, node.args[1:], node.keywords), node)
    site = site_of(rest, scope, frames)
    return [Partial(value, site) for value in evaluator.values(node.args[0], scope, frames)]


def _loaded(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    """What a configuration file holds, if the file is one of the tree."""
    from foundups_logging.audit.code.openings import path_argument  # noqa: PLC0415

    for value in evaluator.values(node.args[0], scope, frames) if node.args else ():
        opened = value.opened if isinstance(value, Content) else value
        if isinstance(opened, Opened):
            argument = path_argument(evaluator, opened.used)
            for text in texts(evaluator, argument, opened.used.scope, frames) if argument is not None else ():
                if text.text.endswith((".yaml", ".yml", ".json", ".toml", ".ini", ".cfg")):
                    return [Config(text.text)]
            return [Unknown("record")]
    return [Made("json.loads", Lazy(node, scope, frames))]


def _strftime(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    forms = texts(evaluator, node.args[0], scope, frames) if node.args else [Text(GAP)]
    return [Unknown(time_or_date(form.text)) for form in forms]


def _exit_stack(_evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    return [Made("contextlib.ExitStack", Lazy(node, scope, frames))]


def _glob(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    found = texts(evaluator, node.args[0], scope, frames) if node.args else []
    return [Items((Text(text.text.replace("**", "*"), text.why),), ordered=False) for text in found]


def _listdir(_evaluator: Evaluator, _node: ast.Call, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Items((Text(GAP, ("file name",)),), ordered=False)]


def _as_dict(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    from foundups_logging.audit.code.arguments import field_names  # noqa: PLC0415
    from foundups_logging.audit.code.values import Instance  # noqa: PLC0415

    for value in evaluator.values(node.args[0], scope, frames) if node.args else ():
        if isinstance(value, Instance):
            names = [name for cls in reversed(evaluator.lineage(value.cls)) for name in field_names(cls)]
            return [Mapping(tuple((name, Unknown(name)) for name in names))]
    return [Made("dataclasses.asdict", Lazy(node, scope, frames))]


_SAME = """sorted reversed list tuple set iter next frozenset collections.deque os.fspath io.TextIOWrapper
    io.BufferedWriter io.BufferedReader asyncio.to_thread typing.cast copy.copy copy.deepcopy contextlib.closing
    os.path.expanduser os.path.expandvars contextlib.nullcontext itertools.chain itertools.islice deque tqdm
    tqdm.tqdm contextlib.aclosing max min anyio.wrap_file codecs.getwriter codecs.getreader bytes bytearray filter"""

FUNCTIONS: dict[str, Handler] = {
    **dict.fromkeys(_SAME.split(), _same),
    "str": _text,
    "repr": _text,
    "bytes": _text,
    "os.path.abspath": _absolute,
    "os.path.realpath": _absolute,
    "os.path.normpath": _normal,
    "os.path.join": _join,
    "os.path.dirname": _dirname,
    "os.path.basename": _basename,
    "os.path.splitext": _splitext,
    "os.environ.get": _environment,
    "os.getenv": _environment,
    "decouple.config": _environment,
    "os.getcwd": _here,
    "os.path.curdir": _here,
    "time.strftime": _strftime,
    "map": _map,
    "enumerate": _enumerate,
    "zip": _zip,
    "functools.partial": _partial,
    "partial": _partial,
    "yaml.safe_load": _loaded,
    "yaml.load": _loaded,
    "yaml.full_load": _loaded,
    "json.load": _loaded,
    "json.loads": _loaded,
    "tomllib.load": _loaded,
    "toml.load": _loaded,
    "contextlib.ExitStack": _exit_stack,
    "contextlib.AsyncExitStack": _exit_stack,
    "glob.glob": _glob,
    "glob.iglob": _glob,
    "os.listdir": _listdir,
    "dataclasses.asdict": _as_dict,
    "asdict": _as_dict,
    "attr.asdict": _as_dict,
    "vars": _as_dict,
}
for _kind in ("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "anyio.Path", "upath.UPath", "py.path.local"):
    FUNCTIONS[_kind] = _path
    FUNCTIONS[f"{_kind}.cwd"] = _here
    FUNCTIONS[f"{_kind}.home"] = _home
