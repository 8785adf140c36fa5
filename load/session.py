"""Wires station and control to Locust's events, for every way in which Locust runs.

==========  =====================================  ==========================================
runner      before                                 during and after
==========  =====================================  ==========================================
local       control prepares                       station sends, control collects and judges
master      control prepares, hands out the work   collects reports, waits for the last ones
worker      says hello with its version            station sends and reports
==========  =====================================  ==========================================
"""

import gc
import inspect
import os
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import gevent
from locust import runners
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from conformance.target.problems import UsageError
from load import soak
from load.capacity import CapacitySearch
from load.conclude import conclude
from load.control import Control
from load.crew import PROTOCOL, Crew
from load.failures import LoadError, NothingProven, TransportFailure
from load.options import Options, from_locust
from load.spike import Spike
from load.station import Station
from load.verdict import ExitCode
from load.work import Work

_REPORT_EVERY = 1.0
_TELL_EVERY = 5.0


class AnswerProblem(Exception):  # noqa: N818 - a name for reports
    """What Locust's own statistics count as a failure."""


class Session:
    """One process's part in a run; `current` is the one of this process."""

    current: "Session | None" = None

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.runner: Any = environment.runner
        self.control: Control | None = None
        self.station: Station | None = None
        self.crew: Crew | None = None
        self._handed: dict[str, Any] | None = None
        self.mode: CapacitySearch | Spike | None = None
        self.interruption: str | None = None
        self._concluded = False
        self._running = False
        self._prepared = False
        self._interruptions = 0
        self._refused: str | None = None
        Session.current = self

    # ---- beginning

    def prepare(self) -> None:
        """Check and prepare; ends the process with one sentence when it cannot be."""
        if isinstance(self.runner, WorkerRunner):
            self.runner.register_message("kms-work", self._take_work)
            self.runner.register_message("kms-finish", self._finish_worker, concurrent=True)
            self.runner.send_message("kms-hello", {"version": PROTOCOL})
            gevent.signal_handler(signal.SIGINT, self._interrupted)
            return
        if isinstance(self.runner, MasterRunner):
            self.crew = Crew(self.runner, self._refuse)
            self.crew.listen()
        # Ctrl-C that meets the hub at work goes to this greenlet; no traceback is due.
        hub = gevent.get_hub()
        hub.NOT_ERROR = (*hub.NOT_ERROR, KeyboardInterrupt)
        # Locust listens for it only later, and what has been made must be removed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self.control = Control(from_locust(self._arguments))
            self.control.check(self._highest_rate())
            self.control.prepare()
        except (UsageError, NothingProven) as error:
            self._give_up(error)
        except KeyboardInterrupt:
            self._give_up(NothingProven("stopped before the run began"))
        if self._refused is not None:
            self._give_up(LoadError(self._refused))
        self._prepared = True
        if self.crew is not None:
            self.crew.control = self.control
            gevent.spawn(self.crew.watch, lambda: self._running)
        gevent.signal_handler(signal.SIGINT, self._interrupted)
        gevent.spawn(self._tell)

    @property
    def _arguments(self) -> Namespace:
        arguments = self.environment.parsed_options
        assert isinstance(arguments, Namespace)
        return arguments

    def _highest_rate(self) -> float:
        users = getattr(self._arguments, "num_users", None) or 1
        assert self.control is not None
        options = self.control.options
        if options.kind == "capacity" and options.max_rate is None:
            return options.per_process
        rate = users * options.unit * (options.burst if options.kind == "spike" else 1.0)
        return max(rate, options.max_rate or 0.0)

    def _give_up(self, error: Exception) -> None:
        code = _code(error)
        print(f"kms-conformance load: {error}", file=sys.stderr, flush=True)
        self._tidy_up()
        if isinstance(self.runner, MasterRunner):
            self.runner.quit()
        sys.exit(code)

    def _tidy_up(self) -> None:
        """Remove what was made and say what could not be removed."""
        for trouble in self.control.close() if self.control is not None else []:
            print(f"kms-conformance load: not removed: {trouble}", file=sys.stderr, flush=True)

    def _interrupted(self) -> None:
        """Ctrl-C: end the plan, drain, report; raised as an exception it would hit any greenlet."""
        if self._interruptions:
            os._exit(ExitCode.NOTHING_PROVEN)
        self._interruptions += 1
        if isinstance(self.runner, WorkerRunner):
            self._finish_station()
        self._end(ExitCode.NOTHING_PROVEN)

    def _end(self, code: ExitCode) -> None:
        """End the run, or the wait for one; in a greenlet that is not Locust's own."""
        waiting = not self._running
        if waiting and self.control is not None:
            self._tidy_up()
        self.runner.quit()
        if waiting and not isinstance(self.runner, WorkerRunner):
            # Locust waits in the main greenlet, for workers perhaps, and would do so for ever.
            gevent.get_hub().handle_system_error(SystemExit, SystemExit(int(code)))

    def begin(self) -> None:
        """A run starts: forget the last one, begin to record."""
        self._concluded = False
        self._running = True
        self.interruption = None
        if self.control is not None:
            self.control.reset()
            # The first tick of a shape comes before the run that it starts.
            self.mode = self.mode or self._make_mode(self.control)
        if self.control is not None and not self.control.target.loopback:
            # Whoever steers it, by web page or shape: what is not on this machine is left alone
            # after the time that was asked for.
            gevent.spawn_later(self.control.options.duration or 0.0, self._stop_in_time)
        if self.crew is not None:
            self.crew.hand_out()
            return
        try:
            self.station = self._make_station()
            self.station.start()
            # Locust looks at its stack when it stops, while requests are still due: the first time
            # takes as long as a hundred of them.
            inspect.stack()
            # What lives as long as the run need not be looked at by every collection.
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 20, 100)
        except (UsageError, NothingProven, TransportFailure) as error:
            self._stop_with(f"the run cannot begin: {error}", _code(error))
            return
        if isinstance(self.runner, LocalRunner):
            gevent.spawn(self._report_locally, self.station)

    def _stop_in_time(self) -> None:
        if self._running:
            self.runner.stop()

    def _make_mode(self, control: Control) -> CapacitySearch | Spike | None:
        options = control.options
        if options.kind == "capacity":
            processes = len(self.runner.clients) if isinstance(self.runner, MasterRunner) else 1
            return CapacitySearch(
                control, options.unit, max(1, processes), options.need, options.hold
            )
        if options.kind == "spike":
            return Spike(control, getattr(self._arguments, "num_users", None) or 1)
        return None

    def steer(self, moment: float) -> int | None:
        """Return how many users there are to be, for the shapes; None at the end."""
        if self.mode is None:
            assert self.control is not None
            self.mode = self._make_mode(self.control)
            if self.mode is None:
                raise UsageError("a shape needs --kind capacity or --kind spike")
        return self.mode.users(moment)

    def _make_station(self) -> Station:
        if self.control is not None:
            work, worker = Work.of(self.control), 0
        else:
            assert self._handed is not None
            work = Work.read(self._handed, from_locust(self._arguments))
            worker = self.runner.worker_index
        return work.station(worker, self._tell_locust(work.place.options))

    def _tell_locust(self, options: Options) -> Callable[[str, float, int, str], None]:
        fire: Callable[..., None] = self.environment.events.request.fire
        scheme = options.signing

        def listener(operation: str, latency: float, size: int, cause: str) -> None:
            fire(
                request_type=scheme,
                name=operation,
                response_time=latency * 1000,
                response_length=size,
                exception=AnswerProblem(cause) if cause else None,
                context={},
            )

        return listener

    # ---- master and workers

    def joined(self, worker: str) -> None:
        """A worker connected in the middle of a run: give it work too."""
        if self._running and self.crew is not None:
            self.crew.hand_out(worker)

    def _refuse(self, sentence: str) -> None:
        """A worker cannot take part: end the run, or do not begin it."""
        if self._prepared:
            self._stop_with(sentence)
        else:
            self._refused = sentence

    def _take_work(self, environment: Environment, msg: Any) -> None:  # noqa: ARG002
        self._handed = msg.data

    def _finish_worker(self, environment: Environment, msg: Any) -> None:  # noqa: ARG002
        self._finish_station()

    def _finish_station(self) -> None:
        if self.station is None or self.station.finished:
            return
        self.station.finish()
        if isinstance(self.runner, WorkerRunner):
            self.runner.send_message("kms-finished", self.station.report())

    def report(self, data: dict[str, Any]) -> None:
        """Add what a worker measured to Locust's report."""
        if self.station is not None:
            data["kms"] = self.station.report()

    def receive(self, worker: str, data: dict[str, Any]) -> None:
        """Take what a worker measured out of Locust's report."""
        if self.control is not None and "kms" in data:
            self.control.receive(worker, data["kms"])

    def _report_locally(self, station: Station) -> None:
        assert self.control is not None
        while self.station is station and not station.finished:
            gevent.sleep(_REPORT_EVERY)
            self.control.receive("local", station.report())

    # ---- during

    def steady(self) -> None:
        """All users are there: the warm-up begins."""
        if self.control is not None and self.control.steady is None:
            self.control.steady = time.time()

    def _tell(self) -> None:
        """Print a line now and then, and look at the target."""
        from load.telling import progress

        control = self.control
        assert control is not None
        told = 0.0
        while True:
            gevent.sleep(_REPORT_EVERY)
            if not self._running:
                continue
            control.observer.look(time.time())
            control.users = self.runner.user_count
            if time.time() - told >= _TELL_EVERY and time.time() - control.started > 2:
                told = time.time()
                print(progress(control), flush=True)

    # ---- end

    def stopping(self) -> None:
        """The run is about to stop: end the plan, drain, and collect the last reports."""
        if not self._running:
            return
        if self.control is not None and self.control.ended is None:
            self.control.ended = time.time()
        if self.crew is not None:
            self.crew.collect_last_reports()
        else:
            if isinstance(self.mode, CapacitySearch) and self.mode.search.done:
                self.mode.sweep(self.station)
            self._finish_station()
            if self.control is not None and self.station is not None:
                self.control.receive("local", self.station.report(), final=True)

    def stopped(self) -> None:
        """The run has stopped: say what it proved."""
        if not self._running:
            return
        self._running = False
        if self.control is None or self._concluded:
            return
        self._concluded = True
        ending: Callable[[Control, str | None], int] = conclude
        if self.mode is not None:
            ending = self.mode.conclude
        elif self.control.options.kind == "soak":
            ending = soak.conclude
        self.environment.process_exit_code = ending(self.control, self.interruption)
        self.mode = None

    def quitting(self) -> None:
        """The process is about to end, by plan or by Ctrl-C."""
        if self._running:
            self.stopping()
            self.stopped()
        if self.control is None:
            return
        self._tidy_up()
        if self.environment.process_exit_code is None:
            self.environment.process_exit_code = ExitCode.NOTHING_PROVEN

    def _stop_with(self, sentence: str, code: ExitCode = ExitCode.USAGE) -> None:
        """End the run because of something the user has to mend."""
        if isinstance(self.runner, WorkerRunner):
            self.runner.send_message("kms-trouble", {"sentence": sentence})
            return
        print(f"kms-conformance load: {sentence}", file=sys.stderr, flush=True)
        self.interruption = sentence
        self._concluded = True
        self.environment.process_exit_code = code
        gevent.spawn(self._end, code)


def install(events: Any) -> None:
    """Connect to Locust's events; called once by the locustfile."""
    runners.WORKER_REPORT_INTERVAL = _REPORT_EVERY
    os.environ.setdefault("LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP", "1")

    def session() -> Session:
        assert Session.current is not None
        return Session.current

    from load.options import add_locust_arguments

    events.init_command_line_parser.add_listener(lambda parser, **_: add_locust_arguments(parser))
    events.init.add_listener(lambda environment, **_: Session(environment).prepare())
    events.test_start.add_listener(lambda **_: session().begin())
    events.spawning_complete.add_listener(lambda **_: session().steady())
    events.test_stopping.add_listener(lambda **_: session().stopping())
    events.test_stop.add_listener(lambda **_: session().stopped())
    events.quitting.add_listener(lambda **_: session().quitting())
    events.report_to_master.add_listener(lambda data, **_: session().report(data))
    events.worker_report.add_listener(
        lambda client_id, data, **_: session().receive(client_id, data)
    )
    events.worker_connect.add_listener(lambda client_id, **_: session().joined(client_id))


def _code(error: Exception) -> ExitCode:
    """Return the exit code for what ends a run before it begins."""
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.NOTHING_PROVEN
