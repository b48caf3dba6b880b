"""Methods and functions that are called open and open no file."""

import json
import webbrowser


class Door:
    def open(self, mode="a"):
        return self

    def write(self, text):
        print(len(text))


class Market:
    def __init__(self):
        self.door = Door()

    def open(self, when):
        webbrowser.open("https://example.org/events.jsonl")  # nothing
        return {"opened": when}

    def announce(self, record):
        gate = self.door.open("a")  # nothing
        gate.write(json.dumps(record) + "\n")
        self.open("today")  # nothing
