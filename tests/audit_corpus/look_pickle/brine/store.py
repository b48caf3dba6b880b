import marshal
import pickle
import shelve


def append(record):
    with open("brine/records.pkl", "ab") as f:  # nothing
        pickle.dump(record, f)


def records():
    with open("brine/records.pkl", "rb") as f:  # nothing
        while True:
            try:
                yield pickle.load(f)
            except EOFError:
                return


def index(key, value):
    with shelve.open("brine/index") as db:  # nothing
        db[key] = value


def freeze(code):
    with open("brine/code.bin", "wb") as f:  # nothing
        f.write(marshal.dumps(code))
        f.write(b"\n")
