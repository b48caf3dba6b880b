"""gunicorn with --preload: a master and workers forked of it, restarted and stopped amid requests."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import finish, integrity, needs_fork, numbers

pytest.importorskip("gunicorn", reason="gunicorn is not installed")
pytestmark = needs_fork

APPLICATION = """
import faulthandler, logging, os, signal
faulthandler.register(signal.SIGUSR2, all_threads=True, chain=True)
import foundups_logging
log = logging.getLogger("application")
log.propagate = False
log.setLevel(logging.INFO)
log.addHandler(foundups_logging.DomainTableHandler(os.environ["FOUNDUPS_DATABASE"]))
for number in range(200):
    log.info("metric", extra={"metric_name": "preload", "value": number})

def application(environ, start_response):
    number = int(environ["PATH_INFO"].strip("/"))
    log.info("metric", extra={"metric_name": "request", "value": number})
    log.info("permission_granted", extra={"agent_id": "request", "confidence": number})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


class Server:
    """A running gunicorn, and requests to it, each with a number of its own."""

    def __init__(self, folder: Path, database: Path, *options: str) -> None:
        (folder / "application.py").write_text(APPLICATION)
        command = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "gunicorn", "--preload", "--workers", "2"]
        command += ["--bind", "127.0.0.1:0", *options, "application:application"]
        self.log = folder / "gunicorn.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "FOUNDUPS_DATABASE": str(database)},
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.port = int(self.wait_for(r"Listening at: http://127\.0\.0\.1:(\d+)")[0])
        self.answered: list[int] = []
        self.pids: set[str] = set()
        self._numbers = iter(range(1_000_000))

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """What `pattern` finds in the server's log, once that is `count` places."""
        deadline = time.monotonic() + 20
        while len(found := re.findall(pattern, self.log.read_text())) < count:
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.01)
        return found

    def request(self) -> None:
        number = next(self._numbers)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", f"/{number}")
        response = connection.getresponse()
        assert response.status == 200
        self.pids.add(response.read().decode())
        connection.close()
        self.answered.append(number)

    def requests(self, count: int) -> None:
        """`count` requests from each of four threads."""
        threads = [threading.Thread(target=lambda: [self.request() for _ in range(count)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self, number: int) -> None:
        self.process.send_signal(number)
        assert finish(self.process).code == 0, self.log.read_text()


@pytest.fixture(params=[(), ("--threads", "4")], ids=["sync", "threads"])
def server(request: pytest.FixtureRequest, tmp_path: Path, database: Path) -> Iterator[Server]:
    running = Server(tmp_path, database, *request.param)
    yield running
    running.process.kill()
    running.process.wait()


def test_every_request_is_stored_once_over_restarts_and_the_stop_of_the_workers(server: Server, database: Path) -> None:
    server.wait_for("Booting worker", 2)
    server.requests(20)
    server.process.send_signal(signal.SIGHUP)
    server.requests(20)
    server.wait_for("Booting worker", 4)
    server.requests(20)
    server.wait_for("Worker exiting", 2)
    server.requests(5)
    server.stop(signal.SIGTERM)
    found = numbers(database)
    assert sorted(found.pop("request")) == sorted(server.answered)
    assert found == {"preload": list(range(200))}
    assert sorted(numbers(database, "permission_events")["request"]) == sorted(server.answered)
    assert len(server.pids) >= 3  # old workers and new ones
    assert integrity(database) == "ok"
    assert "foundups-logging:" not in server.log.read_text()
