"""Records a match so that it can be watched again."""

import json
from pathlib import Path


class ReplayRecorder:
    FOLDER = Path("replays")

    def __init__(self, match_id):
        self.match_id = match_id
        self._out = None

    def start(self):
        self.FOLDER.mkdir(exist_ok=True)
        self._out = (self.FOLDER / f"{self.match_id}.jsonl").open("w", encoding="utf-8")  # WRITER rewrite Path.open replays/*.jsonl; traits=own file
        self._emit({"type": "start", "match": self.match_id})

    def tick(self, frame, players):
        self._emit({"type": "tick", "frame": frame, "players": [p.state() for p in players]})

    def _emit(self, message):
        if self._out is None:
            raise RuntimeError("recording has not started")
        self._out.write(json.dumps(message))
        self._out.write("\n")

    def stop(self):
        self._emit({"type": "stop"})
        self._out.close()
        self._out = None


def frames(match_id):
    with open(ReplayRecorder.FOLDER / f"{match_id}.jsonl", encoding="utf-8") as f:  # READER open replays/*.jsonl [parses]
        for line in f:
            message = json.loads(line)
            if message["type"] == "tick":
                yield message["frame"], message["players"]
