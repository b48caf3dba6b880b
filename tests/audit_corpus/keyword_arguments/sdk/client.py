import json


def _persist(*, record, destination="sdk/calls.jsonl", mode="a"):
    with open(destination, mode=mode, encoding="utf-8") as f:  # WRITER append open sdk/calls.jsonl | sdk/failed.jsonl
        f.write(json.dumps(record) + "\n")


class Client:
    def call(self, method, **params):
        options = {"record": {"method": method, "params": params}}
        try:
            result = self._send(method, params)
        except ConnectionError:
            _persist(destination="sdk/failed.jsonl", **options)
            raise
        _persist(**options)
        return result

    def _send(self, method, params):
        raise ConnectionError(method)
