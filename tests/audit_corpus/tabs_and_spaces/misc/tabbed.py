import json


class Tabbed:
	path = "misc/tabbed.jsonl"

	def add(self, record):
		if record:
			with open(self.path, "a") as f:  # WRITER append open misc/tabbed.jsonl
				f.write(json.dumps(record) + "\n")

	def all(self):
		with open(self.path) as f:	# READER open misc/tabbed.jsonl [parses]
			for line in f:
				yield json.loads(line)


def spaced(record):
    with open("misc/spaced.jsonl", "a") as f:  # WRITER append open misc/spaced.jsonl
        json.dump(record, f); f.write("\n")
