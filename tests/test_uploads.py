"""Which files are kept, what becomes of them on disk, and how they are handed out."""

import io
import os
import shutil
import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database
from PIL import Image, PngImagePlugin

from backoffice import uploads
from backoffice.uploads import Kept, UploadRefused, attachment_headers, clean_name, discard, open_stored, store, strays
from models.accounts import User
from models.evidence import StoredFile
from tests.accounts_app import NOW, make_app, make_user

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def user(database: Database) -> User:
    make_app(database)
    return make_user()


def png(size: tuple[int, int] = (20, 10), mode: str = "RGB", **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 1 if mode == "1" else 120 if mode in ("L", "I;16") else None).save(out, "PNG", **save)
    return out.getvalue()


def jpeg(**save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", **save)
    return out.getvalue()


def xlsx() -> bytes:
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["客户", 1])
    book.save(out)
    return out.getvalue()


def docx(parts: dict[str, bytes] | None = None, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as packed:
        packed.writestr("[Content_Types].xml", b"<Types/>")
        packed.writestr("word/document.xml", b"<w:document/>")
        for name, data in (parts or {}).items():
            packed.writestr(name, data)
    return out.getvalue()


def keep(user: Any, name: str | None, data: bytes, folder: Path) -> Kept:
    return store((name, io.BytesIO(data)), register="gift_signoff", field="sheet", actor=user, now=NOW, data_dir=folder)


GOOD = [
    ("a.png", png(), "image/png"),
    ("A.PNG", png((3, 3), "RGBA"), "image/png"),
    ("a.jpg", jpeg(), "image/jpeg"),
    ("a.jpeg", jpeg(), "image/jpeg"),
    ("报价单.pdf", PDF, "application/pdf"),
    ("合同.pdf", PDF, "application/pdf"),
    ("a.xlsx", xlsx(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("a.docx", docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("a.txt", "说明\r\n第二行\t完".encode(), "text/plain"),
    ("a.csv", "客户,数量\n青川,3\n".encode("gb18030"), "text/csv"),
    ("a.csv", "客户,数量".encode("utf-16"), "text/csv"),
    ("a.txt", b"a < b and c > d", "text/plain"),
]


@pytest.mark.parametrize(("name", "data", "mime"), GOOD, ids=[f"{name}-{at}" for at, (name, _, _) in enumerate(GOOD)])
def test_these_kinds_are_kept(user: User, tmp_path: Path, name: str, data: bytes, mime: str) -> None:
    kept = keep(user, name, data, tmp_path)
    assert (kept.name, kept.mime, kept.uploaded_by, kept.uploaded_at) == (name, mime, user.id, NOW)
    row = StoredFile.create(record_id=7, **kept.columns())
    with open_stored(StoredFile.get_by_id(row.id), tmp_path) as file:
        found = file.read()
    assert len(found) == kept.size
    if not mime.startswith("image/"):
        assert found == data


BAD = [
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("a.html", b"<!doctype html><p>"),
    ("a.exe", b"MZ\x90\0"),
    ("a.gif", b"GIF89a"),
    ("a", PDF),
    ("pdf", PDF),
    (".pdf", PDF),
    ("a.pdf.exe", PDF),
    ("a.pdf", png()),
    ("a.png", jpeg()),
    ("a.png", PDF),
    ("a.pdf", b"x" + PDF),
    ("a.pdf", b"%PDF-1.7 cut off"),
    ("a.jpg", b"\xff\xd8\xff\xe0 no picture"),
    ("a.png", png()[:40]),
    ("a.txt", b"<!DOCTYPE html><script>alert(1)</script>"),
    ("a.csv", b"\xef\xbb\xbf  <HTML>"),
    ("a.txt", "<script>".encode("utf-16")),
    ("a.txt", b"<?xml version='1.0'?><svg/>"),
    ("a.txt", b"#!/bin/sh\nrm"),
    ("a.txt", b"MZ program"),
    ("a.txt", PDF),
    ("a.csv", b"a\0b"),
    ("a.csv", b"\x1b[31mred".replace(b"\x1b", b"\x02")),
    ("a.txt", b"\xff\xff\xff\xff"),
    ("a.txt", b""),
    ("", b"text"),
    (None, b"text"),
    ("a.xlsx", docx()),
    ("a.docx", xlsx()),
    ("a.docx", b"PK\x03\x04 broken"),
    ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
]


@pytest.mark.parametrize(("name", "data"), BAD, ids=[f"{name}-{at}" for at, (name, _) in enumerate(BAD)])
def test_these_are_refused_with_a_reason(user: User, tmp_path: Path, name: str | None, data: bytes) -> None:
    with pytest.raises(UploadRefused) as refused:
        keep(user, name, data, tmp_path)
    assert str(refused.value.message).endswith((".", "。"))
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


def test_ten_megabytes_are_the_most(user: User, tmp_path: Path) -> None:
    text = b"x" * uploads.MOST_BYTES
    assert keep(user, "a.txt", text, tmp_path).size == uploads.MOST_BYTES
    with pytest.raises(UploadRefused, match="larger"):
        keep(user, "a.txt", text + b"x", tmp_path)


# --- pictures -----------------------------------------------------------------------------------------------


def test_a_picture_is_drawn_anew_without_what_else_was_in_it(user: User, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "CANARY place"
    exif[0x0112] = 6  # Turned by a quarter: the picture must still stand upright.
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "CANARY")
    for name, data in (("a.jpg", jpeg(exif=exif, comment=b"CANARY")), ("a.png", png(pnginfo=notes))):
        assert b"CANARY" in data
        kept = keep(user, name, data + b"CANARY<script>", tmp_path)
        row = StoredFile.create(**kept.columns())
        with open_stored(row, tmp_path) as file:
            found = file.read()
        assert b"CANARY" not in found
        with Image.open(io.BytesIO(found)) as picture:
            assert picture.size == ((20, 40) if name == "a.jpg" else (20, 10))
            assert not picture.getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_survives(user: User, tmp_path: Path, mode: str) -> None:
    assert keep(user, "a.png", png((5, 4), mode), tmp_path).size > 0


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(user: User, tmp_path: Path) -> None:
    keep(user, "a.png", png((5000, 5000), "1"), tmp_path)
    for size in ((5001, 5000), (60_000, 60_000), (14_000, 14_000)):
        with pytest.raises(UploadRefused, match="million pixels"):
            keep(user, "a.png", _empty_png(*size), tmp_path)


def _empty_png(width: int, height: int) -> bytes:
    """A PNG that says its size and has almost nothing in it."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


# --- packed files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        {"word/vbaProject.bin": b"macro"},
        {"xl/macrosheets/sheet1.xml": b"<x/>"},
        {"word/activeX/activeX1.bin": b"x"},
        {"word/bomb.xml": b"\0" * 30_000_000},
        {f"word/part{number}.xml": b"x" for number in range(200)},
        {"../evil.xml": b"x"},
        {"/evil.xml": b"x"},
        {"word/styles.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"},
    ],
    ids=["macro", "macro sheet", "control", "bomb", "201 parts", "parent", "root", "document type"],
)
def test_a_dangerous_package_is_refused(user: User, tmp_path: Path, parts: dict[str, bytes]) -> None:
    keep(user, "a.docx", docx({"word/fine.xml": b"<x/>"}), tmp_path)
    with pytest.raises(UploadRefused):
        keep(user, "a.docx", docx(parts), tmp_path)


def test_macros_announced_by_the_content_types_are_refused(user: User, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(
            "[Content_Types].xml", b'<Types ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
        )
        packed.writestr("word/document.xml", b"<w:document/>")
    with pytest.raises(UploadRefused, match="macros"):
        keep(user, "a.docx", out.getvalue(), tmp_path)


def test_a_part_that_lies_about_its_size_is_refused(user: User, tmp_path: Path) -> None:
    data = bytearray(docx({"word/bomb.xml": b"A" * 5_000_000}))
    real = (5_000_000).to_bytes(4, "little")
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(UploadRefused):
        keep(user, "a.docx", bytes(data), tmp_path)


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("报价单.pdf", "报价单.pdf"),
        ("客户", "客户"),
        ("C:\\Temp\\报价单.pdf", "报价单.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/abs/x.txt", "x.txt"),
        ("..", ""),
        (".", ""),
        ("a\0b.txt", "ab.txt"),
        ("a\r\nb.txt", "ab.txt"),
        ("gpj\u202efdp.exe", "gpjfdp.exe"),
        ("a\u200b.pdf", "a.pdf"),
        ("e\u0301.txt", "é.txt"),
        ("  a   b .txt ", "a b .txt"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("file.txt:evil", "evil"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("a." + "p" * 300, ""),
    ],
)
def test_names_are_data(given: str, name: str) -> None:
    found = clean_name(given)
    assert found == name or (name == "" and len(found) <= 200 and given.startswith("a."))


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder_or_a_header(given: str) -> None:
    name = clean_name(given)
    assert len(name) <= 200
    assert "/" not in name
    assert "\\" not in name
    assert name not in (".", "..")
    row: Any = SimpleNamespace(name=name or "x", mime="text/plain", size=1)
    for value in attachment_headers(row).values():
        assert value.isascii()
        assert value.isprintable()


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
        ("报价单.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%E5%8D%95.pdf"),
        ('x"; filename=evil.exe; y.pdf', 'attachment; filename="x__ filename_evil.exe_ y.pdf"; '),
        ("_CON.txt", "attachment; filename=\"_CON.txt\"; filename*=UTF-8''_CON.txt"),
        ("naïve café.txt", "attachment; filename=\"naive cafe.txt\"; filename*=UTF-8''na%C3%AFve%20caf%C3%A9.txt"),
    ],
)
def test_files_are_handed_out_to_be_saved(name: str, disposition: str) -> None:
    row: Any = SimpleNamespace(name=name, mime="application/pdf", size=3)
    headers = attachment_headers(row)
    assert headers["Content-Disposition"].startswith(disposition)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Type"] == "application/pdf"


# --- disk ---------------------------------------------------------------------------------------------------------


def test_the_key_is_random_and_the_file_is_ours_alone(user: User, tmp_path: Path) -> None:
    first, second = (keep(user, "a.pdf", PDF, tmp_path / "data") for _ in range(2))
    assert first.key != second.key
    assert len(first.key) == 64
    path = tmp_path / "data" / "files" / first.key[:2] / first.key[2:4] / first.key
    assert path.read_bytes() == PDF
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" * 64])
def test_a_broken_key_opens_nothing(tmp_path: Path, key: str) -> None:
    row: Any = SimpleNamespace(key=key)
    with pytest.raises(FileNotFoundError):
        open_stored(row, tmp_path)


def test_the_bytes_are_synced_before_the_name_appears(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    real_sync, real_rename = os.fsync, Path.rename

    def sync(descriptor: int) -> None:
        told.append("sync")
        real_sync(descriptor)

    def rename(path: Path, target: Path) -> Path:
        told.append("rename")
        return real_rename(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    keep(user, "a.pdf", PDF, tmp_path)
    assert told[:2] == ["sync", "rename"]
    assert told.count("sync") == 4


def test_a_full_disk_leaves_nothing_behind(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep(user, "a.pdf", PDF, tmp_path)
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


def test_a_tenth_of_the_disk_stays_free(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(free: int) -> Any:
        return lambda _path: SimpleNamespace(total=1_000_000, free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage(100_000 + len(PDF)))
    keep(user, "a.pdf", PDF, tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", usage(100_000))
    with pytest.raises(UploadRefused, match="nearly full"):
        keep(user, "a.pdf", PDF, tmp_path)


def test_nobody_keeps_more_than_two_gigabytes(user: User, tmp_path: Path) -> None:
    kept = keep(user, "a.pdf", PDF, tmp_path)
    StoredFile.create(**{**kept.columns(), "size": uploads.MOST_PER_USER - len(PDF)})
    keep(user, "a.pdf", PDF, tmp_path)
    StoredFile.update(size=StoredFile.size + 1).execute()
    with pytest.raises(UploadRefused, match="2 GB"):
        keep(user, "a.pdf", PDF, tmp_path)
    keep(make_user("bob"), "a.pdf", PDF, tmp_path)


def test_what_no_row_names_can_be_found_and_discarded(user: User, tmp_path: Path) -> None:
    named, stray = keep(user, "a.pdf", PDF, tmp_path), keep(user, "a.pdf", PDF, tmp_path)
    StoredFile.create(**named.columns())
    assert [path.name for path in strays(tmp_path, before=2e10)] == [stray.key]
    assert list(strays(tmp_path, before=0)) == []
    discard(stray, tmp_path)
    discard(stray, tmp_path)
    assert list(strays(tmp_path, before=2e10)) == []


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Files are the same beside either database."""
    shutil.copyfile(sqlite_template, tmp_path / "backoffice.db")
    return f"sqlite:///{tmp_path / 'backoffice.db'}"
