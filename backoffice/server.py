"""The production server: gunicorn starts, watches and ends the processes; in each of them waitress speaks HTTP.

One loop in each process reads requests and sends answers; a thread works only on a request that has come in whole, into an answer
that is kept until its reader has taken it. So neither slow senders nor slow readers keep a thread, and nobody waits for them.
The head of a request must be there within `HEAD_SECONDS`, its body within `BODY_SECONDS` more, however small the pieces in which
it comes; who takes nothing of his answer for `STALLED_SECONDS` is left.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import resource
import threading
import time
from collections.abc import Callable
from heapq import nsmallest
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker as BaseWorker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import Error, RequestEntityTooLarge

from backoffice import clock
from backoffice.errors import log_event
from backoffice.security import HEADERS

THREADS = 8
HEAD_SECONDS = 15.0
BODY_SECONDS = 60.0
STALLED_SECONDS = 60.0
KEPT_SECONDS = 15.0  # a connection on which nobody asks anything
ANSWER_SECONDS = 900.0  # from the last word of an answer until all of it is taken
GRACE_SECONDS = 20
HEAD_BYTES = 32 * 1024
BODY_BYTES = 20 * 1024 * 1024 + 1024 * 1024  # the application's own limit and what surrounds it
LARGE_BYTES, LARGE_AT_ONCE = 512 * 1024, 32  # bodies that are kept on disk while they come in
ANSWER_BYTES = 256 * 1024 * 1024  # of one answer, kept (beyond a megabyte on disk) until its reader takes it
CONNECTIONS = 1000


class TimedOut(Error):
    code = 408
    reason = "Request Timeout"


class Busy(Error):
    code = 503
    reason = "Service Unavailable"


class Parser(HTTPRequestParser):
    """One request as it comes in. A body says its length beforehand: no other form is taken, so nobody can cut it otherwise."""

    error: Any

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.begun = time.monotonic()
        self.head_done: float | None = None

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.headers_finished and self.head_done is None:
            self.head_done = time.monotonic()
            if isinstance(self.error, RequestEntityTooLarge):
                # The application answers by the length alone, with its own page; the body is never read.
                self.error, self.expect_continue = None, False
                self.headers["CONNECTION"] = "close"
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.version not in {"1.0", "1.1"}:
            raise ParsingError("another version of the protocol, or none")
        if self.chunked or "TRANSFER_ENCODING" in self.headers:
            raise TransferEncodingNotImplemented("a body without a length")

    def late(self, now: float) -> bool:
        if self.head_done is None:
            return now - self.begun > HEAD_SECONDS
        return now - self.head_done > BODY_SECONDS


class Refusal(ErrorTask):
    """The answer to what is no request: a line of text under the headers of every answer."""

    def execute(self) -> None:
        fault = self.request.error
        self.status = f"{fault.code} {fault.reason}"
        body = f"{self.status}\n".encode()
        self.response_headers += [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
            (
                "Content-Security-Policy",
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            *HEADERS.items(),
            ("Connection", "close"),
        ]
        log_event("no request", status=fault.code, address=str(self.channel.addr[0]))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """One connection."""

    parser_class = Parser
    error_task_class = Refusal
    request: Any
    _moved: tuple[float, float] = (0.0, 0.0)  # what the last activity was, and when that was seen
    _flushing_since: float | None = None

    def received(self, data: bytes) -> bool:
        taken: bool = super().received(data)
        if self._is_large() and sum(one._is_large() for one in self.server.active_channels.values()) > LARGE_AT_ONCE:
            self.refuse(Busy("too many large requests"))
        return taken

    def _is_large(self) -> bool:
        return self.request is not None and self.request.content_length > LARGE_BYTES

    def refuse(self, fault: Error) -> None:
        """Answer what has come in so far with a fault, and close."""
        with self.requests_lock:
            self.request.error, self.request.completed = fault, True
            self.requests.append(self.request)
            self.request = None
            if len(self.requests) == 1:
                self.server.add_task(self)

    def look(self, now: float) -> None:
        """Called every second: whether this connection has had its time."""
        if self._moved[0] != self.last_activity:
            self._moved = (self.last_activity, now)
        rest = now - self._moved[1]
        if self.total_outbufs_len:
            if self._flushing_since is None or self.requests:
                self._flushing_since = now
            if rest > STALLED_SECONDS or now - self._flushing_since > ANSWER_SECONDS:
                self.will_close = True
            return
        self._flushing_since = None
        if self.requests:
            return  # A thread works on it.
        if self.request is None:
            self.will_close = self.will_close or rest > KEPT_SECONDS
        elif self.request.late(now):
            if self.request.head_done is None:
                self.will_close = True  # Half a head is nobody's request: it ends without a word.
            else:
                self.refuse(TimedOut("the body did not come in time"))

    @property
    def unasked(self) -> bool:
        """Whether nothing is known of what the other side wants."""
        return not self.requests and not self.total_outbufs_len and (self.request is None or not self.request.head_done)


class Listener(TcpWSGIServer):
    """The loop's end of the listening socket."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        moment = time.monotonic()
        for channel in list(self.active_channels.values()):
            channel.look(moment)

    def handle_accept(self) -> None:
        """Before no connection is left for those who do ask, the oldest of those who do not are ended."""
        super().handle_accept()
        spare = len(self.active_channels) - int(self.adj.connection_limit * 0.8)
        if spare > 0:
            silent = (one for one in self.active_channels.values() if one.unasked and not one.will_close)
            for channel in nsmallest(spare, silent, key=lambda one: float(one.creation_time)):
                channel.will_close = True

    def busy(self) -> bool:
        return any(one.requests or one.total_outbufs_len for one in self.active_channels.values())


class Worker(BaseWorker):
    """A process of the server."""

    def run(self) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments = Adjustments(
            threads=THREADS,
            ident="backoffice",
            clear_untrusted_proxy_headers=False,  # The application knows its own proxies.
            connection_limit=_connections(),
            cleanup_interval=1,
            max_request_header_size=HEAD_BYTES,
            max_request_body_size=BODY_BYTES,
            inbuf_overflow=LARGE_BYTES,
            outbuf_high_watermark=ANSWER_BYTES,
            log_socket_errors=False,
            asyncore_use_poll=True,
        )
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(THREADS)
        watched: dict[int, Any] = {}
        listeners = [self._listen(one.sock, adjustments, threads, watched) for one in self.sockets]
        today: dt.date | None = None
        while self.alive and self.ppid == os.getppid():
            self.notify()
            if today != clock.today():
                today = clock.today()
                threading.Thread(target=self.app.daily, daemon=True).start()
            wasyncore.loop(timeout=1.0, use_poll=True, map=watched, count=1)
        self._finish(listeners, watched)
        threads.shutdown()

    def _listen(self, sock: Any, adjustments: Any, threads: Any, watched: dict[int, Any]) -> Listener:
        info = (sock.family, sock.type, sock.proto, sock.getsockname())
        return Listener(
            self.wsgi,
            watched,
            _sock=sock,
            dispatcher=threads,
            adj=adjustments,
            sockinfo=info,
            bind_socket=False,
        )

    def _finish(self, listeners: list[Listener], watched: dict[int, Any]) -> None:
        """Take no more, and give what is being worked on its time."""
        for one in listeners:
            one.accepting = False
        end = time.monotonic() + GRACE_SECONDS - 2
        while any(one.busy() for one in listeners) and time.monotonic() < end:
            self.notify()
            wasyncore.loop(timeout=0.2, use_poll=True, map=watched, count=1)


def _connections() -> int:
    """How many connections a process may hold; it may open as many files as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(50, min(CONNECTIONS, soft - 200))
    return CONNECTIONS


class Server(BaseApplication):
    """Serves one application with worker processes of several threads each."""

    def __init__(self, make: Any, host: str, port: int, workers: int, daily: Callable[[], None]) -> None:
        self._make, self.daily = make, daily
        self._options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "worker_class": Worker,
            "timeout": 120,
            "graceful_timeout": GRACE_SECONDS,
            "loglevel": "warning",
            "preload_app": False,
            "proc_name": "backoffice",
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in each worker after the fork, so that no connection is shared."""
        app: Flask = self._make()
        return app


def run(make: Any, host: str, port: int, workers: int = 1, daily: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal ends it. `make` builds the application in each worker, which calls `daily` beside it once a day."""
    Server(make, host, port, workers, daily).run()
