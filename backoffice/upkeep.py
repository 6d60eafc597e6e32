"""Commands of whoever keeps the installation: migrate, backup, restore, verify-audit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backoffice import backup, commanding, database_roles, migrate, pg_tools, proof, restore, running
from backoffice.commanding import Refusal, settings_of
from backoffice.config import Settings, without_password
from backoffice.database import connected
from models.base import db

Command = Callable[[argparse.Namespace, Mapping[str, str]], None]


def add_commands(command: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    made = command("migrate", run_migrate, "bring the database to this version")
    made.add_argument("--plan", action="store_true", help="only say what would be done")

    made = command("backup", run_backup, "write database, attachments and settings to one file while the server works")
    made.add_argument(
        "file", metavar="FILE", type=Path, help="the file to write; one that is there is replaced at the end"
    )

    made = command("restore", run_restore, "put a backup into an empty place, after it has been proved")
    made.add_argument("file", metavar="FILE", type=Path, help="a file that backup has written")
    made.add_argument("--into", metavar="DIR", type=Path, help="below this directory instead of where the settings say")
    made.add_argument(
        "--accept-broken-history", action="store_true", help="also when the history was not whole when it was saved"
    )

    made = command(
        "verify-audit", run_verify_audit, "read the whole history and name what was altered, removed or added"
    )
    made.add_argument(
        "--heads", metavar="FILE", type=Path, help="write the ends of all chains here, to be kept elsewhere"
    )
    made.add_argument(
        "--against", metavar="FILE", type=Path, help="a file of --heads or a backup: what it knew must still be there"
    )


def run_migrate(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    settings = settings_of(environ)
    database = _owned(settings)
    try:
        with connected(database):
            if arguments.plan:
                steps = migrate.plan(database)
                told = [f"{step.name}: {step.reason}" for step in steps] or ["nothing to do, the schema is up to date"]
                print("\n".join(told))
                return
            upgrade = migrate.upgrade(database)
            if settings.database_owner_url:
                role = database_roles.role_of(settings.database_url)
                database_roles.grant(database, role)
                print(f"granted: {role} reads and writes rows, and only adds to the history")
    finally:
        commanding.close(database)
    if upgrade.copy is not None:
        print(f"copy of the database as it was: {upgrade.copy}")
    print(f"applied: {', '.join(upgrade.applied) or 'nothing, the schema is up to date'}")


def _owned(settings: Settings) -> Any:
    """The database as its owner, who may change the schema."""
    if not settings.database_owner_url:
        return commanding.opened(settings.database_url)
    return commanding.opened(settings.database_owner_url, "BACKOFFICE_DATABASE_OWNER_URL")


def run_backup(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    settings = settings_of(environ)
    database = commanding.bound(settings)
    try:
        with _one_line():
            made = backup.back_up(settings, commanding.file_to_write(arguments.file))
    finally:
        commanding.close(database)
    print(f"{arguments.file}: {made.rows} rows, {made.files} attachments, {made.size} bytes")
    print("the secret key and passwords are not in it; keep them apart")
    if made.faults:
        raise Refusal(f"saved, but the history is not whole: {made.faults[0]}")
    if made.lost:
        raise Refusal(
            f"saved, but {len(made.lost)} attachments were gone or altered already; the first: {made.lost[0]}"
        )


def run_restore(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    place = restore.place_of(settings_of(environ), arguments.into)
    with _one_line():
        done = restore.restore(arguments.file, place, accept_faults=arguments.accept_broken_history)
    print(
        f"restored as of {done.made_at}: {done.rows} rows, {done.files} attachments, {done.entries} history entries; "
        "counts, hashes and history proved"
    )
    print(f"BACKOFFICE_DATABASE_URL={without_password(place.database_url)}")
    print(f"BACKOFFICE_DATA_DIR={place.data_dir}")
    if done.behind:
        print("it is of an older version; run: backoffice migrate")


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except (backup.BackupFault, running.Occupied, pg_tools.ToolFault) as fault:
        raise Refusal(str(fault)) from fault


def run_verify_audit(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """One line for each chain that is not whole; 1 as soon as there is one."""
    database = commanding.bound(settings_of(environ))
    with connected(db):
        judge = proof.Proof()
        found = [*judge.faults(), *proof.gone()]
        if arguments.against:
            known = {(fault.chain, fault.sequence) for fault in found}
            since = proof.cut_since(_kept(arguments.against))
            found += [fault for fault in since if (fault.chain, fault.sequence) not in known]
        ends = proof.heads()
    commanding.close(database)
    for fault in found:
        print(fault)
    if arguments.heads and not found:
        text = json.dumps({chain: asdict(head) for chain, head in sorted(ends.items())}, indent=1)
        arguments.heads.write_text(text + "\n", encoding="ascii")
    if found:
        raise Refusal(f"{len(found)} chain{'s'[: len(found) > 1]} not whole; {found[0]}")
    print(f"{judge.entries} entries in {judge.chains} chains: nothing altered, missing or inserted")
    print(f"head of all chains: {proof.digest_of(ends)}")


def _kept(path: Path) -> dict[str, proof.Head]:
    """The ends of the chains in a file of --heads, or in a backup."""
    try:
        plain = json.loads(path.read_text(encoding="ascii"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        with _one_line(), backup.opened(path) as archive:
            plain = archive.manifest["heads"]
    try:
        return {chain: proof.Head(int(head["sequence"]), str(head["hash"])) for chain, head in plain.items()}
    except (AttributeError, TypeError, KeyError, ValueError) as wrong:
        raise Refusal(f"--against {path}: neither a file of --heads nor a backup") from wrong


__all__ = ["add_commands"]
