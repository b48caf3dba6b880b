import json
import sqlite3
from datetime import datetime, timezone
from pathlib import Path


class MessageArchive:
    """SQLite for searching, JSON Lines because the old tools read them."""

    def __init__(self, folder: Path = Path("messages/data")):
        self.database = sqlite3.connect(folder / "messages.sqlite3")
        self.database.execute("CREATE TABLE IF NOT EXISTS messages (at TEXT, author TEXT, body TEXT)")
        self.lines = folder / "messages.jsonl"

    def store(self, author: str, body: str) -> None:
        at = datetime.now(timezone.utc).isoformat()
        with self.database:
            self.database.execute("INSERT INTO messages VALUES (?, ?, ?)", (at, author, body))
        with self.lines.open("a", encoding="utf-8") as f:  # WRITER append Path.open messages/data/messages.jsonl; keys=at,author,body; traits=sqlite
            f.write(json.dumps({"at": at, "author": author, "body": body}) + "\n")

    def find(self, word: str):
        return self.database.execute("SELECT * FROM messages WHERE body LIKE ?", (f"%{word}%",)).fetchall()
