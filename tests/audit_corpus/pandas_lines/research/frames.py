import pandas as pd


def export(frame: pd.DataFrame, name: str) -> None:
    frame.to_json("research/features.jsonl", orient="records", lines=True)  # WRITER rewrite pandas research/features.jsonl
    frame.to_json(f"research/{name}.json", orient="table")  # nothing
    frame.to_csv(f"research/{name}.csv", index=False)  # nothing


def add_day(frame: pd.DataFrame) -> None:
    frame.to_json("research/days.jsonl", orient="records", lines=True, mode="a")  # WRITER append pandas research/days.jsonl


def load() -> pd.DataFrame:
    features = pd.read_json("research/features.jsonl", lines=True)  # READER pandas research/features.jsonl [parses]
    prices = pd.read_json("research/prices.json")  # nothing
    return features.merge(prices, on="symbol")
