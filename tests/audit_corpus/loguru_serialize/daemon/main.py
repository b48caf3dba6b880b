import sys

from loguru import logger

logger.remove()
logger.add(sys.stderr, level="INFO")
logger.add(sys.stdout, serialize=True)  # nothing
logger.add("logs/daemon.log", rotation="10 MB", retention=5)  # nothing
logger.add("logs/daemon.structured.log", serialize=True, enqueue=True, rotation="00:00")  # WRITER append loguru logs/daemon.structured.log


def setup_run_log(run_id):
    return logger.add(f"logs/runs/{run_id}.jsonl", format="{message}", serialize=True, mode="w")  # WRITER rewrite loguru logs/runs/first.jsonl


@logger.catch
def main():
    sink = setup_run_log("first")
    logger.bind(component="main").info("started")
    logger.remove(sink)


if __name__ == "__main__":
    main()
