"""Slow senders and readers lose their connection, others are served meanwhile, and a request with two lengths is none."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import backoffice
from backoffice.security import HEADERS
from backoffice.server import THREADS
from tests.servers import Person, environment, free_port

HEAD, BODY = 1.5, 3.0
CONNECTIONS = 100
START = (
    "import backoffice.server as server; from backoffice.cli import main; "
    f"server.HEAD_SECONDS, server.BODY_SECONDS, server.STALLED_SECONDS, server.CONNECTIONS = {HEAD}, {BODY}, {BODY}, {CONNECTIONS}; "
    "raise SystemExit(main())"
)
STYLE = Path(backoffice.__file__).parent / "static" / "backoffice.css"
FORM = "application/x-www-form-urlencoded"
ASKED = 200  # times for the style sheet, which is megabytes in all
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
    (tmp_path / "pid").write_text(str(process.pid), encoding="ascii")
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
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)
    told = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in told, told[-3000:]
    assert "defect" not in told, told[-3000:]


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def all_of(sock: socket.socket) -> bytes:
    """What comes until the other side closes, which it may do roughly while it is still being sent to."""
    answer = b""
    with suppress(ConnectionResetError):
        while chunk := sock.recv(65536):
            answer += chunk
    return answer


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


def slow_to_send_heads(port: int) -> socket.socket:
    made = connect(port)
    made.sendall(b"GET / HTTP/1.1\r\nHo")
    return made


def slow_to_send_bodies(port: int) -> socket.socket:
    made = connect(port)
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM}\r\nContent-Length: 4000\r\n\r\n"
    made.sendall(head.encode() + b"a")
    return made


def slow_to_read(port: int, times: int = 10) -> socket.socket:
    """Asks for a file again and again and takes none of the answers."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.connect(("127.0.0.1", port))
    made.sendall(f"GET /static/{STYLE.name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() * times)
    return made


@ON_SQLITE
@pytest.mark.parametrize("slow", [slow_to_send_heads, slow_to_send_bodies, slow_to_read])
def test_nobody_waits_for_slow_ones(port: int, slow: Callable[[int], socket.socket]) -> None:
    """Five times as many of them as there are threads, as long as they are borne."""
    hostile = [slow(port) for _ in range(5 * THREADS)]
    try:
        assert Person(port).get("/login").status == 200
        waits, end = [], time.monotonic() + HEAD
        while time.monotonic() < end:
            start = time.monotonic()
            assert Person(port).get("/login").status == 200
            waits.append(time.monotonic() - start)
        waits.sort()
        assert len(waits) > 5
        assert waits[int(len(waits) * 0.95) - 1] < 1.0, waits[-5:]
    finally:
        for one in hostile:
            one.close()


@ON_SQLITE
def test_whoever_takes_nothing_of_his_answer_is_left(port: int) -> None:
    with slow_to_read(port, ASKED) as hostile:
        time.sleep(BODY + 2.5)
        # The buffers of the kernel are still there to be read; then it ends.
        hostile.settimeout(5)
        taken = 0
        with suppress(OSError):
            while chunk := hostile.recv(65536):
                taken += len(chunk)
    assert 0 < taken < ASKED * STYLE.stat().st_size


@ON_SQLITE
def test_silent_connections_make_room_for_those_who_ask(port: int) -> None:
    """Three times as many as the server may hold: the oldest that said nothing are ended."""
    silent = [connect(port) for _ in range(3 * CONNECTIONS)]
    try:
        start = time.monotonic()
        assert Person(port).get("/healthz").status == 200
        assert time.monotonic() - start < 5
    finally:
        for one in silent:
            one.close()


@ON_SQLITE
def test_a_body_of_more_than_is_taken_is_refused_by_its_length_alone(port: int) -> None:
    with connect(port) as sock:
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nExpect: 100-continue\r\nContent-Length: {10**10}\r\n\r\n"
        sock.sendall(head.encode())
        answer = all_of(sock)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert b"Content-Security-Policy" in answer
    assert b"</html>" in answer


@ON_SQLITE
@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /login", 400),
        ("<script>alert(1)</script> / HTTP/1.1\r\nHost: x", 400),
        ("GET / HTTP/1.1\r\nHost 127.0.0.1", 400),
        ("GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + "a" * 40_000, 431),
        ("POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: odd", 501),
    ],
    ids=["no-version", "no-method", "no-header", "long-header", "odd-coding"],
)
def test_what_is_no_request_is_answered_under_our_headers(
    port: int, tmp_path: Path, request_text: str, status: int
) -> None:
    """P9: the same headers on every answer, nothing of what was sent in it, and its log line is JSON as all others."""
    with connect(port) as sock:
        sock.sendall(f"{request_text}\r\n\r\n".encode())
        answer = all_of(sock)
    head, _, body = answer.decode("ascii").partition("\r\n\r\n")
    assert int(head.split(" ", 2)[1]) == status
    for header in (*HEADERS, "Content-Security-Policy", "Cache-Control", "Content-Length"):
        assert f"\r\n{header}: ".lower() in head.lower()
    assert "script" not in body
    assert "aaa" not in body
    lines = [line for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines() if "no request" in line]
    assert [json.loads(line)["status"] for line in lines] == [status]


@ON_SQLITE
def test_a_body_that_is_cut_off_is_not_taken_for_a_short_one(port: int) -> None:
    """A form of which the end is missing would otherwise be saved without its last fields."""
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM}\r\nContent-Length: 400\r\n\r\n"
    with connect(port) as sock:
        sock.sendall(head.encode() + b"csrf_token=x&username=a")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(65536) == b""


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


@ON_SQLITE
def test_others_are_served_at_once_while_many_do_not_hang_up(port: int) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    left = [connect(port) for _ in range(CONNECTIONS // 2)]
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
def test_a_server_that_is_stopped_waits_for_no_half_request(port: int, tmp_path: Path) -> None:
    with connect(port) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHo")
        time.sleep(0.2)
        pid = int((tmp_path / "pid").read_text(encoding="ascii"))
        start = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        half.settimeout(20)
        assert half.recv(1) == b""
        assert time.monotonic() - start < 8


@ON_SQLITE
def test_one_connection_serves_many_requests_in_their_order(port: int) -> None:
    one = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    last = f"GET /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    with connect(port) as sock:
        sock.sendall(one * 3 + last)
        answer = all_of(sock)
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.rstrip().endswith(b"</html>")


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
        answer = all_of(sock)
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 411, 501), answer[:200]
    assert b'{"status": "ok"}' not in answer


@ON_SQLITE
def test_the_server_names_no_version(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(f"GET /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        head = all_of(sock)
    (server,) = [line for line in head.split(b"\r\n") if line.lower().startswith(b"server:")]
    assert not any(48 <= byte < 58 for byte in server), server
