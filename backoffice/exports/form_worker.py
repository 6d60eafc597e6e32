"""The child process that turns a form's HTML (standard input) into PDF (standard output).

    python -m backoffice.exports.form_worker < form.html > form.pdf

It limits its own memory and processor time, opens no connection and starts no process. Exit codes: 0 done, 3 too long
or too large, 1 any other fault, told on standard error.
"""

import io
import resource
import sys
from typing import Any

MEMORY = 512 * 1024 * 1024
SECONDS = 8
TOO_LONG = 3

_REFUSED = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        raise PermissionError(f"a form may not do this: {event}")


def _limit(what: int, amount: int) -> None:
    """Sets the limit where the system knows it; some refuse a limit on memory."""
    try:
        resource.setrlimit(what, (amount, amount))
    except (OSError, ValueError) as fault:
        print(f"no limit set: {fault}", file=sys.stderr)


def rendered(html: str) -> bytes:
    """The PDF. Raises RenderLimitError when it takes too long or nests too deep, ValueError when it has faults."""
    from xhtml2pdf import default
    from xhtml2pdf.config.resources import ResourceAccessPolicy
    from xhtml2pdf.document import pisaDocument

    from backoffice.exports.typeset import BOLD, REGULAR, register_fonts

    register_fonts()
    default.DEFAULT_FONT.update({REGULAR.lower(): REGULAR, BOLD.lower(): BOLD})
    policy = ResourceAccessPolicy.server(None, allow_remote=False, max_render_seconds=SECONDS)
    out = io.BytesIO()
    result = pisaDocument(html, out, encoding="utf-8", resource_policy=policy)
    if result.err:
        raise ValueError(f"{result.err} faults in the form's HTML")
    return out.getvalue()


def main() -> int:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, SECONDS)
    _limit(resource.RLIMIT_AS, MEMORY)
    sys.addaudithook(_refuse)
    from xhtml2pdf.config.resources import RenderLimitError

    try:
        data = rendered(sys.stdin.buffer.read().decode())
    except (MemoryError, RecursionError, RenderLimitError) as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        return TOO_LONG
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
