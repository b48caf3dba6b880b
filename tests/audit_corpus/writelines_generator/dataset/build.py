"""python -m dataset.build: samples for the fine-tuning run."""

import json
import random


def to_line(sample):
    return json.dumps({"prompt": sample["q"], "completion": sample["a"]}) + "\n"


def split(samples, share=0.9):
    random.shuffle(samples)
    cut = int(len(samples) * share)
    return samples[:cut], samples[cut:]


def main(samples):
    train, valid = split(samples)
    with open("dataset/train.jsonl", "w") as f:  # WRITER rewrite open dataset/train.jsonl
        f.writelines(to_line(s) for s in train)
    with open("dataset/valid.jsonl", "w") as f:  # WRITER rewrite open dataset/valid.jsonl
        f.writelines(json.dumps(s) + "\n" for s in valid)
    with open("dataset/words.txt", "w") as f:  # nothing
        f.writelines(f"{word}\n" for s in train for word in s["q"].split())


if __name__ == "__main__":
    with open("dataset/raw.json") as source:  # nothing
        main(json.load(source))
