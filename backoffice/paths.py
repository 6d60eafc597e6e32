"""Where the files beside the code lie, in a wheel and in a checkout alike."""

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent


def resource_dir(name: Literal["templates", "migrations"]) -> Path:
    """The folder of that name: inside the package in a wheel, beside it in a checkout.

    Raises FileNotFoundError when the installation is incomplete.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"the folder {name!r} is missing beside {_PACKAGE}: the installation is incomplete")
