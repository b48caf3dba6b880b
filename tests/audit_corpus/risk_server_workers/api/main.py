import json

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.post("/events")
async def events(event: dict):
    with open("api/events.jsonl", "a") as f:  # WRITER append open api/events.jsonl; risk=high
        f.write(json.dumps(event) + "\n")
    return {"stored": 1}


def main():
    uvicorn.run("api.main:app", host="0.0.0.0", port=8080, workers=4)


if __name__ == "__main__":
    main()
