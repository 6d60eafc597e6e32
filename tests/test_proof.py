"""What convinces of the history: no statement of ours can alter it, and `verify-audit` names whatever else did."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pytest
from peewee import Database, DatabaseError, IntegrityError, OperationalError, ProgrammingError, SqliteDatabase

from backoffice import history, proof
from backoffice.database import dialect
from backoffice.seals import seal
from models.base import db
from models.evidence import AuditEvent, AuditHead
from tests.company import Company
from tests.servers import serving
from tests.shell import Shell, shell
from tests.tampering import unguard

__all__ = ["shell"]
REFUSED = (IntegrityError, OperationalError, ProgrammingError, DatabaseError)
NOW = dt.datetime(2026, 3, 4, 2, 0, tzinfo=dt.UTC)
CHAIN = "tool:2026-03"


def write(count: int, register: str = "tool", now: dt.datetime = NOW) -> None:
    for n in range(count):
        history.record(f"{register}:noted", now=now, register=register, record_id=n, detail={"n": n})


@pytest.fixture
def written(database: Database) -> Database:
    """Five entries in one chain, two in another, one in the month before."""
    with db.atomic():
        write(1, now=NOW - dt.timedelta(days=30))
        write(5)
        write(2, "other")
    assert list(proof.faults()) == []
    return database


def rows(chain: str = CHAIN) -> list[dict[str, Any]]:
    return list(AuditEvent.select().where(AuditEvent.chain == chain).order_by(AuditEvent.sequence).dicts())


def found() -> list[tuple[str, int, str]]:
    return [(fault.chain, fault.sequence, fault.what) for fault in proof.faults()]


# ---- no statement may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO audit_head SELECT * FROM audit_head",
        "UPDATE audit_event SET actor_name = 'x' WHERE sequence = 2",
        "UPDATE audit_event SET hash = hash",
        "DELETE FROM audit_event WHERE sequence = 2",
        "DELETE FROM audit_event",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET sequence = sequence - 1",
        "UPDATE audit_head SET sequence = sequence + 2",
        "UPDATE audit_head SET hash = 'x'",
        "UPDATE audit_head SET chain = 'x', sequence = sequence + 1 WHERE sequence = 5",
        "TRUNCATE audit_event",
    ],
)
def test_no_statement_changes_or_removes_an_entry(written: Database, statement: str) -> None:
    if statement.startswith("INSERT") and not isinstance(written, SqliteDatabase):
        statement = "TRUNCATE audit_head"
    if statement.startswith("TRUNCATE") and isinstance(written, SqliteDatabase):
        statement = "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event"
    before = rows()
    with pytest.raises(REFUSED), written.atomic():
        written.execute_sql(statement)
    assert rows() == before
    assert found() == []


# ---- what is named -----------------------------------------------------------------------------------------------------


def test_a_whole_chain_that_is_removed_is_missed(written: Database) -> None:
    unguard(written)
    AuditEvent.delete().where(AuditEvent.chain == CHAIN).execute()
    AuditHead.delete().where(AuditHead.chain == CHAIN).execute()
    assert found() == [(CHAIN, 1, "missing")]


def test_a_chain_that_nobody_opened_is_inserted(written: Database) -> None:
    unguard(written)
    for model in (AuditEvent, AuditHead):
        model.update(chain="forged:2026-03").where(model.chain == CHAIN).execute()
    assert ("forged:2026-03", 1, "altered") in found()
    assert (CHAIN, 1, "missing") in found()


def test_the_list_of_chains_is_a_chain_itself(written: Database) -> None:
    unguard(written)
    AuditEvent.delete().where((AuditEvent.chain == "history") & (AuditEvent.sequence == 2)).execute()
    assert found() == [("history", 2, "missing")]


def renumber(after: int, by: int) -> None:
    """As somebody would who wants no gap to be seen; one step at a time for the unique index."""
    order = AuditEvent.sequence.asc() if by < 0 else AuditEvent.sequence.desc()
    moved = AuditEvent.select().where((AuditEvent.chain == CHAIN) & (AuditEvent.sequence > after)).order_by(order)
    for event in list(moved):
        AuditEvent.update(sequence=event.sequence + by).where(AuditEvent.id == event.id).execute()
    AuditHead.update(sequence=AuditHead.sequence + by).where(AuditHead.chain == CHAIN).execute()


def test_an_entry_that_is_removed_is_named_though_the_others_were_renumbered(written: Database) -> None:
    unguard(written)
    AuditEvent.delete().where((AuditEvent.chain == CHAIN) & (AuditEvent.sequence == 3)).execute()
    renumber(3, -1)
    assert found() == [(CHAIN, 3, "missing")]


def test_an_entry_that_is_inserted_in_the_middle_is_named(written: Database) -> None:
    unguard(written)
    second = AuditEvent.get((AuditEvent.chain == CHAIN) & (AuditEvent.sequence == 2))
    renumber(2, 1)
    forged = {
        name: getattr(second, name) for name in AuditEvent._meta.fields if name not in ("id", "actor", "on_behalf_of")
    }
    forged |= {"actor": None, "on_behalf_of": None, "sequence": 3, "previous": second.hash, "detail": '{"n":99}'}
    AuditEvent.insert({**forged, "hash": history.digest(forged)}).execute()
    assert found() == [(CHAIN, 3, "inserted")]


def test_an_entry_that_was_altered_and_sealed_anew_is_named(written: Database) -> None:
    unguard(written)
    third = AuditEvent.get((AuditEvent.chain == CHAIN) & (AuditEvent.sequence == 3))
    changed = {name: getattr(third, name) for name in AuditEvent._meta.fields if name not in ("actor", "on_behalf_of")}
    changed |= {"actor": None, "on_behalf_of": None, "detail": '{"n":99}'}
    AuditEvent.update(detail='{"n":99}', hash=history.digest(changed)).where(AuditEvent.id == third.id).execute()
    assert found() == [(CHAIN, 3, "altered")]


@pytest.mark.parametrize("chain", [CHAIN, history.ROOT])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "garbage"),
        ("at", ""),
        ("detail", "no json"),
        ("detail", "{}"),
        ("detail", "[1]"),
        ("action", "\U0001f600"),
    ],
)
def test_a_value_that_is_none_of_its_field_is_named_too(
    written: Database, shell: Shell, chain: str, column: str, value: str
) -> None:
    unguard(written)
    last, number = len(rows(chain)), db.param
    for sequence in (last, 2):
        written.execute_sql(
            f'UPDATE audit_event SET "{column}" = {number} WHERE chain = {number} AND sequence = {number}',
            (value, chain, sequence),
        )
        assert (chain, sequence, "altered") in found()
        # The start of a server looks at the ends only, and does not fall over either.
        assert [(fault.chain, fault.sequence) for fault in proof.head_faults()] == [(chain, last)]
    assert "entry 2 is altered" in shell("verify-audit").refusal
    assert "entry 2 is altered" in shell("check").refusal


def test_a_history_that_is_gone_as_a_whole_is_missed(company: Company, shell: Shell) -> None:
    unguard()
    AuditEvent.delete().execute()
    AuditHead.delete().execute()
    assert "entry 1 is missing" in shell("verify-audit").refusal


def test_chains_are_judged_one_by_one(written: Database) -> None:
    unguard(written)
    AuditEvent.update(actor_name="x").where((AuditEvent.chain == CHAIN) & (AuditEvent.sequence == 4)).execute()
    AuditEvent.delete().where((AuditEvent.chain == "other:2026-03") & (AuditEvent.sequence == 2)).execute()
    AuditEvent.update(number="x").where(AuditEvent.chain == "tool:2026-02").execute()
    assert sorted(found()) == [
        ("other:2026-03", 2, "missing"),
        ("tool:2026-02", 1, "altered"),
        (CHAIN, 4, "altered"),
    ]


def test_entries_that_come_while_it_reads_are_no_fault(written: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heads are read first; whoever writes then makes the chains longer than they were."""
    known, called = proof.heads(), []

    def heads() -> dict[str, proof.Head]:
        called.append(1)
        if len(called) > 1:
            return {head.chain: proof.Head(head.sequence, head.hash) for head in AuditHead.select()}
        with written.atomic():
            write(2)
            write(1, "new")
        return known

    monkeypatch.setattr(proof, "heads", heads)
    assert found() == []
    assert len(called) == 2


# ---- the command -------------------------------------------------------------------------------------------------------


def test_verify_audit_says_that_all_is_well(shell: Shell, company: Company) -> None:
    company.gift_in("approved")
    answer = shell("verify-audit")
    assert (answer.code, answer.err) == (0, "")
    entries = AuditEvent.select().count()
    chains = AuditHead.select().count()
    assert answer.out.splitlines()[0] == f"{entries} entries in {chains} chains: nothing altered, missing or inserted"


def test_verify_audit_names_register_month_and_position(shell: Shell, company: Company) -> None:
    company.gift_in("approved")
    unguard()
    AuditEvent.update(detail="{}").where(
        (AuditEvent.chain == "gift_signoff:2026-03") & (AuditEvent.sequence == 2)
    ).execute()
    answer = shell("verify-audit")
    assert "register gift_signoff, month 2026-03: entry 2 is altered" in answer.refusal
    assert answer.out == "register gift_signoff, month 2026-03: entry 2 is altered\n"


def test_what_was_cut_off_everywhere_is_found_with_heads_kept_elsewhere(
    shell: Shell, written: Database, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.json"
    assert shell("verify-audit", "--heads", kept).code == 0
    assert json.loads(kept.read_text())[CHAIN]["sequence"] == 5
    with written.atomic():
        write(1)
    assert shell("verify-audit", "--against", kept).code == 0
    unguard(written)
    # The end of a chain together with its head: from inside nothing is to be seen.
    AuditEvent.delete().where((AuditEvent.chain == CHAIN) & (AuditEvent.sequence > 4)).execute()
    fourth = AuditEvent.get((AuditEvent.chain == CHAIN) & (AuditEvent.sequence == 4))
    AuditHead.update(sequence=4, hash=fourth.hash).where(AuditHead.chain == CHAIN).execute()
    assert shell("verify-audit").code == 0
    assert "register tool, month 2026-03: entry 5 is missing" in shell("verify-audit", "--against", kept).refusal
    kept.write_text("[1]")
    assert "neither a file of --heads nor a backup" in shell("verify-audit", "--against", kept).refusal


def chains_of(database: Database, chains: int, length: int) -> None:
    """Whole chains by plain inserts, much faster than by the product."""
    names = [name for name in AuditEvent._meta.sorted_field_names if name != "id"]
    fields = [getattr(AuditEvent, name) for name in names]
    with db.atomic():
        for number in range(chains):
            write(1, f"r{number}")
        unguard(database)
        for number in range(chains):
            chain = f"r{number}:2026-03"
            last = AuditEvent.get(AuditEvent.chain == chain)
            row = {name: getattr(last, name) for name in names if name not in ("actor", "on_behalf_of")}
            row |= {"actor": None, "on_behalf_of": None}
            made = []
            for sequence in range(2, length + 1):
                row = {**row, "sequence": sequence, "previous": row["hash"]}
                row["hash"] = history.digest(row)
                made.append(tuple(row[name] for name in names))
            for start in range(0, len(made), 1500):
                AuditEvent.insert_many(made[start : start + 1500], fields).execute()
            AuditHead.update(sequence=length, hash=row["hash"]).where(AuditHead.chain == chain).execute()


def test_ten_thousand_entries_are_read_in_seconds(database: Database) -> None:
    """`make trust` reads a hundred thousand."""
    chains_of(database, 5, 2_000)
    started = time.perf_counter()
    judge = proof.Proof()
    assert list(judge.faults()) == []
    took = time.perf_counter() - started
    assert (judge.entries, judge.chains) == (10_005, 6)
    assert took < 10, f"{took:.1f} s on {dialect(database)}"


# ---- seals -----------------------------------------------------------------------------------------------------------


def rewrite(chain: str, sequence: int) -> None:
    """Another detail from that entry on, with every hash and the head made right again: by who owns the database and our code."""
    unguard()
    previous = ""
    for row in rows(chain):
        if row["sequence"] >= sequence:
            row |= {"detail": json.dumps({"forged": True}), "previous": previous}
            hashed = history.digest(row)
            AuditEvent.update(detail=row["detail"], previous=previous, hash=hashed).where(
                AuditEvent.id == row["id"]
            ).execute()
            row["hash"] = hashed
        previous = row["hash"]
    AuditHead.update(hash=previous).where(AuditHead.chain == chain).execute()


def test_a_chain_that_was_rewritten_as_a_whole_contradicts_its_seal(written: Database) -> None:
    assert seal(NOW) is not None
    with db.atomic():
        write(1)
    rewrite(CHAIN, 6)
    assert found() == []  # It came after the seal, and before the next.
    rewrite(CHAIN, 2)
    assert found() == [(CHAIN, 5, "altered")]


def test_a_seal_is_written_once_a_day_and_holds_what_is_new(written: Database) -> None:
    first = seal(NOW)
    assert seal(NOW + dt.timedelta(hours=3)) is None
    with db.atomic():
        write(1, "other")
    second = seal(NOW + dt.timedelta(days=1))
    assert None not in {first, second}
    assert first != second
    told = [json.loads(row["detail"]) for row in rows("history") if row["action"] == "history:sealed"]
    assert [sorted(one["heads"]) for one in told] == [["other:2026-03", "tool:2026-02", CHAIN], ["other:2026-03"]]
    assert [one["digest"] for one in told] == [first, second]
    assert list(proof.faults()) == []


def test_a_server_seals_the_history_when_it_starts_and_says_so(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    with serving(database_url, tmp_path / "data", workers=2) as (server,):
        end = time.monotonic() + 10
        while "history sealed" not in server.log.read_text(encoding="utf-8") and time.monotonic() < end:
            time.sleep(0.05)
        lines = [line for line in server.log.read_text(encoding="utf-8").splitlines() if "history sealed" in line]
    (row,) = [row for row in rows("history") if row["action"] == "history:sealed"]
    assert [json.loads(line)["digest"] for line in lines] == [json.loads(row["detail"])["digest"]]
