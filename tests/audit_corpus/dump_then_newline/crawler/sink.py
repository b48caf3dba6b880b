import json


class JsonLinesSink:
    """Keeps one handle for the life of the crawl."""

    def __init__(self, filename="items.jl"):
        self.filename = filename
        self.count = 0

    def open_spider(self, spider):
        self.file = open(self.filename, "a")  # WRITER append open items.jl

    def process_item(self, item, spider):
        json.dump(dict(item), self.file)
        self.file.write("\n")
        self.count += 1
        return item

    def close_spider(self, spider):
        self.file.close()
        with open("crawl-stats.json", "w") as f:  # nothing
            json.dump({"spider": spider.name, "items": self.count}, f)
