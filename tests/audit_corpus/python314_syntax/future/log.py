"""Needs Python 3.14: template strings, and except without parentheses."""

import json
from string.templatelib import Template


def render(template: Template) -> str:
    return "".join(part if isinstance(part, str) else str(part.value) for part in template)


def greet(name):
    message = render(t"hello {name!s:>10}")
    try:
        with open("future/greetings.jsonl", "a") as f:  # WRITER append open future/greetings.jsonl; keys=name,message
            f.write(json.dumps({"name": name, "message": message}) + "\n")
    except OSError, ValueError:
        return None
    return message


def greetings():
    with open("future/greetings.jsonl") as f:  # READER open future/greetings.jsonl [parses]
        return [json.loads(line) for line in f]
