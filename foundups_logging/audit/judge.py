"""What the code's writers and readers read and write: their domains, from the files they match, else from the code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from foundups_logging.audit.classify import classify
from foundups_logging.audit.model import Access, JsonlFile
from foundups_logging.audit.traits import has

__all__ = ["judge"]


def judge(accesses: Iterable[Access], files: Mapping[str, JsonlFile]) -> None:
    """Set domain and telemetry of each access. `files` are those found, by path.

    All that write or read one path have one domain: it is told from what all of
    its writers say of the records. Where the path isn't known, each is told by
    itself.
    """
    alike: dict[tuple[object, ...], list[Access]] = defaultdict(list)
    for access in accesses:
        is_known = access.path.strip("*/")
        alike[(access.path,) if is_known else (access.place.file, access.place.line, access.mode)].append(access)
    for group in alike.values():
        paths = dict.fromkeys(path for access in group for path in access.matches)
        matched = [files[path] for path in paths if path in files]
        if matched and len({(file.domain, file.telemetry) for file in matched}) == 1:
            _as_the_file(group, matched[0])
        else:
            _as_the_code(group, matched)


def _as_the_file(group: Iterable[Access], file: JsonlFile) -> None:
    for access in group:
        access.domain, access.telemetry = file.domain, file.telemetry
        access.domain_confidence = file.domain_confidence
        access.domain_reason = f"as {file.path}, which it matches: {file.domain_reason}"


def _as_the_code(group: Sequence[Access], matched: Iterable[JsonlFile]) -> None:
    own = [access for access in group if not has(access, "test")] or group
    tellers = (
        [access for access in own if access.mode == "append"]
        or [access for access in own if access.mode == "rewrite"]
        or own
    )
    keys = dict.fromkeys(key for access in tellers for key in access.keys)
    events: Counter[str] = Counter()
    for file in matched:
        keys.update(dict.fromkeys(key.name for key in file.keys))
        events.update(file.event_types)
    places = [place for access in tellers for place in (access.place, *access.via)]
    context = dict.fromkeys(name for place in places for name in (place.module, place.function) if name)
    verdict = classify(
        group[0].path,
        keys=keys,
        event_types=list(events),
        context=context,
        is_added_to=any(access.mode == "append" for access in tellers),
    )
    for access in group:
        access.domain, access.telemetry = verdict.domain, verdict.telemetry
        access.domain_confidence = verdict.domain_confidence
        access.domain_reason = verdict.domain_reason
