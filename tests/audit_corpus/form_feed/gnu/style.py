"""Pages are told apart by form feeds, as was usual once."""
import json
import os

# Writing

def write(record):
    with open("gnu/style.jsonl", "a") as f:  # WRITER append open gnu/style.jsonl
        f.write(json.dumps(record) + "\n")

# Reading

def read():
    with open("gnu/style.jsonl") as f:  # READER open gnu/style.jsonl [parses]
        return [json.loads(line) for line in f]
