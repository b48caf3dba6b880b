import json


def record(event):
<<<<<<< HEAD
    with open("team/events.jsonl", "a", encoding="utf-8") as f:  # WRITER append open team/events.jsonl
        f.write(json.dumps(event, ensure_ascii=False) + "\n")
=======
    with open("team/event_log.jsonl", "a") as f:  # WRITER append open team/event_log.jsonl
        f.write(json.dumps(event) + "\n")
>>>>>>> feature/rename-log


def last():
    with open("team/events.jsonl") as f:  # READER open team/events.jsonl [parses]
        return [json.loads(line) for line in f][-1]
