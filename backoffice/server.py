"""gunicorn inside this process' command: one command starts and ends everything."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

THREADS = 8


class Server(BaseApplication):
    """Serves one application with worker processes of several threads each."""

    def __init__(self, make: Any, host: str, port: int, workers: int) -> None:
        self._make = make
        self._options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": THREADS,
            "worker_class": "gthread",
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
