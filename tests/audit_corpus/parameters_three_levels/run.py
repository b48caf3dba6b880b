from pipeline import io
from pipeline.stage import Stage, finish

OUT_A = "out/a.jsonl"


def main():
    io.write_line(OUT_A, '{"literal": true}')
    io.write_record("out/b.jsonl", {"n": 1})
    Stage("first").save({"n": 2}, filename="out/c.jsonl")
    finish("out/d.log", {"n": 3})


main()
