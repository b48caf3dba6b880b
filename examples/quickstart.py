"""Four modules, two processes, one database.

    python examples/quickstart.py            # a new database in a temporary folder
    python examples/quickstart.py my.db      # a new database there

Each module (see modules/) has its own dictConfig and logs as usual. Here, two
processes run all four in threads; then the tables are read with plain SQL.
"""

import argparse
import shlex
import sys
import tempfile
import textwrap
import time
from multiprocessing import Process
from pathlib import Path
from threading import Thread
from types import ModuleType

from modules import agent_permissions, confidence_tracker, foundups_selenium, livechat

from foundups_logging import TelemetryStore

MODULES = (agent_permissions, confidence_tracker, livechat, foundups_selenium)
AGENTS = ("gemma_dead_code_detection", "qwen_refactor")
ROUNDS = 100
EXPECTED = {
    "permission_events": len(AGENTS) * ROUNDS,
    "confidence_events": len(AGENTS) * ROUNDS,
    "chat_messages": len(AGENTS) * ROUNDS,
    "selenium_sessions": len(AGENTS) * ROUNDS,
    "log_events": len(AGENTS),
}
CROSS_MODULE_QUERY = """
SELECT * FROM (
  SELECT timestamp, 'permission' AS type, event_type FROM permission_events WHERE agent_id = :agent
  UNION ALL
  SELECT timestamp, 'confidence' AS type, event_type FROM confidence_events WHERE agent_id = :agent
) ORDER BY timestamp DESC
"""


def run_agent(database: str, agent_id: str) -> None:
    """One process: all modules, each in a thread of its own."""
    for module in MODULES:
        module.configure(database)
    threads = [Thread(target=run_module, args=(module, agent_id), name=module.__name__) for module in MODULES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run_module(module: ModuleType, agent_id: str) -> None:
    """One thread: a module at work for an agent."""
    for number in range(ROUNDS):
        module.work(agent_id, number)
        time.sleep(0.001)  # lets the modules' events mix


def show_tables(store: TelemetryStore) -> bool:
    """Print what landed in each table; return whether every event is there."""
    complete = True
    for table, expected in EXPECTED.items():
        stored = store.query(f"SELECT count(*) AS rows FROM {table}")[0]["rows"]
        complete = complete and stored == expected
        print(f"{table}: {stored} rows{'' if stored == expected else f', BUT {expected} WERE LOGGED'}")
        for row in store.recent(table, limit=1):
            sample = ", ".join(f"{name}={value!r}" for name, value in row.items() if value is not None)
            print(textwrap.fill(sample, 100, initial_indent="    ", subsequent_indent="    "))
    return complete


def show_agent(store: TelemetryStore, agent_id: str) -> bool:
    """Print one agent's newest events across two modules; return whether all are found."""
    print(f"\n{agent_id}, permissions and confidence, newest first:{CROSS_MODULE_QUERY}")
    events = store.query(CROSS_MODULE_QUERY, {"agent": agent_id})
    for event in events[:6]:
        print(f"    {event['timestamp']}  {event['type']:<10}  {event['event_type']}")
    print(f"    ... {len(events)} in all")
    return len(events) == 2 * ROUNDS


def main() -> int:
    """Log, read, and return 1 if an event is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", type=Path, help="the file to make (default: one in a temporary folder)")
    database: Path = parser.parse_args().database or Path(tempfile.mkdtemp(prefix="foundups-"), "foundups.db")
    if database.exists():
        parser.error(f"{database} exists already; give the path of a new database")

    processes = [Process(target=run_agent, args=(str(database), agent), name=agent) for agent in AGENTS]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    with TelemetryStore(database) as store:
        complete = show_tables(store)
        complete = show_agent(store, AGENTS[0]) and complete
    print(f"\nThe database is {database}. Look at it with")
    print(f"    foundups-logging timeline -d {shlex.quote(str(database))}")
    if not complete or any(process.exitcode for process in processes):
        print("Events are missing.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
