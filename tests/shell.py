"""Commands of `backoffice` in the test's own process: an environment, a shell, and how a command ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from backoffice import cli
from models.base import db
from tests.company import SECRET


def environment(database_url: str, data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKOFFICE_")}
    own = {
        "BACKOFFICE_DATABASE_URL": database_url,
        "BACKOFFICE_SECRET_KEY": SECRET,
        "BACKOFFICE_DATA_DIR": str(data_dir),
        "BACKOFFICE_COMPANY_NAME": "测试公司",
        **more,
    }
    return {**kept, **{name: value for name, value in own.items() if value}}


class Answer:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def refusal(self) -> str:
        """The one line of a refusal."""
        assert self.code == 1, f"{self.code}\n{self.out}\n{self.err}"
        (line,) = self.err.splitlines()
        assert line.startswith("backoffice: ")
        assert "Traceback" not in line
        return line.removeprefix("backoffice: ")


class Shell:
    """Commands in this process, with an environment of their own; the caller's database is bound again afterwards."""

    def __init__(self, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.environ = dict(environ)
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: object, **environ: str) -> Answer:
        self._capsys.readouterr()
        before = db.obj
        with self._monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("BACKOFFICE_")]:
                patch.delenv(name)
            for name, value in {**self.environ, **environ}.items():
                if value:
                    patch.setenv(name, value)
                else:
                    patch.delenv(name, raising=False)
            try:
                code = cli.main([str(word) for word in words])
            except SystemExit as exit_:
                code = int(exit_.code or 0)
            finally:
                if db.obj is not None and db.obj is not before:
                    getattr(db.obj, "close_all", db.obj.close)()
                db.initialize(before) if before is not None else setattr(db, "obj", None)
        told = self._capsys.readouterr()
        return Answer(code, told.out, told.err)


@pytest.fixture
def shell(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(environment(database_url, tmp_path / "data"), monkeypatch, capsys)


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
