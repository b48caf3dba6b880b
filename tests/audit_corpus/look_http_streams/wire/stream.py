import json

import httpx
import requests
from flask import Flask, Response, request

app = Flask(__name__)


def events(url):
    with requests.get(url, stream=True, headers={"Accept": "application/x-ndjson"}, timeout=60) as response:  # nothing
        for line in response.iter_lines():
            if line:
                yield json.loads(line)


async def events_async(url):
    async with httpx.AsyncClient() as client, client.stream("GET", url) as response:  # nothing
        async for line in response.aiter_lines():
            yield json.loads(line)


@app.get("/export.jsonl")
def export():
    def generate():
        for number in range(10):
            yield json.dumps({"number": number}) + "\n"

    return Response(generate(), mimetype="application/x-ndjson")


@app.post("/import.jsonl")
def receive():
    rows = [json.loads(line) for line in request.stream]
    return {"rows": len(rows)}


def push(url, rows):
    body = "\n".join(json.dumps(row) for row in rows)
    requests.post(url, data=body, headers={"Content-Type": "application/x-ndjson"}, timeout=10)
