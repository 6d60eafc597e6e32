"""Uploaded files: judged by their content, kept under a random key outside the web root, handed out as attachments.

    kept = store((upload.filename, upload.stream), register="gift_signoff", field="attachment", actor=me, now=now, data_dir=…)
    StoredFile.create(record_id=row.id, **kept.columns())     # by the caller, in his transaction

The bytes are on disk before the row is written, so a row never names a file that is not there; when the transaction
fails the caller may `discard` them, and `strays` finds what a crash left behind.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import re
import secrets
import shutil
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, Any, BinaryIO
from urllib.parse import quote

from peewee import fn
from PIL import Image, ImageOps, UnidentifiedImageError

from backoffice.texts import Message, say
from models.evidence import StoredFile

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 25_000_000
MOST_NAME = 200
MOST_PER_USER = 2 * 1024**3
# Ten per cent of the disk stay free; of a very large disk one gigabyte does.
FREE_SHARE, FREE_ENOUGH = 0.10, 1024**3
ZIP_MOST_PARTS, ZIP_MOST_RATIO, ZIP_MOST_BYTES = 200, 100, 100 * 1024 * 1024

_KEY = re.compile(r"[0-9a-f]{64}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_MARKUP = re.compile(rb"<\s*(!doctype|html|head|body|script|svg|\?xml|iframe|object|meta)", re.IGNORECASE)
_DOCUMENT = "application/vnd.openxmlformats-officedocument."


class UploadRefused(Exception):
    """The file is not taken; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


@dataclass(frozen=True)
class Kept:
    """A file that is on disk: what its row must hold."""

    key: str
    register: str
    field: str
    name: str
    mime: str
    size: int
    sha256: str
    uploaded_by: int
    uploaded_at: dt.datetime

    def columns(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class Kind:
    """One accepted kind of file: its endings, its type, and what makes its stored bytes out of the uploaded ones."""

    endings: tuple[str, ...]
    mime: str
    check: Callable[[bytes], bytes]


def store(
    upload: tuple[str | None, IO[bytes]],
    *,
    register: str,
    field: str,
    actor: Any,
    now: dt.datetime,
    data_dir: Path,
) -> Kept:
    """Judge one upload and put it on disk; raises UploadRefused. `actor` has `id`. One query."""
    given, stream = upload
    name = clean_name(given or "")
    raw = stream.read(MOST_BYTES + 1)
    if not name or not raw:
        raise UploadRefused(say("The file is empty or has no name. Choose a file with something in it."))
    if len(raw) > MOST_BYTES:
        raise UploadRefused(say("{name} is larger than 10 MB. Make it smaller or split it.", name=name))
    kind = _kind(name, raw)
    data = kind.check(raw)
    _check_room(actor.id, len(data), data_dir, name)
    key = secrets.token_hex(32)
    _write(path_of(key, data_dir), data)
    return Kept(
        key=key,
        register=register,
        field=field,
        name=name,
        mime=kind.mime,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        uploaded_by=actor.id,
        uploaded_at=now,
    )


def open_stored(row: StoredFile, data_dir: Path) -> BinaryIO:
    """The bytes of a stored file. Raises FileNotFoundError when they are gone."""
    return path_of(row.key, data_dir).open("rb")


def discard(kept: Kept, data_dir: Path) -> None:
    """Remove the bytes again, because the row that should name them was not written."""
    path_of(kept.key, data_dir).unlink(missing_ok=True)


def disposition(kind: str, name: str) -> str:
    """The header that names a file: plain ASCII for old clients, the full name in UTF-8 for all others (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", plain).strip(" ._") or "file"
    if Path(plain).suffix != Path(name).suffix:
        plain = f"file{Path(name).suffix}" if Path(name).suffix.isascii() else "file"
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def attachment_headers(row: StoredFile) -> dict[str, str]:
    """The headers under which a stored file is handed out: to be saved, never to be run or shown as a page."""
    return {
        "Content-Type": row.mime,
        "Content-Length": str(row.size),
        "Content-Disposition": disposition("attachment", row.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }


def strays(data_dir: Path, *, before: float) -> Iterator[Path]:
    """Files on disk that no row names and that were last changed before that moment (seconds since 1970)."""
    for path in sorted((data_dir / "files").glob("??/??/*")):
        if path.stat().st_mtime >= before:
            continue
        if not _KEY.fullmatch(path.name) or not StoredFile.select().where(StoredFile.key == path.name).exists():
            yield path


def clean_name(given: str) -> str:
    """The name as data: without folders, invisible or control characters, in NFC, at most 200 characters with its ending.

    > clean_name("C:\\\\Temp\\\\报价单.pdf")    报价单.pdf
    """
    name = PureWindowsPath(given.replace("\0", "")).name  # Knows both kinds of slash.
    name = name.rpartition(":")[2]
    kept = "".join(
        sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    name = unicodedata.normalize("NFC", " ".join(kept.split())).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if len(name) > MOST_NAME:
        name = f"{stem[: MOST_NAME - len(dot + ending)]}{dot}{ending}"[:MOST_NAME]
    return name


# --- kinds ----------------------------------------------------------------------------------------------


def _kind(name: str, raw: bytes) -> Kind:
    """The kind on which the name's ending and the content agree."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = next((kind for kind in KINDS if ending in kind.endings), None)
    if kind is None:
        raise UploadRefused(
            say("{name} is of a kind that is not kept. PNG, JPEG, PDF, XLSX, DOCX, TXT and CSV are.", name=name)
        )
    if ending not in _sniff(raw):
        text = say(
            "The content of {name} is not what its ending says. Save it again as {ending}.", name=name, ending=ending
        )
        raise UploadRefused(text)
    return kind


def _sniff(raw: bytes) -> tuple[str, ...]:
    """The endings under which such content may come."""
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return ("png",)
    if raw.startswith(b"\xff\xd8\xff"):
        return ("jpg", "jpeg")
    if raw.startswith(b"%PDF-"):
        return ("pdf",)
    if raw.startswith(b"PK\x03\x04"):
        return _sniff_zip(raw)
    return ("txt", "csv") if _is_text(raw) else ()


def _sniff_zip(raw: bytes) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ()
    if "[Content_Types].xml" not in names:
        return ()
    return tuple(
        ending for ending, part in (("xlsx", "xl/workbook.xml"), ("docx", "word/document.xml")) if part in names
    )


def _is_text(raw: bytes) -> bool:
    if raw.startswith((b"MZ", b"\x7fELF", b"GIF8", b"RIFF", b"#!")) or _MARKUP.search(raw[:4096]):
        return False
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        head = text[:4096].encode("utf-8", "replace")
        return not re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text) and not _MARKUP.search(head)
    return False


def _check_image(raw: bytes, form: str) -> bytes:
    """The picture drawn anew: whatever else was in the file, its place and time of taking included, is gone."""
    too_large = UploadRefused(say("The picture has more than 25 million pixels. Make it smaller and send it again."))
    broken = UploadRefused(
        say("The picture cannot be read. Open it in a picture program, save it again and send that.")
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=[form]) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise too_large
                opened.load()
                picture = ImageOps.exif_transpose(opened)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as exc:
        raise too_large from exc
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError) as exc:
        raise broken from exc
    return _redrawn(picture, form)


def _redrawn(picture: Image.Image, form: str) -> bytes:
    if form == "JPEG":
        wanted = picture.mode if picture.mode in ("L", "RGB") else "RGB"
    elif picture.mode == "P":
        wanted = "RGBA" if "transparency" in picture.info else "RGB"
    else:
        wanted = picture.mode if picture.mode in ("1", "L", "LA", "RGB", "RGBA", "I;16") else "RGBA"
    bare = picture.convert(wanted) if picture.mode != wanted else picture.copy()
    bare.info = {}
    out = io.BytesIO()
    bare.save(out, form, **({"quality": 90} if form == "JPEG" else {}))
    return out.getvalue()


def _check_png(raw: bytes) -> bytes:
    return _check_image(raw, "PNG")


def _check_jpeg(raw: bytes) -> bytes:
    return _check_image(raw, "JPEG")


def _check_pdf(raw: bytes) -> bytes:
    if b"%%EOF" not in raw[-2048:]:
        raise UploadRefused(say("The PDF is not complete. Save it again and send that."))
    return raw


def _check_text(raw: bytes) -> bytes:
    return raw


def _check_office(raw: bytes) -> bytes:
    """Every part is unpacked once, counted, and looked at for macros and document types; nothing is written."""
    broken = UploadRefused(say("The file cannot be opened. Save it again in the office program and send that."))
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
            if len(parts) > ZIP_MOST_PARTS:
                raise _bomb()
            left = min(ZIP_MOST_BYTES, len(raw) * ZIP_MOST_RATIO)
            for part in parts:
                left = _check_part(packed, part, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as exc:
        raise broken from exc
    return raw


def _check_part(packed: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """How many bytes may still be unpacked after this part."""
    name = part.filename.lower()
    if part.flag_bits & 1 or ".." in name.split("/") or name.startswith(("/", "\\")) or "\\" in name:
        raise ValueError("an encrypted part, or one outside the package")
    if name.endswith("vbaproject.bin") or "/macrosheets/" in name or "/activex/" in name:
        raise _macros()
    if part.file_size > left:
        raise _bomb()
    head = b""
    with packed.open(part) as stream:
        while chunk := stream.read(64 * 1024):
            left -= len(chunk)
            if left < 0:
                raise _bomb()
            head = head or chunk
    if name.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in head or b"<!ENTITY" in head):
        raise ValueError("a document type in a part")
    if name == "[content_types].xml" and b"macroenabled" in head.lower():
        raise _macros()
    return left


def _bomb() -> UploadRefused:
    return UploadRefused(say("The file unpacks to far more than its size. Save it again without what is not needed."))


def _macros() -> UploadRefused:
    return UploadRefused(say("The file contains macros or controls. Save it without them and send that."))


KINDS = (
    Kind(("png",), "image/png", _check_png),
    Kind(("jpg", "jpeg"), "image/jpeg", _check_jpeg),
    Kind(("pdf",), "application/pdf", _check_pdf),
    Kind(("xlsx",), f"{_DOCUMENT}spreadsheetml.sheet", _check_office),
    Kind(("docx",), f"{_DOCUMENT}wordprocessingml.document", _check_office),
    Kind(("txt",), "text/plain", _check_text),
    Kind(("csv",), "text/csv", _check_text),
)


# --- disk -----------------------------------------------------------------------------------------------


def _check_room(user_id: int, size: int, data_dir: Path, name: str) -> None:
    used = StoredFile.select(fn.SUM(StoredFile.size)).where(StoredFile.uploaded_by == user_id).scalar() or 0
    if int(used) + size > MOST_PER_USER:
        raise UploadRefused(say("You have uploaded 2 GB in all, which is the most. Ask the administrator.", name=name))
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    disk = shutil.disk_usage(data_dir)
    if disk.free - size < min(disk.total * FREE_SHARE, FREE_ENOUGH):
        raise UploadRefused(
            say("The server's disk is nearly full. Nothing was saved; tell the administrator.", name=name)
        )


def path_of(key: str, data_dir: Path) -> Path:
    """Where the bytes of a key lie. Raises FileNotFoundError for a text that is no key."""
    if not _KEY.fullmatch(key):
        raise FileNotFoundError(key)
    return data_dir / "files" / key[:2] / key[2:4] / key


def _write(path: Path, data: bytes) -> None:
    """The bytes under their final name, on disk, or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = [
    "KINDS",
    "Kept",
    "UploadRefused",
    "attachment_headers",
    "clean_name",
    "discard",
    "open_stored",
    "path_of",
    "store",
    "strays",
]
