EVENTS = "shared/events.jsonl"
