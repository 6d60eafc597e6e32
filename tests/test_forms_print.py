"""Printed forms: what stands on the paper, and that no text of a user is more than text."""

import io
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from backoffice.exports import forms
from backoffice.exports.form_worker import TOO_LONG
from backoffice.exports.forms import (
    Block,
    FieldBlock,
    FilledForm,
    FormFailed,
    FormTooLong,
    Part,
    SignatureBlock,
    SignatureCell,
    SpaceBlock,
    TableBlock,
    TableColumn,
    TextBlock,
    Words,
    render_form,
)

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (TableColumn("序号", "center"), TableColumn("礼品名称"), TableColumn("金额（元）", "right"))


def application(**changes: object) -> FilledForm:
    form = FilledForm(
        company="青川贸易有限公司",
        title="礼品申请表",
        number="LP-2025-0019",
        state_mark="",
        printed_by="李娜（lina）",
        printed_at="2025年3月4日",
        parts=(),
        blocks=(
            FieldBlock("", (("申请人", "张三"), ("客户", "青川建材"))),
            TableBlock(
                "礼品明细",
                COLUMNS,
                (("1", "茶叶礼盒", "265.50"), ("2", "帆布袋", "252.00")),
                ("合计", "", "517.50"),
                (("人民币（大写）", "伍佰壹拾柒元伍角整"),),
            ),
            SignatureBlock(
                (
                    SignatureCell("申请人", "张三", "2025-03-03"),
                    SignatureCell("市场专员", "李娜", "2025-03-04", "同意", on_behalf="赵敏"),
                    SignatureCell("总经理"),
                )
            ),
            SpaceBlock(),
            TextBlock("注：一式一联"),
        ),
    )
    return replace(form, **changes)  # type: ignore[arg-type]  # the fields' names are checked by replace


def month(rows: int) -> FilledForm:
    lines = tuple((str(i), f"礼品{i:04d}号", f"{i}.00") for i in range(1, rows + 1))
    return application(
        title="礼品登记簿",
        paper="A4 landscape",
        blocks=(TableBlock("", COLUMNS, lines, ("合计", "", "9.00")),),
    )


def pages_of(form: FilledForm, words: Words | None = None) -> list[str]:
    reader = PdfReader(io.BytesIO(render_form(form, words=words)))
    return ["".join(page.extract_text().split()) for page in reader.pages]


def test_a_form_shows_everything_once() -> None:
    (page,) = pages_of(application())
    for text in (
        "青川贸易有限公司",
        "礼品申请表",
        "No.LP-2025-0019",
        "礼品明细",
        "茶叶礼盒",
        "517.50",
        "人民币（大写）",
        "伍佰壹拾柒元伍角整",
        "（代赵敏）",
        "日期：2025-03-04",
        "日期：年月日",
        "注：一式一联",
        "打印人：李娜（lina）",
        "打印时间：2025年3月4日",
        "第1页共1页",
    ):
        assert page.count(text) == 1, text


def test_each_copy_has_its_pages_its_name_and_its_count() -> None:
    parts = (Part("第一联", "存根（白）"), Part("第二联", "客户（红）"))
    first, second = pages_of(application(parts=parts, paper="A5 landscape"))
    assert "第一联存根（白）" in first
    assert "第二联客户（红）" in second
    assert "第二联" not in first
    assert "第1页共1页" in first
    assert "第1页共1页" in second
    assert "517.50" in first
    assert "517.50" in second


@pytest.mark.parametrize("mark", ["草稿", "作废", "已撤回"])
def test_the_state_is_written_across_the_page(mark: str) -> None:
    assert mark not in pages_of(application())[0]
    assert mark in pages_of(application(state_mark=mark))[0]


@pytest.mark.parametrize("rows", [60, 200])
def test_a_long_list_has_its_header_on_every_page(rows: int) -> None:
    pages = pages_of(month(rows))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert "礼品名称" in page
        assert "礼品登记簿" in page
        assert f"第{number}页共{len(pages)}页" in page
    found = "".join(pages)
    assert all(found.count(f"礼品{i:04d}号") == 1 for i in range(1, rows + 1))
    assert "合计" in pages[-1]


def test_two_thousand_rows_need_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_body", None)
    assert "礼品2000号" in "".join(pages_of(month(2000)))


def test_both_ways_of_drawing_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    form = application(state_mark="草稿", parts=(Part("第一联", "存根"),))
    (by_html,) = pages_of(form)
    monkeypatch.setattr(forms, "_ROWS_FOR_HTML", 0)
    (by_canvas,) = pages_of(form)
    assert sorted(by_html) == sorted(by_canvas)


def test_an_empty_list_says_so() -> None:
    assert "无记录" in pages_of(month(0))[0]


HOSTILE = (
    "<b>粗</b>",
    "{{7*7}}",
    "{%include'x'%}",
    "<pdf:pagenumber/>",
    '<imgsrc="http://127.0.0.1:9/x.png">',
    "<script>alert(1)</script>",
    "&lt;&amp;&#39;",
    "</td></table>",
    "<!--",
    r"(\)Tj",
)


@pytest.mark.parametrize("rows_for_html", [100, 0], ids=["html", "canvas"])
def test_markup_is_text_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, rows_for_html: int) -> None:
    monkeypatch.setattr(forms, "_ROWS_FOR_HTML", rows_for_html)
    blocks: list[Block] = []
    for text in HOSTILE:
        blocks += [
            FieldBlock(text, ((text, text),)),
            TableBlock(text, (TableColumn(text),), ((text,),), (text,), ((text, text),)),
            SignatureBlock((SignatureCell(text, text, text, text, text),)),
            TextBlock(text),
        ]
    around = "<b>&amp;{{7*7}}"
    form = FilledForm(around, around, around, around, around, around, (Part(around, around),), tuple(blocks))
    found = "".join(pages_of(form))
    for text in HOSTILE:
        assert found.count(text) >= 15, text
    assert found.count(around) >= 8


def test_a_long_opinion_is_printed_in_full() -> None:
    block = SignatureBlock((SignatureCell("经理", "王建国", "2025-03-05", "意见" * 500), SignatureCell("总经理")))
    (page,) = pages_of(application(blocks=(block,)))
    assert page.count("意见") == 500
    assert "签字：王建国日期：2025-03-05" in page


def test_a_text_higher_than_the_page_goes_on_over_pages() -> None:
    pages = pages_of(application(blocks=(FieldBlock("", (("说明", "字" * 9_000),)),)))
    assert len(pages) > 3
    assert "".join(pages).count("字") == 9_000


def test_long_words_and_missing_characters_are_drawn() -> None:
    block = FieldBlock("", (("长词", "x" * 400), ("姓名", "𠮷😀\x00\ud800龘")))
    (page,) = pages_of(application(blocks=(block,)))
    assert page.count("x") == 400
    assert "〓〓〓龘" in page


def test_a_form_beyond_reason_is_refused() -> None:
    with pytest.raises(FormTooLong):
        render_form(application(blocks=(TextBlock("行\n" * 400_000),)))


def test_words_are_the_callers() -> None:
    words = Words(printed_by="Printed by {}", page="Page {}", pages="of {}", number="Nr {}")
    (page,) = pages_of(application(), words)
    assert "Printedby李娜（lina）" in page
    assert "Page1of1" in page
    assert "NrLP-2025-0019" in page


def test_all_fonts_are_embedded() -> None:
    reader = PdfReader(io.BytesIO(render_form(application())))
    fonts = [o for o in map(reader.get_object, range(1, len(reader.xref[0]) + 1)) if isinstance(o, DictionaryObject)]
    used = [font for font in fonts if "NotoSansSC" in str(font.get("/FontName", ""))]
    assert used
    assert all("/FontFile2" in font for font in used)


@pytest.mark.skipif(which("pdftotext") is None, reason="needs poppler-utils")
def test_another_reader_finds_the_text(tmp_path: Path) -> None:
    file = tmp_path / "form.pdf"
    file.write_bytes(render_form(application(parts=(Part("第一联"),))))
    found = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True)
    assert "伍佰壹拾柒元伍角整" in found.stdout
    assert not found.stderr


# --- the child process ----------------------------------------------------------------------------------


def child(html: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "backoffice.exports.form_worker"],
        input=html.encode(),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def test_the_child_calls_nobody_and_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: red }")
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        url = f"http://127.0.0.1:{canary.getsockname()[1]}"
        html = f"""<html><head><link rel="stylesheet" href="{url}/a.css"><link rel="stylesheet" href="{secret}">
            <style>@import url({url}/b.css); @font-face {{ font-family: F; src: url({url}/f.ttf) }}
            body {{ background-image: url({url}/c.png) }}</style></head>
            <body><p>text</p><img src="{url}/d.png"><img src="file://{secret}"><img src="{secret}"></body></html>"""
        child(html)
        with pytest.raises(TimeoutError):
            canary.accept()


def test_the_child_gives_up_on_what_nests_too_deep() -> None:
    assert child("<div>" * 300 + "x" + "</div>" * 300).returncode == TOO_LONG


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """A child that reads the form and ends like that."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\ncat > /dev/null\n{end}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


@pytest.mark.parametrize("end", [f"exit {TOO_LONG}", "kill -9 $$", "kill -XCPU $$"])
def test_a_child_stopped_by_a_limit_means_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    stand_in(tmp_path, monkeypatch, end)
    with pytest.raises(FormTooLong):
        render_form(application())


def test_a_child_that_fails_is_told_without_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "echo secret >&2; exit 1")
    with pytest.raises(FormFailed, match="could not be made") as told:
        render_form(application())
    assert "secret" not in str(told.value)
