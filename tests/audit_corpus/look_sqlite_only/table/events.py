import json
import sqlite3


class EventStore:
    def __init__(self, path="table/events.sqlite3"):
        self.connection = sqlite3.connect(path)  # nothing
        self.connection.execute("CREATE TABLE IF NOT EXISTS events (line TEXT)")

    def append(self, event):
        line = json.dumps(event) + "\n"
        with self.connection:
            self.connection.execute("INSERT INTO events VALUES (?)", (line,))

    def events(self):
        for (line,) in self.connection.execute("SELECT line FROM events"):
            yield json.loads(line)
