import asyncio
import json

import aiofiles
import aiofiles.os


class ChatLog:
    def __init__(self, channel: str) -> None:
        self._path = f"chats/{channel}.jsonl"
        self._lock = asyncio.Lock()

    async def add(self, author: str, text: str) -> None:
        record = {"author": author, "text": text}
        async with self._lock:
            async with aiofiles.open(self._path, mode="a", encoding="utf-8") as f:  # WRITER append aiofiles chats/*.jsonl; keys=author,text; locks=asyncio.Lock
                await f.write(json.dumps(record) + "\n")
                await f.flush()

    async def history(self, limit: int = 50) -> list[dict]:
        messages = []
        async with aiofiles.open(self._path, encoding="utf-8") as f:  # READER aiofiles chats/*.jsonl [parses]
            async for line in f:
                messages.append(json.loads(line))
        return messages[-limit:]
