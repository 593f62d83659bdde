"""The process that starts the workers: it keeps the settings that were accepted, gives them to each
worker, and takes new ones over by replacing the workers one by one.

New settings are read by a process of its own, the preparation; wrong ones change nothing. A worker
that ends by itself is started again with the accepted settings, whatever the file says by then. All
workers share one listening socket, so that no connection is lost when one of them goes.

It imports neither the application nor its libraries.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Any, Final, NamedTuple

from granian._granian import SocketHolder
from granian.constants import HTTPModes
from granian.server.mp import MPServer, WorkerProcess

from checkout import shared_metrics
from checkout.log_lines import timestamp

READY: Final = "ready"
DRAIN: Final = "drain"
READY_SECONDS: Final = 120.0  # for a worker to start
DRAIN_SECONDS: Final = 1.0  # for kept connections to change to another worker
SOON: Final = 60.0  # seconds; a worker that ends again within them is waited for longer
LONGEST_WAIT: Final = 30.0  # seconds between two starts of a worker that doesn't stay
ENDING: Final = "The server is ending."
NO_WORKER: Final = "A worker did not start with the new settings; its log says why"

Entry = Callable[[bytes, Connection], Any]
"""In a worker: the ASGI application, of accepted settings. It says `READY`, or what is wrong."""
Answer = Callable[[dict[str, Any]], None]


class Preparation(NamedTuple):
    """What the preparation has accepted. `versions`: the settings as texts; where there are two,
    all workers take the first before any takes the second. `http2`: how the server listens.
    `remarks`: lines for people."""

    versions: tuple[bytes, ...]
    http2: bool
    remarks: str = ""


class Refused(Exception):
    """The preparation accepts nothing; the text says why, without a value. `code`: how it ended."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


Prepare = Callable[[bytes], Preparation]
"""New settings, after these. Raises Refused."""


class Supervisor(MPServer):
    """Granian's server with workers that can be replaced, and that come back."""

    def __init__(
        self,
        target: str,
        *,
        entry: Entry,
        accepted: bytes,
        prepare: Prepare,
        started: Callable[[SimpleQueue[Answer | None]], None],
        **options: Any,
    ) -> None:
        """`started` gets the queue into which requests for a reload go, once all workers serve."""
        super().__init__(target, **options)
        self._on_start = started
        self.requests: SimpleQueue[Answer | None] = SimpleQueue()  # None: by signal
        self._entry = entry
        self._accepted = accepted
        self._prepare = prepare
        self._spawn_target: Any = None
        self._pipes: dict[WorkerProcess, Connection] = {}
        self._due: dict[int, float] = {}  # a worker that has ended -> when it starts again
        self._started: dict[int, tuple[float, float]] = {}  # -> (its last start, the wait before)
        self._retired: list[threading.Thread] = []
        self._turn: _Turn | None = None

    # --- What Granian calls -------------------------------------------------------------------

    def _init_shared_socket(self) -> None:
        """One socket for all workers. Granian has one of each on Linux, by SO_REUSEPORT; what waits
        in the queue of a worker that ends would be lost."""
        self._sso = _bound(self.bind_addr, self.bind_port, self.backlog)
        descriptor: Any = self._sso.fileno()
        holder: Any = SocketHolder
        self._ssp, self._sfd = None, descriptor
        self._shd = holder(descriptor, False, self.backlog)

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        self._spawn_target = spawn_target
        for index in range(self.workers):
            self.wrks.append(self._start(index))
        for index, worker in enumerate(self.wrks):
            wrong = self._wrong(worker)
            if wrong and not self.interrupt_signal:
                tell("worker.not_started", alert=True, worker=index + 1, reason=wrong)
                self.interrupt_children.append(index)  # Granian's exit code is 1 then
                self.interrupt_signal = True
            worker.interrupt_by_parent = False
        if not self.interrupt_signal:
            threading.Thread(target=self._take_requests, daemon=True).start()
            self._on_start(self.requests)

    def signal_handler_reload(self, *_args: Any, **_kwargs: Any) -> None:
        self.requests.put(None)

    def _serve_loop(self, _spawn_target: Any, _target_loader: Any) -> None:
        while not self.interrupt_signal:
            self.main_loop_interrupt.wait(self._next_start())
            self.main_loop_interrupt.clear()
            self._turn_once()

    def _stop_workers(self) -> None:
        super()._stop_workers()  # type: ignore[no-untyped-call]
        for thread in self._retired:
            thread.join()
        while not self.requests.empty():
            if answer := self.requests.get():
                answer(_failed(ENDING))

    # --- Workers that end by themselves -------------------------------------------------------

    def _note_ended(self) -> None:
        ended = {index for index in self.interrupt_children if _has_ended(self.wrks[index])}
        self.interrupt_children.clear()
        for index in ended - self._due.keys():
            last, waited = self._started.get(index, (0.0, 0.0))
            soon = time.monotonic() - last < SOON
            pause = min(waited * 2 or 1.0, LONGEST_WAIT) if soon else 0.0
            code = _code(self.wrks[index])
            tell("worker.ended", alert=True, worker=index + 1, starts_in=pause, code=code)
            self._due[index] = time.monotonic() + pause
            self._started[index] = (self._due[index], pause)

    def _next_start(self) -> float | None:
        """Seconds until a worker is due."""
        return max(min(self._due.values()) - time.monotonic(), 0) if self._due else None

    def _start_due(self) -> None:
        now = time.monotonic()
        for index in [index for index, due in self._due.items() if due <= now]:
            del self._due[index]
            self._forget(self.wrks[index])
            self.wrks[index] = self._start(index)
            self.wrks[index].interrupt_by_parent = False

    # --- New settings -------------------------------------------------------------------------

    def _take_requests(self) -> None:
        """In a thread of its own: one reload after another. Who asks while one is under way gets
        another one, as the file may have changed since."""
        while True:
            answers = [self.requests.get()]
            while not self.requests.empty():
                answers.append(self.requests.get())
            outcome = self._take_new(partial(_all, answers))
            _all(answers, outcome)

    def _take_new(self, answer: Answer) -> dict[str, Any]:
        begun = time.monotonic()
        answer({"step": "reading the settings"})
        try:
            prepared = self._prepare(self._accepted)
        except Refused as refused:
            return self._refuse(str(refused))
        self.http = HTTPModes.auto if prepared.http2 else HTTPModes.http1
        for version in prepared.versions:
            answer({"step": "replacing the workers"})
            turn = _Turn(version)
            self._turn = turn
            self.main_loop_interrupt.set()
            if wrong := turn.outcome():
                return self._refuse(wrong)
        seconds = round(time.monotonic() - begun, 1)
        tell("reload.done", workers=self.workers, seconds=seconds)
        return {
            "ok": True,
            "workers": self.workers,
            "seconds": seconds,
            "remarks": prepared.remarks,
        }

    def _turn_once(self) -> None:
        if self.interrupt_signal:
            return
        self._note_ended()
        self._start_due()
        if turn := self._turn:
            self._turn = None
            turn.done(self._roll(turn.version))

    def _refuse(self, reason: str) -> dict[str, Any]:
        tell("reload.refused", alert=True, reason=reason)
        return _failed(reason)

    def _roll(self, version: bytes) -> str:
        """Replace every worker by one with these settings: "", or why all have the old ones again.
        A worker goes once the one in its place takes requests."""
        before, self._accepted = self._accepted, version
        drained: list[threading.Event] = []
        for index in range(self.workers):
            new = self._start(index)
            if wrong := self._wrong(new):
                self._kill(new)
                self._accepted = before
                self._go_back(range(index))
                return wrong
            drained.append(self._replace(index, new))
        for each in drained:  # who is told that it is done meets no old worker any more
            each.wait(2 * DRAIN_SECONDS)
        return ""

    def _go_back(self, indices: Sequence[int]) -> None:
        """The first workers of a roll that failed get the accepted settings again."""
        for index in indices:
            if not self._wrong(new := self._start(index)):
                self._replace(index, new)
            else:
                self._kill(new)

    def _replace(self, index: int, new: WorkerProcess) -> threading.Event:
        """Set once the old worker takes nothing new."""
        old, self.wrks[index] = self.wrks[index], new
        new.interrupt_by_parent = False
        self._due.pop(index, None)
        if _has_ended(new):  # since it was ready
            self.interrupt_children.append(index)
            self.main_loop_interrupt.set()
        old.interrupt_by_parent = True
        self._retired = [thread for thread in self._retired if thread.is_alive()]
        drained = threading.Event()
        self._retired.append(threading.Thread(target=self._retire, args=(old, drained)))
        self._retired[-1].start()
        return drained

    def _retire(self, old: WorkerProcess, drained: threading.Event) -> None:
        """End a worker, and let what is under way in it finish. At first it only closes each
        connection behind its next answer: one that is cut while a request comes in loses it."""
        with suppress(OSError):  # it has ended already
            self._pipes[old].send(DRAIN)
        ends = [old.inner.sentinel]
        wait(ends, DRAIN_SECONDS)
        old.terminate()
        drained.set()
        if not wait(ends, self.workers_kill_timeout):
            old.kill()
        self._forget(old)

    # --- One worker ---------------------------------------------------------------------------

    def _start(self, index: int) -> WorkerProcess:
        """A new worker that nobody waits for yet: it may end without being missed."""
        ours, theirs = Pipe()
        loader = partial(self._entry, self._accepted, theirs)
        worker = self._spawn_worker(idx=index, target=self._spawn_target, callback_loader=loader)
        worker.interrupt_by_parent = True
        worker.start()
        theirs.close()
        self._pipes[worker] = ours
        return worker

    def _wrong(self, worker: WorkerProcess) -> str:
        """Why a new worker does not serve, or "" once it does."""
        pipe, until = self._pipes[worker], time.monotonic() + READY_SECONDS
        try:
            while not pipe.poll(0.1):
                if self.interrupt_signal:
                    return ENDING
                if time.monotonic() > until:
                    return NO_WORKER
            said = str(pipe.recv())
        except (EOFError, OSError):
            return NO_WORKER
        return "" if said == READY else said

    def _kill(self, worker: WorkerProcess) -> None:
        worker.kill()
        wait([worker.inner.sentinel])
        self._forget(worker)

    def _forget(self, worker: WorkerProcess) -> None:
        if pipe := self._pipes.pop(worker, None):
            pipe.close()


class _Turn:
    """Settings that the main thread, which starts processes, gives to all workers."""

    def __init__(self, version: bytes) -> None:
        self.version = version
        self._answers: SimpleQueue[str] = SimpleQueue()

    def done(self, wrong: str) -> None:
        self._answers.put(wrong)

    def outcome(self) -> str:
        return self._answers.get()


def tell(event: str, *, alert: bool = False, **fields: Any) -> None:
    """A line of the log, as workers write it; an alert is counted in what they share."""
    marked = {"alert": True, "level": "error"} if alert else {"level": "info"}
    line = {**fields, "event": event, **marked, "timestamp": timestamp(time.time())}
    if alert:
        shared_metrics.count_alert(event)
    try:
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # full, closed, none
        pass


def _bound(host: str, port: int, backlog: int) -> socket.socket:
    """Raises OSError where somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    found = socket.create_server((host, port), family=family, backlog=backlog, dualstack_ipv6=both)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    found.setblocking(False)
    found.set_inheritable(True)
    return found


def _has_ended(worker: WorkerProcess) -> bool:
    return bool(wait([worker.inner.sentinel], 0))


def _code(worker: WorkerProcess) -> int | str | None:
    code: int | None = worker.inner.exitcode
    return signal.Signals(-code).name if code is not None and code < 0 else code


def _failed(reason: str) -> dict[str, Any]:
    return {"ok": False, "reason": reason}


def _all(answers: Sequence[Answer | None], found: dict[str, Any]) -> None:
    for answer in answers:
        if answer is not None:
            answer(found)
