"""Forms for something new, on the side of the request: their token, and what tells one content from another."""

from __future__ import annotations

import hashlib
import json

from flask import request

from backoffice.form_tokens import Sending, fresh_token, is_token

# These differ between two sendings of one form without its content being another.
_AROUND = frozenset({"csrf_token", "once", "version"})


def sending(user_id: int, register: str) -> Sending:
    """The form of this request."""
    return Sending(user_id, register, request.form.get("once", ""), _digest())


def token_again() -> str:
    """The token for the form of this answer: the one it came with, a fresh one for a form that begins."""
    given = request.form.get("once", "")
    return given if is_token(given) else fresh_token()


def _digest() -> str:
    typed = sorted((name, value) for name, value in request.form.items(multi=True) if name not in _AROUND)
    files = sorted((name, file.filename or "") for name, file in request.files.items(multi=True))
    text = json.dumps([request.full_path, typed, files], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = ["sending", "token_again"]
