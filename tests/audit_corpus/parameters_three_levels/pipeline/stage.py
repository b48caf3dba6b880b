from pipeline.io import write_record


class Stage:
    def __init__(self, name):
        self.name = name

    def save(self, record, filename):
        record["stage"] = self.name
        write_record(filename, record)


def finish(where, record):
    """The third call on the way to the open."""
    Stage("finish").save(record, where)
