import asyncio
import json


class Room:
    def __init__(self, name):
        self.name = name
        self._lock = asyncio.Lock()
        self._members = set()

    async def say(self, who, text):
        message = json.dumps({"room": self.name, "who": who, "text": text})
        async with self._lock:
            with open("chat/messages.jsonl", "a") as f:  # WRITER append open chat/messages.jsonl; keys=room,who,text; locks=asyncio.Lock
                f.write(message + "\n")
        await asyncio.gather(*(member.send(message) for member in self._members))
