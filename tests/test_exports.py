"""CSV and register PDF: what is in them, read back by other programs' rules."""

import csv
import io
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from backoffice.exports.to_csv import Cell, neutral, original, to_csv
from backoffice.exports.to_pdf import Column, Heading, to_pdf
from backoffice.exports.typeset import printable, width_of, wrapped


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        "﹦1",
        "\t=1",
        "\tx",
        "\rx",
        "\nx",
        "  =1",
        "\u3000=1",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b=1",
        "\u200b \ufeff-1",
        "\x00=1",
        "\u2028=1",
        " \t1",
        "'=1",
        "' =1",
        "''@x",
    ],
)
def test_a_formula_is_defused_and_recovered(text: str) -> None:
    assert neutral(text) == f"'{text}"
    assert original(neutral(text)) == text


@pytest.mark.parametrize("text", ["", "青川建材", "1-2", "a=b", "'tis", "'", "#1", "（=1）", "138****1234", " 空格"])
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text
    assert original(text) == text


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("'=+-@＝\t\r\n \ufeff\u200b"))))
def test_every_text_is_recovered_and_none_starts_a_formula(text: str) -> None:
    defused = neutral(text)
    assert original(defused) == text
    assert not defused.lstrip(" \u3000\ufeff\u200b").startswith(("=", "+", "-", "@", "＝", "\t", "\r", "\n"))


def test_typed_values_are_plain_and_never_prefixed() -> None:
    row: tuple[Cell, ...] = (
        -5,
        Decimal("-1770.00"),
        Decimal("1E+3"),
        date(2025, 3, 4),
        datetime(2025, 3, 4, 9, 5, 7, tzinfo=UTC),
        True,
        False,
        None,
    )
    data = b"".join(to_csv(["列"] * 8, [row]))
    assert read_back(data)[1] == [
        "-5",
        "-1770.00",
        "1000",
        "2025-03-04",
        "2025-03-04 09:05:07",
        "是",
        "否",
        "",
    ]


def test_the_file_has_its_mark_its_header_and_its_line_ends() -> None:
    data = b"".join(to_csv(["编号", "=标签"], [("LP-2025-0019", '引"号,\n换行')]))
    assert data.startswith(b"\xef\xbb\xbf")
    assert read_back(data) == [["编号", "'=标签"], ["LP-2025-0019", '引"号,\n换行']]
    assert data.count(b"\r\n") == 2


def test_trailer_lines_come_last_with_the_number_of_rows() -> None:
    data = b"".join(to_csv(["编号"], [("a",), ("b",)], trailer=lambda count: ["导出人：张三", f"# 共 {count} 条"]))
    assert read_back(data)[-2:] == [["# 导出人：张三"], ["# 共 2 条"]]
    assert read_back(b"".join(to_csv(["编号"], [], trailer=["无"]))) == [["编号"], ["# 无"]]


def test_the_header_comes_before_the_first_row_is_asked_for() -> None:
    def rows() -> Iterator[tuple[str]]:
        raise AssertionError("a row was asked for")
        yield ("",)

    assert next(to_csv(["编号"], rows())) == "\ufeff编号\r\n".encode()


def test_rows_are_streamed_in_chunks() -> None:
    taken = 0

    def rows() -> Iterator[tuple[str, int]]:
        nonlocal taken
        for taken in range(10_000):
            yield ("青川建材有限公司", taken)

    chunks = to_csv(["客户", "序号"], rows())
    next(chunks)
    next(chunks)
    assert 0 < taken < 5_000
    assert all(len(chunk) < 300_000 for chunk in chunks)


def test_a_character_that_utf8_cannot_carry_does_not_stop_the_export() -> None:
    assert read_back(b"".join(to_csv(["a"], [("x\ud800y",), ("𠮷😀",)])))[1:] == [["x?y"], ["𠮷😀"]]


# --- register PDF ------------------------------------------------------------------------------------

HEADING = Heading("青川贸易有限公司", "礼品登记簿", "李娜（lina）", "2025-03-04 09:05", "状态 = 已批准")


def texts(columns: list[Column], rows: list[tuple[str, ...]], heading: Heading = HEADING) -> list[str]:
    reader = PdfReader(io.BytesIO(b"".join(to_pdf(heading, columns, rows))))
    return [page.extract_text() for page in reader.pages]


def joined(pages: list[str]) -> str:
    return "".join("".join(pages).split())


def test_every_page_has_title_header_and_foot() -> None:
    pages = texts([Column("编号"), Column("金额（元）", "right")], [(f"LP-{i:04d}", f"{i}.00") for i in range(120)])
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        flat = "".join(page.split())
        for word in (
            "青川贸易有限公司",
            "礼品登记簿",
            "编号",
            "金额（元）",
            "打印人：李娜（lina）",
            "打印时间：2025-03-0409:05",
            "筛选条件：状态=已批准",
            f"第{number}页",
            f"共{len(pages)}页",
            "共120条",
        ):
            assert word in flat
    assert [f"LP-{i:04d}" in joined(pages) for i in range(120)] == [True] * 120


def test_an_empty_register_says_so() -> None:
    (page,) = texts([Column("编号"), Column("客户")], [])
    assert "无记录" in page
    assert "客户" in page
    assert "共 0 条" in page


def test_long_cells_go_on_over_pages_and_lose_nothing() -> None:
    pages = texts([Column("编号"), Column("备注")], [("甲", "字" * 9_000), ("乙", "词" * 30)])
    assert len(pages) > 2
    assert joined(pages).count("字") == 9_000
    assert joined(pages).count("词") == 30


def test_columns_that_do_not_fit_follow_on_further_pages() -> None:
    columns = [Column(f"第{i}列的标题") for i in range(60)]
    pages = texts(columns, [tuple(f"R{row}C{column:02d}-2025-03-04" for column in range(60)) for row in range(3)])
    assert len(pages) > 1
    for row in range(3):
        for column in range(60):
            assert f"R{row}C{column:02d}-2025-03-04" in joined(pages)
    assert all("R2C00" in page for page in pages)
    assert f"栏目 1/{len(pages)}" in pages[0]


def test_what_the_font_lacks_is_a_visible_sign() -> None:
    (page,) = texts(
        [Column("姓名")],
        [("𠮷野家😀",), ("a\x00b\x07c\u202ed\ud800",), ("龘䶮喆堃①￥—※",), ("a\u3000b\u00a0c\td",)],
    )
    assert "〓野家〓" in page
    assert "abcd〓" in page
    assert "龘䶮喆堃①￥—※" in page
    assert "a b c d" in " ".join(page.split())


def test_markup_in_a_register_is_text() -> None:
    (page,) = texts([Column("<b>标签</b>")], [("<pdf:pagenumber/>",), ("{{7*7}}",), (r"(\) %PDF",)])
    for text in ("<b>标签</b>", "<pdf:pagenumber/>", "{{7*7}}", r"(\) %PDF"):
        assert text in page


def test_a_long_filter_is_printed_in_full() -> None:
    heading = Heading("公司", "标题", "李娜", "2025-03-04", "条" * 3_000)
    assert joined(texts([Column("编号")], [("甲",)], heading)).count("条") >= 3_000


def test_the_same_rows_give_the_same_bytes() -> None:
    first, second = (b"".join(to_pdf(HEADING, [Column("编号")], [("甲",)])) for _ in range(2))
    assert first == second


def test_two_threads_draw_at_once() -> None:
    def draw(mark: str) -> bool:
        pages = texts([Column("编号")], [(f"{mark}{chr(0x4E00 + i)}",) for i in range(600)])
        return all(f"{mark}{chr(0x4E00 + i)}" in "".join(pages) for i in range(600))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(draw, "甲乙丙丁"))


@pytest.mark.skipif(which("pdftotext") is None, reason="needs poppler-utils")
def test_another_reader_finds_the_text_and_the_fonts_embedded(tmp_path: Path) -> None:
    file = tmp_path / "register.pdf"
    file.write_bytes(b"".join(to_pdf(HEADING, [Column("姓名")], [("喆堃龘䶮①￥",)])))
    found = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True)
    assert "喆堃龘䶮①￥" in found.stdout
    assert not found.stderr


# --- breaking lines -----------------------------------------------------------------------------------


@given(st.text(max_size=200), st.floats(min_value=1_000, max_value=30_000))
def test_lines_fit_and_lose_nothing(text: str, limit: float) -> None:
    drawn = printable(text)
    lines = wrapped(drawn, limit)
    assert "".join("".join(lines).split()) == "".join(drawn.split())
    assert all(width_of(line) <= limit or len(line) == 1 for line in lines)


def test_closing_signs_do_not_begin_a_line_and_words_stay_whole() -> None:
    assert wrapped("客户要求，尽快送达", 4_000) == ["客户要", "求，尽快", "送达"]
    assert wrapped("at customer site", 6_500) == ["at customer", "site"]
