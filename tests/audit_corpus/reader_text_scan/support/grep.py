import json
import re


class Desk:
    file = "support/tickets.jsonl"

    def file_ticket(self, **ticket):
        with open(self.file, "a") as f:  # WRITER append open support/tickets.jsonl
            f.write(json.dumps(ticket) + "\n")

    def has_error(self):
        with open(self.file) as f:  # READER open support/tickets.jsonl [text scan]
            for line in f:
                if '"level": "error"' in line:
                    return True
        return False

    def matching(self, pattern):
        expression = re.compile(pattern)
        with open(self.file) as f:  # READER open support/tickets.jsonl [text scan]
            return [line for line in f if expression.search(line)]

    def quick_filter(self, user):
        """Looks at the text before it parses, which is faster."""
        found = []
        for line in open(self.file):  # READER open support/tickets.jsonl [parses, text scan]
            if user not in line:
                continue
            ticket = json.loads(line)
            if ticket["user"] == user:
                found.append(ticket)
        return found

    def mentions(self, word):
        with open(self.file) as f:  # READER open support/tickets.jsonl [text scan]
            return f.read().count(word)
