"""`backoffice export` and `print`: what they write, what they log, and where they refuse."""

from __future__ import annotations

import csv
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from backoffice.texts import label
from models.evidence import AuditEvent
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.shell import ON_SQLITE, Shell, shell

__all__ = ["shell"]


def exported(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return [row for row in csv.reader(text.splitlines()) if row]


def logged(action: str) -> AuditEvent | None:
    found: AuditEvent | None = (
        AuditEvent.select().where(AuditEvent.action == action).order_by(AuditEvent.id.desc()).first()
    )
    return found


def test_export_writes_what_the_person_sees_and_logs_it(shell: Shell, company: Company, tmp_path: Path) -> None:
    for _ in range(3):
        company.gift_in("submitted")
    company.gift("market_specialist", purpose="roadshow")
    seen = company.browser("sales_manager").page("/admin/gift_signoff/?flt1_state_equals=submitted")
    numbers = {str(row["data-number"]) for row in seen.select("tr[data-number]")}
    assert len(numbers) == 3
    file = tmp_path / "gifts.csv"
    answer = shell(
        *("export", "gift_signoff", "--format", "csv", "--as", "sales_manager"),
        *("--where", "state=submitted", "-o", file),
    )
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    head, *rows, trailer = exported(file)
    place = head.index(label(company.catalogue["gift_signoff"].fields["number"].field))
    assert {row[place] for row in rows} == numbers
    assert "sales_manager" in trailer[0]
    event = logged("gift_signoff:export:csv")
    assert event is not None
    assert (event.actor.username, event.address) == ("sales_manager", "command line")
    assert not list(tmp_path.glob("*.part"))


def test_export_masks_as_the_page_does(shell: Shell, company: Company, tmp_path: Path) -> None:
    company.customer("salesperson", confidentiality="secret")
    for username in ("sales_manager", "sales_clerk"):
        page_ = company.browser(username).page("/admin/customer_archive/details/?id=1")
        file = tmp_path / f"{username}.csv"
        answer = shell("export", "customer_archive", "--format", "csv", "--as", username, "-o", file)
        assert answer.code == 0, answer.err
        head, row, *_ = exported(file)
        masked_labels = page_.select("dt:has(+ dd[data-masked])")
        assert bool(masked_labels) is (username == "sales_clerk")
        for masked in masked_labels:
            text = str(masked.find(string=True, recursive=False)).strip().removesuffix("（元）")
            assert row[head.index(text)] == "***", f"{username} {text}"


def test_export_as_pdf_and_of_the_lines(shell: Shell, company: Company, tmp_path: Path) -> None:
    company.gift_in("submitted")
    file = tmp_path / "gifts.pdf"
    words = ("export", "gift_signoff", "--as", "sales_manager", "-o", file)
    assert shell(*words, "--format", "pdf", "--search", "LP-").code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert logged("gift_signoff:export:pdf") is not None
    assert shell(*words, "--format", "csv", "--child", "lines").code == 0
    assert len(exported(file)) == 3
    assert "--child 'nothing'" in shell(*words, "--format", "csv", "--child", "nothing").refusal
    assert "--child 'lines': with --format csv" in shell(*words, "--format", "pdf", "--child", "lines").refusal


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gift_sign", "--as", "sales_manager"), "there is no register 'gift_sign'; valid:"),
        (("gift_signoff", "--as", "nobody"), "there is no account 'nobody'"),
        (("gift_signoff", "--as", "salesperson"), "salesperson may not export gift_signoff (CUS-22)"),
        (("gift_signoff", "--as", "sales_manager", "--where", "state"), "write FIELD=VALUE"),
        (("gift_signoff", "--as", "sales_manager", "--where", "moon=1"), "is nothing sales_manager may filter by"),
        (("gift_signoff", "--as", "sales_manager", "--where", "visit_on=soon"), "--where visit_on_equals: "),
    ],
    ids=["register", "account", "right", "no value", "unknown field", "wrong value"],
)
def test_export_refuses(shell: Shell, company: Company, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    file = tmp_path / "x.csv"
    assert says in shell("export", *words, "--format", "csv", "-o", file).refusal
    assert not file.exists()


@ON_SQLITE
def test_a_file_that_cannot_be_written_is_one_line(shell: Shell, company: Company, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "x.csv"
    words = ("export", "gift_signoff", "--format", "csv", "--as", "sales_manager", "-o", file)
    assert "nowhere" in shell(*words).refusal
    for odd in ("", tmp_path):
        assert "is no file that can be written" in shell(*words[:-1], odd).refusal
        assert "is no file that can be written" in shell("backup", odd).refusal


@ON_SQLITE
def test_an_export_replaces_no_device_and_leaves_nothing_half_written(
    shell: Shell, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("export", "gift_signoff", "--format", "csv", "--as", "sales_manager", "-o")
    pipe, kept = tmp_path / "pipe", tmp_path / "x.csv.part"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert shell(*words, pipe).code == 0
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert os.read(reader, 1 << 16)
    finally:
        os.close(reader)
    assert "is no file that can be written" in shell("backup", pipe).refusal
    kept.write_text("mine", encoding="ascii")
    before = sorted(tmp_path.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "No space left" in shell(*words, tmp_path / "x.csv").refusal
    assert sorted(tmp_path.iterdir()) == before
    assert kept.read_text(encoding="ascii") == "mine"


def pdf_text(path: Path) -> str:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("no pdftotext found; install it: apt-get install poppler-utils")
    done = subprocess.run([tool, "-layout", str(path), "-"], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_print_writes_a_form_that_can_be_read(shell: Shell, company: Company, tmp_path: Path) -> None:
    number = GiftSignoff.get_by_id(company.gift_in("approved")).number
    file = tmp_path / "form.pdf"
    answer = shell("print", "gift_signoff", number, "--form", "gift_application", "--as", "salesperson", "-o", file)
    assert (answer.code, answer.err) == (0, "")
    text = pdf_text(file)
    assert number in text
    assert "测试公司" in text
    assert "礼品申请表" in text
    assert logged("gift_signoff:print:gift_application") is not None


def test_print_of_a_form_over_many_records(shell: Shell, company: Company, tmp_path: Path) -> None:
    company.gift_item("LP-CY", stock=10)
    file = tmp_path / "stock.pdf"
    answer = shell("print", "gift_item", "--form", "gift_stock", "--as", "market_specialist", "-o", file)
    assert (answer.code, answer.err) == (0, "")
    assert "LP-CY" in pdf_text(file)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gift_signoff", "LP-2026-0001", "--form", "moon", "--as", "salesperson"), "valid: "),
        (("gift_signoff", "--form", "gift_application", "--as", "salesperson"), "needs a NUMBER"),
        (("gift_signoff", "x", "--form", "gift_month", "--as", "sales_manager"), "without NUMBER"),
        (("gift_signoff", "LP-1999-0001", "--form", "gift_application", "--as", "salesperson"), "no such record"),
        (("gift_signoff", "LP-2026-0001", "--form", "gift_application", "--as", "salesperson_2"), "no such record"),
        (("gift_signoff", "LP-2026-0001", "--form", "gift_application", "--as", "archivist"), "may not print"),
        (
            ("gift_signoff", "--form", "gift_month", "--as", "sales_manager", "--where", "month=soon"),
            "--where: ",
        ),
    ],
    ids=["form", "no number", "number", "absent", "of another", "right", "period"],
)
def test_print_refuses(shell: Shell, company: Company, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    company.gift_in("submitted")
    file = tmp_path / "x.pdf"
    assert says in shell("print", *words, "-o", file).refusal
    assert not file.exists()
