"""A reportlab canvas for long documents: finished pages wait in a temporary file, so memory stays nearly flat.

reportlab itself keeps every page until `save` and then joins the whole document in memory.
"""

import tempfile
import threading
import zlib
from collections.abc import Iterator
from typing import IO, Any

from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from backoffice.exports.typeset import register_fonts

MM = 72 / 25.4
_CHUNK = 64 * 1024

# reportlab's font object reads its file through one shared position while it embeds the characters used.
_embedding = threading.Lock()


class _KeptStream(pdfdoc.PDFObject):
    """A page's drawing commands, compressed, lying in a file until the document is put together."""

    __RefOnly__ = 1

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file, self._start, self._length = file, start, length

    def format(self, document: object) -> bytes:
        self._file.seek(self._start)
        head = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % self._length
        return head + self._file.read(self._length) + b"\nendstream\n"


class PagedCanvas(Canvas):
    """Draws like any canvas; `finished` ends it. The same drawing gives the same bytes: no time, no random number."""

    def __init__(self, size: tuple[float, float], *, title: str, author: str) -> None:
        register_fonts()
        super().__init__("", pagesize=size, pageCompression=1, invariant=1)
        self.setTitle(title)
        self.setAuthor(author)
        self.setCreator("Backoffice")
        self._kept = tempfile.SpooledTemporaryFile(max_size=1_000_000)  # noqa: SIM115 (closed in `finished`)

    def showPage(self) -> None:
        super().showPage()
        page = self._doc.Pages.pages[-1]
        commands = page.stream if isinstance(page.stream, bytes) else page.stream.encode("latin-1")
        data = zlib.compress(commands, 6)
        start = self._kept.seek(0, 2)
        self._kept.write(data)
        page.stream, page.Contents = None, _KeptStream(self._kept, start, len(data))

    def finished(self) -> IO[bytes]:
        """The document in a temporary file, at its start. The canvas is of no use afterwards."""
        if self._code:
            self.showPage()
        document = self._doc
        file = tempfile.SpooledTemporaryFile(max_size=1_000_000)  # noqa: SIM115 (the caller's to close)
        with _embedding:
            for used in document.delayedFonts:
                used.addObjects(document)
        _write(document, self, file)
        self._kept.close()
        file.seek(0)
        return file


def _write(document: Any, canvas: Canvas, file: IO[bytes]) -> None:
    """What reportlab's `GetPDFData` does, object by object into the file instead of into one string."""
    document.info.invariant = document.invariant
    document.info.digest(document.signature)
    document.Outlines.prepare(document, canvas)
    if document.Outlines.ready < 0:
        document.Catalog.Outlines = None
    document.encrypt.prepare(document)
    root, info = document.Reference(document.Catalog), document.Reference(document.info)
    offset = file.write(b"%%PDF-%d.%d\n%%\xe2\xe3\xcf\xd3\n" % document._pdfVersion)
    ids: list[str] = []
    # Writing an object may bring further ones; they are numbered behind it.
    while (number := len(ids) + 1) in document.numberToId:
        name = document.numberToId[number]
        document.idToOffset[name] = offset
        offset += file.write(pdfdoc.PDFIndirectObject(name, document.idToObject[name]).format(document))
        ids.append(name)
    table = pdfdoc.PDFCrossReferenceTable()
    table.addsection(0, ids)
    file.write(table.format(document))
    trailer = pdfdoc.PDFTrailer(startxref=offset, Size=len(ids) + 1, Root=root, Info=info, ID=document.ID())
    file.write(trailer.format(document))


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The file in pieces of 64 kB, closed at the end."""
    with file:
        while data := file.read(_CHUNK):
            yield data
