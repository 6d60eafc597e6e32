"""gunicorn inside this process' command: one command starts and ends everything.

Who sends slowly keeps no thread: a request is collected first and handed to a thread when it is whole. Its head must be there
within `HEAD_SECONDS`, its body within `BODY_SECONDS` more, however small the pieces in which it comes, and whoever does not
read his answer is left after `STALLED_SECONDS`.
"""

from __future__ import annotations

import errno
import math
import re
import selectors
import socket
import time
from collections import deque
from functools import partial
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.workers.gthread import TConn, ThreadWorker

from backoffice.security import BODY, HEADERS

THREADS = 8
HEAD_SECONDS = 15.0
BODY_SECONDS = 60.0
STALLED_SECONDS = 60.0
LINGER_SECONDS = 2.0
HEAD_BYTES = 64 * 1024
# Where a head ends, also one that no parser will take; a body of no single length is never read.
_HEAD_END = re.compile(rb"\r\n\r\n|\n\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]+)[ \t]*\r(?=\n)", re.IGNORECASE)
_EXPECT = re.compile(rb"\nexpect:", re.IGNORECASE)
# What is no request at all is answered before the application sees it, under the same headers.
_UNREAD_HEADERS = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    **HEADERS,
    "Connection": "close",
}


class TimedSocket:
    """A connection whose request is collected before a thread has it, and that gives up reading at a moment rather than a silence.

    A thread is given the bytes of one request and then the end of the connection; what came behind them waits for its turn.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._until = math.inf
        self._came = bytearray()
        self._left = 0  # Bytes of the present request that its thread may still read.
        self._ended = False
        self.due = math.inf
        self.in_head = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def await_request(self, seconds: float) -> None:
        self.due, self.in_head, self._left, self._ended = time.monotonic() + seconds, True, 0, False

    @property
    def silent(self) -> bool:
        """Whether nothing of a request has come."""
        return not self._came

    def collect(self) -> bool:
        """Take what has come, without waiting. False when nothing more will come."""
        try:
            data: bytes = self._sock.recv(65536)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self._came += data
        return bool(data)

    def skip(self) -> bool:
        """Throw away what has come. False when nothing more will come."""
        going = self.collect()
        self._came.clear()
        return going

    def state(self) -> str:
        """`part` of a request, a `whole` one, a `large` one whose body a thread must read, or one whose head is `endless`."""
        head = _HEAD_END.search(self._came)
        if head is None:
            return "endless" if len(self._came) > HEAD_BYTES else "part"
        lengths = _LENGTH.findall(self._came, 0, head.end())
        body = int(lengths[0]) if len(lengths) == 1 and len(lengths[0]) < 12 else 0
        self._left = head.end() + body
        if self.in_head:
            self.in_head, self.due = False, time.monotonic() + BODY_SECONDS
        if len(self._came) >= self._left:
            return "whole"
        return "large" if body > BODY or _EXPECT.search(self._came, 0, head.end()) else "part"

    def end(self) -> None:
        """Nothing more is waited for: the thread sees the connection end behind what has come."""
        self._ended = True
        self._left = self._left or len(self._came)

    def begin(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def setblocking(self, flag: bool) -> None:
        self._sock.settimeout(STALLED_SECONDS if flag else 0.0)

    def recv(self, size: int, *flags: int) -> bytes:
        size = min(size, self._left)
        if self._came:
            data = bytes(self._came[:size])
            del self._came[:size]
        elif not size:
            return b""
        else:
            data = b"" if self._ended else self._receive(size, *flags)
        if not data:
            # Half a body must not be taken for a short one.
            raise ConnectionResetError(errno.ECONNRESET, "the body did not arrive")
        self._left -= len(data)
        return data

    def _receive(self, size: int, *flags: int) -> bytes:
        before = self._sock.gettimeout()
        left = self._until - time.monotonic()
        if left <= 0:
            return b""
        try:
            self._sock.settimeout(left if before is None else min(before, left))
            data: bytes = self._sock.recv(size, *flags)
        except TimeoutError:
            return b""
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


class Connection(TConn):
    """A connection that leaves without holding up the others."""

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, linger: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self._linger = linger

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self._linger(self)
        else:
            super().close()


class Worker(ThreadWorker):
    """gunicorn's threads, which get whole requests only: however many connections send slowly or nothing, none costs a thread.

    Bodies above those of pages (files) are read by the threads themselves, by at most half of them at a time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[Any, None] = {}
        self._large: deque[Any] = deque()
        self._reading: set[Any] = set()
        self._leaving: dict[Any, None] = {}

    def accept(self, listener: Any) -> None:
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, TimedSocket(client), address, listener.getsockname(), self._linger)
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._await(conn)

    def _make_room(self) -> None:
        """Who has waited longest goes, first among those who have sent no request yet."""
        if self._waiting:
            self._drop(next(iter(self._waiting)))
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn)

    def _await(self, conn: Any) -> None:
        conn.sock.setblocking(False)
        conn.sock.await_request(HEAD_SECONDS)
        conn.data_ready = True
        self._waiting[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._collect, conn))
        self._collect(conn, conn.sock)

    def _collect(self, conn: Any, _client: Any) -> None:
        """More of a request may have come."""
        goes_on = conn.sock.collect()
        state = conn.sock.state()
        if state == "part" and goes_on:
            return
        if state == "endless":
            self.handle_error(None, conn.sock, conn.client, LimitRequestHeaders("limit request headers fields size"))
            self._drop(conn)
        elif state == "part" and conn.sock.silent:
            self._drop(conn)
        elif state == "large" and goes_on:
            self._leave(conn)
            self._large.append(conn)
            self._next_large()
        else:
            self._hand_over(conn)

    def _hand_over(self, conn: Any) -> None:
        conn.sock.end()
        self._leave(conn)
        self.enqueue_req(conn)

    def _next_large(self) -> None:
        while self._large and len(self._reading) < THREADS // 2:
            conn = self._large.popleft()
            self._reading.add(conn)
            self.enqueue_req(conn)

    def _leave(self, conn: Any) -> None:
        self._waiting.pop(conn, None)
        self.poller.unregister(conn.sock)

    def _drop(self, conn: Any) -> None:
        self._leave(conn)
        self.nr_conns -= 1
        conn.close()

    def _linger(self, conn: Any) -> None:
        """The answer is out: what still comes is thrown away for a moment, lest closing takes the answer with it."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._discard, conn))
        except (OSError, ValueError, KeyError):
            conn.close()
            return
        conn.sock.due = time.monotonic() + LINGER_SECONDS
        self._leaving[conn] = None

    def _discard(self, conn: Any, _client: Any) -> None:
        if not conn.sock.skip():
            self._part(conn)

    def _part(self, conn: Any) -> None:
        self._leaving.pop(conn, None)
        self.poller.unregister(conn.sock)
        conn.close()

    def finish_request(self, conn: Any, fs: Any) -> None:
        self._reading.discard(conn)
        super().finish_request(conn, fs)
        if self.keepalived_conns and self.keepalived_conns[-1] is conn and not conn.sock.silent:
            self.on_client_socket_readable(conn, conn.sock)  # The next request has come behind the last one.
        self._next_large()

    def murder_pending(self) -> None:
        super().murder_pending()
        now = time.monotonic()
        if not self.alive:
            for conn in self._waiting:
                conn.sock.due = min(conn.sock.due, now + LINGER_SECONDS)
        for conn in [conn for conn in self._waiting if conn.sock.due <= now or (not self.alive and conn.sock.silent)]:
            if conn.sock.in_head:
                self._drop(conn)  # Half a head is nobody's request: closed without a word, as for one that hung up.
            else:
                self._hand_over(conn)
        for conn in [conn for conn in self._leaving if conn.sock.due <= now]:
            self._part(conn)
        for conn in [conn for conn in self._large if conn.sock.due <= now]:
            self._large.remove(conn)
            self.nr_conns -= 1
            conn.close()

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.sock.begin(BODY_SECONDS)
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
