"""One process; its handlers run in a pool of threads."""

import json
import time

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.post("/feedback")
def feedback(user: str, stars: int):
    with open("api/feedback.jsonl", "a") as f:  # WRITER append open api/feedback.jsonl; keys=user,stars,at; risk=medium
        f.write(json.dumps({"user": user, "stars": stars, "at": time.time()}) + "\n")
    return {"ok": True}


if __name__ == "__main__":
    uvicorn.run(app, port=8000)
