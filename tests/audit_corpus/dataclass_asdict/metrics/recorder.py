import dataclasses
import json
import threading
import time
from dataclasses import asdict, dataclass, field


@dataclass
class Metric:
    name: str
    value: float
    unit: str = ""
    tags: dict = field(default_factory=dict)
    recorded_at: float = field(default_factory=time.time)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Recorder:
    _lock = threading.Lock()

    def __init__(self, path: str = "metrics/metrics.jsonl"):
        self.path = path

    def record(self, name, value, unit="", **tags):
        metric = Metric(name, value, unit, tags)
        with self._lock, open(self.path, "a") as f:  # WRITER append open metrics/metrics.jsonl; keys=name,value,unit,tags,recorded_at; locks=threading.Lock
            f.write(metric.to_json() + "\n")

    def snapshot(self, metrics):
        with open("metrics/snapshot.json", "w") as f:  # nothing
            json.dump([dataclasses.asdict(m) for m in metrics], f, indent=1)
