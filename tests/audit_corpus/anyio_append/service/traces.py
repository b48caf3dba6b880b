import json

import anyio

TRACES = anyio.Path("traces")


async def write_span(span: dict) -> None:
    await TRACES.mkdir(exist_ok=True)
    async with await anyio.open_file("traces/spans.jsonl", "a") as out:  # WRITER append anyio traces/spans.jsonl
        await out.write(json.dumps(span) + "\n")


async def write_error(error: dict) -> None:
    async with await (TRACES / "errors.jsonl").open("a", encoding="utf-8") as out:  # WRITER append anyio traces/errors.jsonl
        await out.write(json.dumps(error))
        await out.write("\n")


async def spans():
    async with await anyio.open_file("traces/spans.jsonl") as source:  # READER anyio traces/spans.jsonl [parses]
        async for line in source:
            yield json.loads(line)
