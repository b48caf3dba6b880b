import json
import subprocess
import sys


def errors():
    """Another program opens the file."""
    done = subprocess.run(  # nothing
        ["jq", "-c", 'select(.level == "error")', "shell/events.jsonl"], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def convert():
    subprocess.check_call([sys.executable, "-m", "convert", "--in", "shell/in.jsonl", "--out=shell/out.jsonl"])  # nothing


def follow():
    with subprocess.Popen(["tail", "-F", "shell/events.jsonl"], stdout=subprocess.PIPE) as process:  # nothing
        for line in process.stdout:
            yield json.loads(line)
