import jsonlines

PREDICTIONS = "runs/predictions.jsonl"


def save(predictions):
    with jsonlines.open(PREDICTIONS, mode="w") as writer:  # WRITER rewrite jsonlines runs/predictions.jsonl
        writer.write_all(predictions)


def add(prediction):
    with jsonlines.open(PREDICTIONS, mode="a") as writer:  # WRITER append jsonlines runs/predictions.jsonl
        writer.write(prediction)


def add_flushed(prediction):
    fp = open("runs/live.jsonl", "a")  # WRITER append open runs/live.jsonl
    writer = jsonlines.Writer(fp, flush=True)
    writer.write(prediction)
    writer.close()
    fp.close()


def load():
    with jsonlines.open(PREDICTIONS) as reader:  # READER jsonlines runs/predictions.jsonl [parses]
        return list(reader.iter(type=dict, skip_invalid=True))
