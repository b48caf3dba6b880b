from .serialize import to_jsonl, to_text


class UsageMeter:
    def __init__(self, folder):
        self.folder = folder

    def charge(self, user, tokens):
        record = {"user": user, "tokens": tokens}
        with open("usage/charges.dat", "a") as f:  # WRITER append open usage/charges.dat; keys=user,tokens
            f.write(to_jsonl(record))
        with open("usage/charges.txt", "a") as f:  # nothing
            f.write(to_text(record))
