import msgspec


class Trade(msgspec.Struct):
    symbol: str
    price: float
    size: int
    side: str = "buy"


encoder = msgspec.json.Encoder()
decoder = msgspec.json.Decoder(Trade)


def journal(trade: Trade) -> None:
    with open("journal/trades.jsonl", "ab") as f:  # WRITER append open journal/trades.jsonl; keys=symbol,price,size,side
        f.write(encoder.encode(trade))
        f.write(b"\n")


def rewrite(trades: list[Trade]) -> None:
    with open("journal/trades.jsonl", "wb") as f:  # WRITER rewrite open journal/trades.jsonl
        f.write(encoder.encode_lines(trades))


def load() -> list[Trade]:
    with open("journal/trades.jsonl", "rb") as f:  # READER open journal/trades.jsonl [parses]
        return decoder.decode_lines(f.read())
