"""The master's side of what it and its workers tell each other."""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import gevent
from gevent.event import Event
from locust import runners
from locust.runners import MasterRunner

from load.control import Control
from load.work import message

#: Changes whenever master and worker would misunderstand each other.
PROTOCOL = f"{version('kms-conformance')}/1"
#: Seconds in which workers drain and send their last reports.
_LAST_REPORTS = 40.0


class Crew:
    """Workers of a master.

    Args:
        runner: Locust's, as master.
        stop: Ends the run with a sentence, because of something the user has to mend.
    """

    def __init__(self, runner: MasterRunner, stop: Callable[[str], None]) -> None:
        self._runner = runner
        self._stop = stop
        self._finals = Event()
        self.control: Control | None = None

    def listen(self) -> None:
        """Take messages; workers may be there before anything else is ready."""
        self._runner.register_message("kms-hello", self._greet)
        self._runner.register_message("kms-finished", self._take_last_report)
        self._runner.register_message("kms-trouble", self._take_trouble)

    def hand_out(self, worker: str | None = None) -> None:
        """Give work to one worker, or to all that are there."""
        control = self._controlled()
        everyone = list(self._runner.clients)
        for one in everyone if worker is None else [worker]:
            control.expect(one)
            share = message(control, max(1, len(everyone)))
            self._runner.send_message("kms-work", share, client_id=one)

    def watch(self, running: Callable[[], bool]) -> None:
        """Notice lost workers within a second of Locust noticing; never returns."""
        while True:
            gevent.sleep(0.5)
            if not running() or self.control is None:
                continue
            for worker in list(self.control.lives):
                node = self._runner.clients.get(worker)
                if node is None or node.state == runners.STATE_MISSING:
                    self.control.lose(worker)

    def collect_last_reports(self) -> None:
        """Tell all workers to finish and wait for what they measured; who stays silent is lost."""
        control = self._controlled()
        self._runner.send_message("kms-finish")
        deadline = time.time() + _LAST_REPORTS
        while time.time() < deadline:
            waiting = [
                worker
                for worker, life in control.lives.items()
                if not life.finished and worker not in control.lost
            ]
            for worker in waiting:
                if worker not in self._runner.clients:
                    control.lose(worker)
            if not waiting:
                return
            self._finals.clear()
            self._finals.wait(0.5)
        for worker in list(control.lives):
            control.lose(worker)

    def _controlled(self) -> Control:
        assert self.control is not None
        return self.control

    def _greet(self, environment: Any, msg: Any) -> None:  # noqa: ARG002
        if msg.data["version"] != PROTOCOL:
            self._stop(
                f"worker {msg.node_id} runs version {msg.data['version']}, this master "
                f"{PROTOCOL}: install the same version of kms-conformance on both"
            )

    def _take_trouble(self, environment: Any, msg: Any) -> None:  # noqa: ARG002
        self._stop(f"worker {msg.node_id}: {msg.data['sentence']}")

    def _take_last_report(self, environment: Any, msg: Any) -> None:  # noqa: ARG002
        self._controlled().receive(msg.node_id, msg.data, final=True)
        self._finals.set()
