from lib.store import JsonlStore, NamedStore

default = JsonlStore()
leads = JsonlStore("data/leads.jsonl")
visits = JsonlStore(path="data/visits.jsonl", encoding="utf-8")
named = NamedStore()
people = NamedStore(name="people")


def main():
    default.add({"hello": "world"})
    leads.extend([{"lead": 1}, {"lead": 2}])
    visits.add({"visit": 1})
    named.add({"n": 1})
    people.add({"name": "Ada"})


if __name__ == "__main__":
    main()
