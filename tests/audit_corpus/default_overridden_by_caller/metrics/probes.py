from .emit import emit


def cpu(load):
    emit("cpu", load)


def gpu(load, temperature):
    emit("gpu", load, "metrics/gpu.jsonl")
    emit("gpu.temperature", temperature, path="metrics/gpu.jsonl")
