import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class TrainerConfig:
    epochs: int = 10
    history_path: str = "runs/history.jsonl"
    checkpoints: Path = field(default_factory=lambda: Path("runs") / "checkpoints.jsonl")
    config_path: str = "runs/config.json"


class HistoryCallback:
    def __init__(self, config: TrainerConfig):
        self.config = config

    def on_epoch_end(self, epoch, losses):
        with open(self.config.history_path, "a") as f:  # WRITER append open runs/history.jsonl
            f.write(json.dumps({"epoch": epoch, **losses}) + "\n")

    def on_checkpoint(self, epoch, path):
        with self.config.checkpoints.open("a") as f:  # WRITER append Path.open runs/checkpoints.jsonl; keys=epoch,path
            json.dump({"epoch": epoch, "path": str(path)}, f)
            f.write("\n")

    def on_train_begin(self):
        with open(self.config.config_path, "w") as f:  # nothing
            json.dump({"epochs": self.config.epochs}, f)
