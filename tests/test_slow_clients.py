"""Slow senders and readers lose their connection, others are served meanwhile, and a request with two lengths is none."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.security import HEADERS
from tests.servers import Person, environment, free_port

HEAD, BODY = 1.5, 3.0
START = (
    "import backoffice.server as server; from backoffice.cli import main; "
    f"server.HEAD_SECONDS, server.BODY_SECONDS, server.STALLED_SECONDS = {HEAD}, {BODY}, {BODY}; raise SystemExit(main())"
)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def port(database_url: str, tmp_path: Path) -> Iterator[int]:
    """A server of one process whose patience is short."""
    chosen = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", START, "serve", "--port", str(chosen), "--workers", "1"],
            env=environment(database_url, tmp_path / "data"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 40
        while time.monotonic() < end and process.poll() is None:
            try:
                if Person(chosen).get("/healthz").status == 200:
                    break
            except OSError:
                time.sleep(0.05)
        yield chosen
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)
    told = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in told, told[-3000:]
    assert "defect" not in told, told[-3000:]


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def drip(sock: socket.socket, data: bytes, seconds: float) -> float:
    """Send byte after byte until the other side hangs up; how long it took."""
    start = time.monotonic()
    for byte in data:
        try:
            sock.send(bytes([byte]))
        except OSError:
            break
        if time.monotonic() - start > seconds:
            break
        # Whoever has been hung up on reads an end.
        sock.settimeout(0.1)
        try:
            if sock.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
        finally:
            sock.settimeout(20)
    return time.monotonic() - start


@ON_SQLITE
def test_a_head_that_trickles_in_is_cut_off(port: int) -> None:
    with connect(port) as slow:
        took = drip(slow, b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 400, 10)
    assert HEAD - 0.5 < took < HEAD + 2


@ON_SQLITE
def test_a_body_that_trickles_in_is_told_so_and_cut_off(port: int) -> None:
    head = (
        f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 400\r\n\r\n"
    )
    with connect(port) as slow:
        slow.sendall(head.encode())
        start = time.monotonic()
        answer = b""
        for _ in range(200):
            try:
                slow.send(b"a")
                slow.settimeout(0.1)
                answer += slow.recv(65536)
                break
            except TimeoutError:
                continue
            except OSError:
                break
        took = time.monotonic() - start
    assert BODY - 0.5 < took < BODY + 2
    assert answer.startswith(b"HTTP/1.1 408"), answer[:300]


@ON_SQLITE
@pytest.mark.parametrize("length", [400, 400_000], ids=["page", "file"])
def test_a_body_that_is_cut_off_is_not_taken_for_a_short_one(port: int, length: int) -> None:
    """A form of which the end is missing would otherwise be saved without its last fields."""
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    path = "/login" if length < 1000 else "/admin/customer_archive/new/"
    with connect(port) as sock:
        sock.sendall(f"{head.replace('/login', path)}Content-Length: {length}\r\n\r\ncsrf_token=x&username=a".encode())
        sock.shutdown(socket.SHUT_WR)
        answer = sock.recv(65536)
    assert answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 413")), answer[:300]


@ON_SQLITE
def test_what_the_boundary_refuses_is_no_fault_of_ours(port: int, tmp_path: Path) -> None:
    """A cookie that looks like a session's makes the error page ask for its owner, with no database connected yet."""
    with connect(port) as sock:
        sock.sendall(
            f"TRACE / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: sid={'a' * 43}\r\nConnection: close\r\n\r\n".encode()
        )
        assert sock.recv(65536).startswith(b"HTTP/1.1 405")
    told = (tmp_path / "log").read_text(encoding="utf-8")
    assert '"level": "error"' not in told, told[-2000:]


POST = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\na="


@ON_SQLITE
@pytest.mark.parametrize(
    "sent",
    ["", "GET / HTTP/1.1\r\nHo", POST.format(length=1000), POST.format(length=1_000_000)],
    ids=["nothing", "half-a-head", "half-a-body", "half-a-large-body"],
)
def test_others_are_served_at_once_while_a_hundred_send_slowly(port: int, sent: str) -> None:
    """P19. However many they are, none of them keeps a thread: there are eight."""
    slow = [connect(port) for _ in range(100)]
    try:
        for one in slow:
            one.sendall(sent.encode())
        time.sleep(0.3)
        for _ in range(3):
            start = time.monotonic()
            assert Person(port).get("/healthz").status == 200
            assert time.monotonic() - start < 1
    finally:
        for one in slow:
            one.close()


@ON_SQLITE
def test_others_are_served_at_once_while_a_hundred_do_not_hang_up(port: int) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    left = [connect(port) for _ in range(100)]
    try:
        for one in left:
            one.sendall(request)
        start = time.monotonic()
        assert Person(port).get("/healthz").status == 200
        assert time.monotonic() - start < 2
    finally:
        for one in left:
            one.close()


@ON_SQLITE
def test_requests_behind_each_other_are_answered_in_turn(port: int) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    with connect(port) as sock:
        sock.sendall(request * 2 + request[:20])
        time.sleep(0.5)
        sock.sendall(request[20:])
        answer = b""
        while answer.count(b'{"status": "ok"}') < 3:
            chunk = sock.recv(65536)
            assert chunk, answer
            answer += chunk


@ON_SQLITE
@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Content-Length: +3",
        "Content-Length: 3, 3",
    ],
)
def test_a_request_with_two_lengths_is_none(port: int, lines: str) -> None:
    """ASVS 4.2.1: what a proxy and we might cut differently is refused, and the connection with it."""
    with connect(port) as sock:
        sock.sendall(
            f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n".encode()
        )
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 411, 501), answer[:200]
    assert b'{"status": "ok"}' not in answer


@ON_SQLITE
@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /login", 400),
        ("<script>alert(1)</script> / HTTP/1.1\r\nHost: x", 400),
        ("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: 127.0.0.1", 414),
        ("GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + "a" * 9000, 431),
        ("POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: odd", 501),
    ],
    ids=["no-version", "no-method", "long-address", "long-header", "odd-coding"],
)
def test_what_is_no_request_is_answered_under_our_headers(
    port: int, tmp_path: Path, request_text: str, status: int
) -> None:
    """P9: the same headers on every answer, nothing of what was sent in it, and its log line is JSON as all others."""
    with connect(port) as sock:
        sock.sendall(f"{request_text}\r\n\r\n".encode())
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    head, _, body = answer.decode("ascii").partition("\r\n\r\n")
    assert int(head.split(" ", 2)[1]) == status
    for header in (*HEADERS, "Content-Security-Policy", "Cache-Control", "Content-Length"):
        assert f"\r\n{header}: " in head
    assert "script" not in body
    assert "aaa" not in body
    lines = [line for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines() if "Invalid request" in line]
    assert lines
    for line in lines:
        json.loads(line)


@ON_SQLITE
def test_the_server_names_no_version(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(f"GET /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while chunk := sock.recv(65536):
            head += chunk
    (server,) = [line for line in head.split(b"\r\n") if line.lower().startswith(b"server:")]
    assert not any(48 <= byte < 58 for byte in server), server
