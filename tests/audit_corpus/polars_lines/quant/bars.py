import polars as pl


def save(bars: pl.DataFrame) -> None:
    bars.write_ndjson("quant/bars.ndjson")  # WRITER rewrite polars quant/bars.ndjson
    bars.write_json("quant/bars.json")  # nothing
    bars.write_parquet("quant/bars.parquet")  # nothing


def load() -> pl.DataFrame:
    return pl.read_ndjson("quant/bars.ndjson")  # READER polars quant/bars.ndjson [parses]


def lazy() -> pl.LazyFrame:
    return pl.scan_ndjson("quant/bars.ndjson").filter(pl.col("volume") > 0)  # READER polars quant/bars.ndjson [parses]
