from .mixins import JsonlMixin


class Part:
    def turn(self):
        return 1


class Engine(JsonlMixin, Part):
    jsonl_path = "parts/engine.jsonl"

    def start(self):
        self.append_jsonl(event="start", turns=self.turn())


class Wheel(Part, JsonlMixin):
    def __init__(self):
        self.jsonl_path = "parts/wheel.jsonl"

    def roll(self):
        self.append_jsonl(event="roll", turns=self.turn())
