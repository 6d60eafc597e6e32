"""The wheel: it holds exactly what it should, installs into an empty environment, and runs outside the checkout."""

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("backoffice", "admin_views", "models")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_packages_and_what_they_need(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    (info,) = tops - set(PACKAGES)
    assert re.fullmatch(r"backoffice-[0-9.]+\.dist-info", info)
    expected = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {
        f"backoffice/{path.relative_to(ROOT)}"
        for folder in ("templates", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.startswith(info)} == expected
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_every_import_is_a_declared_dependency() -> None:
    owners = packages_distributions()
    listed = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["postgres"]
    declared = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in listed}
    # Flask's own parts are used through it and move with it.
    declared |= {"werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "babel"}
    missing = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for name in imported(path) - set(sys.stdlib_module_names) - set(PACKAGES):
                if not declared & {owner.lower().replace("_", "-") for owner in owners.get(name, [])}:
                    missing.add(f"{path.relative_to(ROOT)}: {name}")
    assert sorted(missing) == []


def imported(path: Path) -> set[str]:
    """The top-level names that the module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_wheel_serves_the_demo_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BACKOFFICE_"))}
    outside.pop("VIRTUAL_ENV", None)
    install: list[str | Path] = [
        *(environment / "bin" / "python", "-m", "pip", "install"),
        *("--quiet", "--disable-pip-version-check", wheel),
    ]
    done = subprocess.run(install, cwd=tmp_path, env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    port = free_port()
    command: list[str | Path] = [
        *(environment / "bin" / "backoffice", "demo"),
        *("--port", str(port), "--data", tmp_path / "demo", "--password", "correct horse battery"),
    ]
    log = tmp_path / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=outside, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    try:
        health = wait_for(f"http://127.0.0.1:{port}/healthz", process, log)
        assert json.loads(health) == {"status": "ok"}
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=10) as answer:
            assert answer.status == 200
            assert b"</form>" in answer.read()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 180) -> bytes:
    """The answer's body, as soon as there is a good one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                body: bytes = answer.read()
                return body
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"no answer from {url}:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
