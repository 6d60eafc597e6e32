"""The command `backoffice`: what each one does, its exit status, and one clear line where it refuses."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import socket
import stat
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from peewee import Database

from backoffice import clock, history, migrate
from backoffice.database import connected, open_database
from backoffice.paths import resource_dir
from backoffice.typing_in import columns_of
from models.accounts import User, UserRole
from models.base import db
from models.evidence import AuditEvent
from models.registers.gift_signoff import GiftSignoff
from tests.accounts_app import Browser, outcome
from tests.company import Company
from tests.servers import COMMAND, Person, free_port
from tests.shell import ON_SQLITE, Shell, environment, shell
from tests.tampering import unguard

__all__ = ["shell"]

NAMES = (
    *("demo", "serve", "migrate", "create-user", "export", "print", "rules", "check"),
    *("backup", "restore", "verify-audit"),
)


# ---- usage -------------------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(shell: Shell, name: str) -> None:
    answer = shell(name, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"usage: backoffice {name}")


@ON_SQLITE
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("serve", "--port", "0"),
        ("serve", "--host", ""),
        ("serve", "--port", "８０００"),
        ("serve", "--workers", "many"),
        ("demo", "--password", ""),
        ("demo", "--customers", "0"),
        ("create-user", "liu"),
        ("create-user", "liu", "--role", "emperor"),
        ("export", "gift_signoff", "--as", "admin", "-o", "x"),
        ("export", "gift_signoff", "--format", "doc", "--as", "admin", "-o", "x"),
        ("print", "gift_signoff", "LP-2026-0001"),
        ("check", "extra"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell(*words)
    assert answer.code == 2
    assert "usage: backoffice" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("access", "\udcff"),
        ("export", "gift_signoff", "--format", "csv", "--as", "\udcff", "-o", "x"),
        ("print", "gift_signoff", "\udcff", "--form", "gift_receipt", "--as", "admin", "-o", "x"),
        ("create-user", "\udcff", "--role", "hr"),
        ("create-user", "liu", "--role", "hr", "--display", "\udcff"),
    ],
    ids=ascii,
)
def test_bytes_that_are_no_text_are_one_line(shell: Shell, company: Company, words: tuple[str, ...]) -> None:
    answer = shell(*words)
    assert answer.code == 1, answer.err
    assert answer.err.startswith("backoffice: ")
    assert answer.err.count("\n") == 1


@ON_SQLITE
def test_the_version(shell: Shell) -> None:
    answer = shell("--version")
    assert answer.code == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", answer.out)


# ---- serve -------------------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("name", ["serve", "migrate", "create-user", "export", "print", "rules", "check"])
def test_a_wrong_setting_stops_every_command(shell: Shell, name: str) -> None:
    words = {
        "create-user": ("liu", "--role", "hr"),
        "export": ("gift_item", "--format", "csv", "--as", "admin", "-o", "x"),
        "print": ("gift_item", "--form", "gift_stock", "--as", "admin", "-o", "x"),
    }
    answer = shell(name, *words.get(name, ()), BACKOFFICE_TIMEZONE="Mars/Olympus")
    assert "BACKOFFICE_TIMEZONE: 'Mars/Olympus'; accepted:" in answer.refusal


@ON_SQLITE
@pytest.mark.parametrize(
    ("environ", "words", "says"),
    [
        ({"BACKOFFICE_SECRET_KEY": ""}, (), "BACKOFFICE_SECRET_KEY: not set"),
        ({"BACKOFFICE_SECRET_KEY": "a1b2c3"}, (), "BACKOFFICE_SECRET_KEY: a value of 6 characters"),
        (
            {"BACKOFFICE_SECRET_KEY": "change-me-please-this-is-not-a-secret-key"},
            (),
            "BACKOFFICE_SECRET_KEY: a value of 41 characters",
        ),
        ({}, ("--host", "0.0.0.0"), "BACKOFFICE_TRUSTED_HOSTS: empty"),
        ({"BACKOFFICE_DATABASE_URL": "mysql://x/y"}, (), "BACKOFFICE_DATABASE_URL"),
    ],
    ids=["missing key", "short key", "published key", "off loopback", "unknown database"],
)
def test_serve_refuses(shell: Shell, environ: dict[str, str], words: tuple[str, ...], says: str) -> None:
    assert says in shell("serve", *words, **environ).refusal


def test_serve_refuses_a_schema_that_is_behind(shell: Shell, database: Database) -> None:
    database.execute_sql("DELETE FROM schema_migration WHERE name = '0005_gift'")
    assert re.search(r"schema is behind by 1 migration.*backoffice migrate", shell("serve").refusal)


def test_serve_refuses_a_database_of_a_newer_version(shell: Shell, database: Database) -> None:
    database.execute_sql(
        "INSERT INTO schema_migration (name, applied) VALUES ('9999_tomorrow', '2027-01-01T00:00:00+00:00')"
    )
    assert "9999_tomorrow" in shell("serve").refusal


def test_serve_refuses_a_schema_that_is_not_the_models(shell: Shell, database: Database) -> None:
    database.execute_sql("ALTER TABLE gift_item ADD COLUMN smuggled INTEGER")
    assert "smuggled" in shell("serve").refusal


def test_serve_refuses_a_history_whose_end_was_cut(shell: Shell, company: Company) -> None:
    company.gift_item()
    last = AuditEvent.select().where(AuditEvent.register == "gift_item").order_by(AuditEvent.id.desc()).first()
    unguard()
    AuditEvent.delete().where(AuditEvent.id == last.id).execute()
    assert (
        "history of register gift_item, month 2026-03: entry 2 is missing; run: backoffice check"
        in shell("serve").refusal
    )


@ON_SQLITE
def test_serve_refuses_a_port_that_is_taken(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1 port {port}" in shell("serve", "--port", port).refusal


@ON_SQLITE
def test_a_database_that_is_not_there_is_one_line(shell: Shell) -> None:
    port = free_port()
    answer = shell("check", BACKOFFICE_DATABASE_URL=f"postgresql://backoffice:hunter2@127.0.0.1:{port}/backoffice")
    assert "the database cannot be used" in answer.refusal
    assert "hunter2" not in answer.err


# ---- migrate -----------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_migrate_brings_an_empty_database_up_and_then_has_nothing_to_do(shell: Shell, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'own.db'}"
    (tmp_path / "new").mkdir()
    names = [path.stem for path in sorted(resource_dir("migrations").glob("0*.py"))]
    planned = shell("migrate", "--plan", BACKOFFICE_DATABASE_URL=url)
    assert planned.code == 0
    assert [line.partition(":")[0] for line in planned.out.splitlines()] == names
    assert all(line.partition(": ")[2] for line in planned.out.splitlines())
    assert shell("migrate", BACKOFFICE_DATABASE_URL=url).out == f"applied: {', '.join(names)}\n"
    assert shell("migrate", BACKOFFICE_DATABASE_URL=url).out == "applied: nothing, the schema is up to date\n"
    assert shell("migrate", "--plan", BACKOFFICE_DATABASE_URL=url).out == "nothing to do, the schema is up to date\n"
    assert shell("check", BACKOFFICE_DATABASE_URL=url).code == 0


def test_migrate_plans_nothing_on_a_database_of_this_version(shell: Shell) -> None:
    assert shell("migrate", "--plan").code == 0
    assert "up to date" in shell("migrate").out


@ON_SQLITE
def test_migrate_copies_a_file_with_records_first(shell: Shell, tmp_path: Path, database: Database) -> None:
    for table in ("gift_line", "gift_signoff", "gift_movement", "gift_item"):
        database.execute_sql(f'DROP TABLE "{table}"')
    database.execute_sql("DELETE FROM schema_migration WHERE name = '0005_gift'")
    database.close()
    answer = shell("migrate")
    assert answer.code == 0
    (copy,) = tmp_path.glob("backoffice.db.*.before-0005_*")
    assert f"copy of the database as it was: {copy}" in answer.out


@ON_SQLITE
def test_what_commands_write_is_their_owners_alone(shell: Shell, company: Company, tmp_path: Path) -> None:
    """Names, telephones and password hashes stand in them; also where the directory is open to all."""
    company.gift_in("closed")
    tmp_path.chmod(0o755)
    new, copy, list_ = tmp_path / "new.db", tmp_path / "copy", tmp_path / "list.csv"
    before = os.umask(0o022)
    try:
        assert shell("migrate", BACKOFFICE_DATABASE_URL=f"sqlite:///{new}").code == 0
        saved = shell("backup", copy)
        assert saved.code == 0, saved.err
        assert shell("restore", copy, "--into", tmp_path / "put").code == 0
        assert shell("export", "gift_signoff", "--format", "csv", "--as", "sales_manager", "-o", list_).code == 0
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    for file in (new, copy, list_, tmp_path / "put" / "backoffice.db"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


# ---- create-user -------------------------------------------------------------------------------------------------------


def test_create_user_prints_a_password_that_must_be_changed(shell: Shell, company: Company) -> None:
    answer = shell(
        *("create-user", "liu_fang", "--role", "salesperson", "--role", "sales_clerk"),
        *("--department", "sales", "--group", "1", "--display", "刘芳"),
    )
    assert answer.code == 0, answer.err
    found = re.fullmatch(r"liu_fang: one-time password (\S{12,})\n", answer.out)
    assert found
    user = User.get(User.username == "liu_fang")
    assert (user.name, user.department.code, user.group.code) == ("刘芳", "sales", "1")
    assert {row.role for row in UserRole.select().where(UserRole.user == user)} == {"salesperson", "sales_clerk"}

    browser = Browser(company.app)
    signed_in = browser.sign_in("liu_fang", found[1])
    assert signed_in.status_code == 303
    assert browser.get("/").headers["Location"].endswith("/account/password/")
    new = "otter kettle eighteen"
    changed = browser.post(
        "/account/password/", {"old": found[1], "new": new, "repeat": new}, form="/account/password/"
    )
    assert changed.status_code == 303
    assert browser.get("/").status_code == 200
    assert outcome(Browser(company.app).sign_in("liu_fang", found[1])) in {"invalid", "refused"}


def test_create_user_refuses_what_is_not_there(shell: Shell, company: Company) -> None:
    assert (
        "--department 'moon' does not exist; valid:"
        in shell(*("create-user", "liu", "--role", "hr", "--department", "moon")).refusal
    )
    assert (
        "--group '9' does not exist; valid: 1, 2" in shell("create-user", "liu", "--role", "hr", "--group", "9").refusal
    )
    assert "username" in shell("create-user", "admin", "--role", "hr").refusal
    assert "username" in shell("create-user", "刘芳", "--role", "hr").refusal


# ---- rules and check ---------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_rules_lists_every_rule_once_in_lines_that_scripts_can_read(shell: Shell) -> None:
    answer = shell("rules")
    assert answer.code == 0
    lines = [line.split("\t") for line in answer.out.splitlines() if not line.startswith("\t")]
    assert len(lines) == 480
    assert len({line[0] for line in lines}) == 480
    assert {len(line) for line in lines} == {5}
    assert all(line[3] == "met" or line[3].startswith("waits for ") for line in lines)
    assert all(re.match(r"\t(how|where|source): \S", line) for line in answer.out.splitlines() if line[0] == "\t")
    assert answer.out == shell("rules").out


@ON_SQLITE
def test_rules_of_one_register(shell: Shell) -> None:
    answer = shell("rules", "--register", "gift_signoff")
    ids = {line.split("\t")[0] for line in answer.out.splitlines() if not line.startswith("\t")}
    assert {"GIFT-02", "ACL-03"} <= ids
    assert not any(id_.startswith("KEY-") for id_ in ids)
    waiting = shell("rules", "--register", "visitor_log").out
    assert "VTR-01\tapproval\tenforce\twaits for visitor_log\t" in waiting
    assert "no such register; valid: " in shell("rules", "--register", "moon").refusal
    assert "Gifts" in shell("rules", "--register", "gift_signoff", BACKOFFICE_LOCALE="en").out


def told(company: Company) -> None:
    """The departments, groups and areas of the company, which the tests insert directly, get the history they lack."""
    with db.atomic():
        for name in ("department", "group", "area"):
            declaration = company.catalogue[name]
            for record in declaration.model.select():
                changes = {key: [None, history.plain(value)] for key, value in columns_of(declaration, record).items()}
                history.record(
                    f"{name}:create",
                    now=company.now,
                    register=name,
                    record_id=record.id,
                    detail={"changes": changes, "version": 1},
                )


def test_check_finds_a_healthy_database_fine(shell: Shell, company: Company) -> None:
    told(company)
    company.gift_in("closed")
    answer = shell("check")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith("fine\n")


def test_check_tells_of_a_record_that_was_changed_behind_its_back(shell: Shell, company: Company) -> None:
    told(company)
    gift = company.gift_in("approved")
    GiftSignoff.update(state="closed").where(GiftSignoff.id == gift).execute()
    refusal = shell("check").refusal
    assert refusal == f"1 fault; the first: gift_signoff {gift}: state is 'closed', its history says 'approved'"


def test_check_tells_of_a_history_entry_that_was_changed(shell: Shell, company: Company) -> None:
    company.gift_in("approved")
    event = AuditEvent.select().where(AuditEvent.action == "gift_signoff:submitted").get()
    unguard()
    AuditEvent.update(actor_name="别人").where(AuditEvent.id == event.id).execute()
    assert f"entry {event.sequence} is altered" in shell("check").refusal


def test_check_tells_of_a_column_that_is_gone(shell: Shell, database: Database) -> None:
    database.execute_sql("ALTER TABLE gift_item DROP COLUMN low_mark")
    assert "low_mark" in shell("check").refusal


# ---- demo --------------------------------------------------------------------------------------------------------------


@contextmanager
def running_demo(directory: Path, *words: str) -> Iterator[tuple[Person, list[str]]]:
    """A demo that answers, and what it has printed by then."""
    port = free_port()
    log = directory.with_suffix(".log")
    command = [*COMMAND, "demo", "--port", str(port), "--data", str(directory), "--customers", "1", *words]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env=environment("", directory),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 90
        while True:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                    assert answer.read() == b'{"status": "ok"}'
                break
            except OSError:
                time.sleep(0.1)
        yield Person(port), log.read_text(encoding="utf-8").splitlines()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def sign_in(person: Person, username: str, password: str) -> int:
    form = person.get("/login")
    found = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert found
    person.token = found[1]
    return person.send("/login", {"username": username, "password": password}).status


def test_the_demo_is_made_once_and_kept(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    password = "demo-pass-2026"
    with running_demo(directory, "--password", password) as (person, lines):
        assert any(re.search(r"http://127\.0\.0\.1:\d+/$", line) for line in lines)
        assert any(re.match(r"  admin +demo-pass-2026 ", line) for line in lines)
        assert "第二重验证" in lines[0]
        assert sign_in(person, "market_specialist", password) == 303
        home = person.get("/")
        assert home.status == 200
        assert 'data-user="market_specialist"' in home.text
    database = open_database(f"sqlite:///{directory / 'backoffice.db'}")
    with connected(database):
        count = database.execute_sql("SELECT count(*) FROM audit_event").fetchone()[0]
    getattr(database, "close_all", database.close)()
    assert count > 100
    assert (directory / "secret_key").stat().st_mode & 0o077 == 0

    with running_demo(directory) as (person, lines):
        assert any(re.match(r"  admin +demo-pass-2026 ", line) for line in lines)
        assert sign_in(person, "admin", password) == 303
        assert person.get("/admin/gift_signoff/").status == 200


@ON_SQLITE
def test_the_demo_refuses_to_be_open_to_all(shell: Shell, tmp_path: Path) -> None:
    answer = shell("demo", "--host", "0.0.0.0", "--data", tmp_path / "demo")
    assert "BACKOFFICE_TRUSTED_HOSTS" in answer.refusal
    assert not (tmp_path / "demo" / "backoffice.db").exists()


def test_the_clock_of_commands_is_the_companys(shell: Shell, company: Company) -> None:
    """A delegation ends with the company's day, so a command must know its zone."""
    shell("rules", BACKOFFICE_TIMEZONE="America/New_York")
    assert str(clock.company_zone()) == "America/New_York"
    shell("rules")
    assert clock.company_zone().utcoffset(company.now) == dt.timedelta(hours=8)


def test_pending_is_what_migrate_plans(database: Database) -> None:
    assert migrate.pending(database) == []
