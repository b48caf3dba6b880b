import asyncio
import json


def _append(record):
    with open("ear/heard.jsonl", "a") as f:  # WRITER append open ear/heard.jsonl; risk=medium
        f.write(json.dumps(record) + "\n")


async def hear(source):
    async for sound in source:
        await asyncio.to_thread(_append, {"sound": sound})


async def main(sources):
    await asyncio.gather(*(hear(source) for source in sources))
