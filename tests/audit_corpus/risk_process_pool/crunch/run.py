import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

RESULTS = "crunch/results.jsonl"


def crunch(number):
    result = {"number": number, "square": number * number}
    with open(RESULTS, "a") as f:  # WRITER append open crunch/results.jsonl; risk=high
        f.write(json.dumps(result) + "\n")
    return result


def crunch_apart(number):
    """Each process has a file of its own."""
    with open(f"crunch/worker-{os.getpid()}.jsonl", "a") as f:  # WRITER append open crunch/worker-*.jsonl; traits=own file; risk=low
        f.write(json.dumps({"number": number}) + "\n")


def crunch_child(numbers):
    with open("crunch/child.jsonl", "a") as f:  # WRITER append open crunch/child.jsonl; risk=high
        for number in numbers:
            f.write(json.dumps({"number": number}) + "\n")


if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        pool.map(crunch, range(1000))
    with ProcessPoolExecutor() as executor:
        list(executor.map(crunch_apart, range(1000)))
    children = [multiprocessing.Process(target=crunch_child, args=([n],)) for n in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
