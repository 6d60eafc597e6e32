"""gunicorn inside this process' command: one command starts and ends everything.

Who sends slowly does not keep a thread for long: the head of a request must be there within `HEAD_SECONDS`, its body
within `BODY_SECONDS` more, however small the pieces in which it comes, and whoever does not read his answer is left
after `STALLED_SECONDS`.
"""

from __future__ import annotations

import math
import time
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from backoffice.security import HEADERS

THREADS = 8
HEAD_SECONDS = 15.0
BODY_SECONDS = 60.0
STALLED_SECONDS = 60.0
# What is no request at all is answered before the application sees it, under the same headers.
_UNREAD_HEADERS = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    **HEADERS,
    "Connection": "close",
}


class TimedSocket:
    """A connection that gives up reading at a moment rather than after a silence."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._until = math.inf
        self._in_head = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def begin(self, seconds: float, *, head: bool) -> None:
        self._until = time.monotonic() + seconds
        self._in_head = head

    def setblocking(self, flag: bool) -> None:
        self._sock.settimeout(STALLED_SECONDS if flag else 0.0)

    def recv(self, size: int, *flags: int) -> bytes:
        before = self._sock.gettimeout()
        left = self._until - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left if before is None else min(before, left))
            data: bytes = self._sock.recv(size, *flags)
        except TimeoutError as late:
            # Half a head is nobody's request: the connection closes without a word, as for one that hung up.
            if self._in_head:
                raise NoMoreData from late
            raise
        finally:
            self._sock.settimeout(before)
        return data


class UnreadAnswer:
    """The socket of a request that could not be read: gunicorn's status goes out, under our headers and without its words."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: bytes) -> None:
        status = data.partition(b"\r\n")[0].partition(b" ")[2]
        lines = [
            b"HTTP/1.1 " + status,
            *(f"{name}: {value}".encode("ascii") for name, value in _UNREAD_HEADERS.items()),
        ]
        self._sock.sendall(b"\r\n".join([*lines, b"Content-Length: %d" % len(status), b"", status]))


class Worker(ThreadWorker):
    """gunicorn's threads, on timed connections."""

    def handle(self, conn: Any) -> Any:
        if not isinstance(conn.sock, TimedSocket):
            conn.sock = TimedSocket(conn.sock)
        conn.sock.begin(HEAD_SECONDS, head=True)
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.sock.begin(BODY_SECONDS, head=False)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        super().handle_error(req, UnreadAnswer(client), addr, exc)


class Server(BaseApplication):
    """Serves one application with worker processes of several threads each."""

    def __init__(self, make: Any, host: str, port: int, workers: int) -> None:
        self._make = make
        self._options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": THREADS,
            "worker_class": Worker,
            "timeout": 120,
            "graceful_timeout": 20,
            "keepalive": 15,
            "limit_request_line": 8190,
            "limit_request_fields": 60,
            "loglevel": "warning",
            "preload_app": False,
            "forwarded_allow_ips": "",
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


def run(make: Any, host: str, port: int, workers: int = 1) -> None:
    """Serve until a signal ends it. `make` builds the application in each worker."""
    Server(make, host, port, workers).run()
