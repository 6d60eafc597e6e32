"""Pictures of paper for the demo company: typed pages and signed sheets, uploaded by whoever hands them in."""

from __future__ import annotations

import datetime as dt
import io

from PIL import Image, ImageDraw

from backoffice.demo.world import World
from backoffice.uploads import store
from models.evidence import StoredFile

_SIGNATURE = ((60, 140), (80, 118), (96, 142), (116, 116), (138, 140), (180, 128))


def paper(
    world: World, register: str, field: str, name: str, who: str, at: dt.datetime, *, signed: bool = False
) -> int:
    """Upload one page for a field of a register; the id of the file. `signed` puts a signature under the lines."""
    picture = Image.new("L", (240, 170), 255)
    pen = ImageDraw.Draw(picture)
    for line in range(4 if signed else 8):
        pen.line((20, 24 + 18 * line, 220 - 60 * (line % 4 == 3), 24 + 18 * line), fill=150)
    if signed:
        pen.line(_SIGNATURE, fill=0, width=2)
    out = io.BytesIO()
    picture.save(out, "PNG")
    out.seek(0)
    kept = store(
        (f"{name}.png", out), register=register, field=field, actor=world.access(who), now=at, data_dir=world.data_dir
    )
    return int(StoredFile.create(record_id=None, **kept.columns()).id)


__all__ = ["paper"]
