"""Asks for labels, one after the other."""

import json

OUT = "once/labels.jsonl"


def main():
    with open(OUT, "a") as f:  # WRITER append open once/labels.jsonl; keys=text,label; risk=low
        while text := input("text> "):
            label = input("label> ")
            f.write(json.dumps({"text": text, "label": label}) + "\n")


if __name__ == "__main__":
    main()
