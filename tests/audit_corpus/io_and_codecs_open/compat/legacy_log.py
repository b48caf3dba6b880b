# -*- coding: utf-8 -*-
# Ran on Python 2.7 once; io.open and codecs.open were how to get UTF-8 there.
import codecs
import io
import json
import time


class CommandLog(object):
    filename = "commands.jsonl"

    def add(self, user, command):
        row = dict(time=time.time(), user=user, command=command)
        out = io.open(self.filename, "a", encoding="utf8")  # WRITER append io.open commands.jsonl; keys=time,user,command
        try:
            out.write(u"%s\n" % json.dumps(row, ensure_ascii=False))
        finally:
            out.close()

    def __iter__(self):
        with io.open(self.filename, encoding="utf8") as src:  # READER io.open commands.jsonl [parses]
            for raw in src:
                yield json.loads(raw)


def log_failure(exc, where):
    with codecs.open("failures.jsonl", "a", "utf-8") as fh:  # WRITER append codecs.open failures.jsonl
        fh.write(json.dumps({"where": where, "error": str(exc)}, ensure_ascii=False))
        fh.write("\n")


def failures():
    return [json.loads(l) for l in codecs.open("failures.jsonl", "r", "utf-8")]  # READER codecs.open failures.jsonl [parses]
