"""The command `backoffice`: exit 0 on success, 1 on a refusal or fault with one line on standard error, 2 on wrong usage."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from peewee import PeeweeException

from backoffice import (
    __version__,
    balances,
    clock,
    database_roles,
    migrate,
    numbers,
    proof,
    replay,
    running,
    seals,
    server,
    texts,
    upkeep,
)
from backoffice.access import Access, access_of
from backoffice.accounts import UserValues, create_user, one_time_secret
from backoffice.app import DeclarationFault, create_app, make_catalogue
from backoffice.commanding import (
    Refusal,
    bound,
    broken,
    close,
    faults,
    file_to_write,
    is_special,
    note_settings,
    settings_of,
)
from backoffice.config import Settings, SettingsError
from backoffice.database import connected, hazards
from backoffice.declarations import Declaration
from backoffice.demo.opening import opened
from backoffice.errors import log_to
from backoffice.exporting import TooMany, export
from backoffice.exports.forms import FormFailed, FormTooLong
from backoffice.listing import Asked, BadFilter, BadQuery, asked
from backoffice.outcomes import Done, Invalid
from backoffice.passwords import Hasher
from backoffice.people import hats
from backoffice.printing import BadPeriod, form_named, print_many, print_record
from backoffice.rights_words import told
from backoffice.texts import read
from backoffice.tracing import trace
from backoffice.typable import reader_for
from models.accounts import Department, Group, User, UserRole
from models.base import db
from models.matrix import ROLES

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DEMO_COMPANY = "青川建材贸易有限公司"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = make_parser().parse_args(argv)
    # What is written here holds personal data: database, copies, backups and exports are their owner's alone.
    before = os.umask(0o077)
    try:
        arguments.run(arguments, os.environ)
    except (Refusal, SettingsError, migrate.MigrationError) as refusal:
        return _say(str(refusal))
    except DeclarationFault as fault:
        return _say(str(fault))
    except PeeweeException as fault:
        return _say(
            f"the database cannot be used: {type(fault).__name__}; check BACKOFFICE_DATABASE_URL and that it runs"
        )
    except BrokenPipeError:
        # Whoever read our output has left; Python's own flush at the end must not complain about that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 1
    except UnicodeEncodeError as fault:
        return _say(f"{fault.object!r}: holds bytes that are no UTF-8")
    except OSError as fault:
        return _say(f"{fault.filename or 'file'}: {fault.strerror}")
    finally:
        os.umask(before)
    return 0


def _say(text: str) -> int:
    print(f"backoffice: {text}", file=sys.stderr)
    return 1


# ---- shared ----------------------------------------------------------------------------------------------------------


def _free(host: str, port: int) -> None:
    """Refuses an address at which something else listens already, or that is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            raise Refusal(f"cannot listen on {host} port {port}: {taken.strerror}; choose another --port") from taken


def _hold(settings: Settings) -> None:
    """The lock of a server, until this process and its workers have ended."""
    try:
        running.serving(settings)
    except running.Occupied as occupied:
        raise Refusal(str(occupied)) from occupied


def _person(username: str, catalogue: Any, option: str = "--as") -> Access:
    user = User.get_or_none(User.username == username)
    if user is None:
        raise Refusal(f"{option}: there is no account {username!r}")
    if not user.active:
        raise Refusal(f"{option}: the account {username!r} is disabled")
    roles = [row.role for row in UserRole.select().where(UserRole.user == user.id)]
    return access_of(user, hats(user, roles, clock.today()), catalogue, clock.today(), "command line")


def _declared(catalogue: Any, name: str) -> Declaration:
    if name not in catalogue:
        raise Refusal(f"there is no register {name!r}; valid: {', '.join(catalogue)}")
    found: Declaration = catalogue[name]
    return found


def _asked(access: Access, declaration: Declaration, search: str, where: Sequence[str]) -> Asked:
    pairs = [("search", search)] if search else []
    for text in where:
        field, separator, value = text.partition("=")
        if not separator:
            raise Refusal(f"--where {text!r}: write FIELD=VALUE")
        pairs.append((f"flt_{field}_equals", value))
    try:
        return asked(access, declaration, pairs)
    except BadQuery as wrong:
        raise Refusal(f"--where or --search: {wrong} is nothing {access.account.username} may filter by") from wrong


# ---- commands --------------------------------------------------------------------------------------------------------


def demo(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Make the demo company if it is not there, say who may sign in, serve it."""
    directory = Path(arguments.data).resolve()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    key_file = directory / "secret_key"
    if not key_file.exists():
        key_file.write_text(secrets.token_hex(32), encoding="ascii")
        key_file.chmod(0o600)
    own = {
        "BACKOFFICE_DATABASE_URL": f"sqlite:///{directory / 'backoffice.db'}",
        "BACKOFFICE_SECRET_KEY": key_file.read_text(encoding="ascii").strip(),
        "BACKOFFICE_DATA_DIR": str(directory / "files"),
        "BACKOFFICE_COMPANY_NAME": environ.get("BACKOFFICE_COMPANY_NAME", DEMO_COMPANY),
        "BACKOFFICE_LOCALE": environ.get("BACKOFFICE_LOCALE", texts.LOCALES[0]),
        "BACKOFFICE_TRUSTED_HOSTS": environ.get("BACKOFFICE_TRUSTED_HOSTS", ""),
    }
    if arguments.host not in LOOPBACK and not own["BACKOFFICE_TRUSTED_HOSTS"]:
        raise Refusal("BACKOFFICE_TRUSTED_HOSTS: empty; off loopback it must name the hosts under which people come")
    _free(arguments.host, arguments.port)
    settings = settings_of(own, needs_secret=True)
    for line in opened(directory, settings, arguments.password, arguments.customers):
        print(line, flush=True)
    print(f"open http://{arguments.host}:{arguments.port}/", flush=True)
    _hold(settings)
    server.run(partial(_application, settings, demo=True), arguments.host, arguments.port, daily=seals.daily)


def serve(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    settings = settings_of(environ, needs_secret=True)
    if arguments.host not in LOOPBACK and not settings.trusted_hosts:
        raise Refusal("BACKOFFICE_TRUSTED_HOSTS: empty; off loopback it must name the hosts under which people come")
    make_catalogue()
    database = bound(settings)
    with connected(db):
        found = faults(database)
        if not found:
            note_settings(settings)
        unsafe = hazards(database)
    close(database)  # Before the workers are forked: they share no connection.
    if found:
        raise Refusal(f"{found[0]}; run: backoffice check")
    _free(arguments.host, arguments.port)
    if settings.second_factor == "off":
        print("backoffice: BACKOFFICE_SECOND_FACTOR is off: a password alone signs in", file=sys.stderr)
    if unsafe:
        told = f"PostgreSQL is set to {', '.join(unsafe)}: a power cut may cost what was acknowledged"
        print(f"backoffice: {told}", file=sys.stderr)
    _hold(settings)
    server.run(partial(_application, settings), arguments.host, arguments.port, arguments.workers, seals.daily)


def _application(settings: Settings, *, demo: bool = False) -> Flask:
    """What each worker of the server builds for itself; its log is JSON lines."""
    log_to()
    return create_app(settings, demo=demo)


def run_create_user(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    settings = settings_of(environ)
    with connected(bound(settings)):
        values = UserValues(
            arguments.name,
            arguments.display or arguments.name,
            _by_code(Department, arguments.department, "--department"),
            _by_code(Group, arguments.group, "--group"),
            None,
            frozenset(arguments.role),
        )
        secret = one_time_secret(Hasher())
        outcome = create_user(values, secret, actor_id=None, now=clock.now())
    if isinstance(outcome, Invalid):
        raise Refusal(
            "; ".join(f"{name}: {read(problem.text)}" for name, found in outcome.errors.items() for problem in found)
        )
    if not isinstance(outcome, Done):
        raise Refusal("the account was not made")
    print(f"{arguments.name}: one-time password {secret.password}")


def _by_code(model: Any, code: str | None, option: str) -> int | None:
    if code is None:
        return None
    row = model.get_or_none(model.code == code)
    if row is None:
        valid = ", ".join(one.code for one in model.select(model.code))
        raise Refusal(f"{option} {code!r} does not exist; valid: {valid or 'none yet'}")
    return int(row.id)


def run_export(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    settings = settings_of(environ)
    catalogue = make_catalogue()
    declaration = _declared(catalogue, arguments.register)
    with connected(bound(settings)):
        access = _person(arguments.person, catalogue)
        if not access.may(declaration, "export"):
            raise Refusal(f"{arguments.person} may not export {declaration.name} (CUS-22)")
        if arguments.child and (arguments.child not in declaration.children or arguments.format != "csv"):
            valid = ", ".join(declaration.children) or "none"
            raise Refusal(f"--child {arguments.child!r}: with --format csv; valid: {valid}")
        found = _asked(access, declaration, arguments.search, arguments.where)
        try:
            made = export(
                access, declaration, found, arguments.format, settings.company_name, clock.now(), arguments.child
            )
        except TooMany as many:
            raise Refusal("this account has exported as often as is allowed in an hour") from many
        except BadFilter as wrong:
            raise _unread(found) from wrong
        _write(Path(arguments.output), made.body)


def _unread(found: Asked) -> Refusal:
    """The values of --where that are no values of their fields."""
    return Refusal("; ".join(f"--where {name}: {read(text)}" for name, text in found.problems.items()))


def _write(path: Path, body: Any) -> None:
    """Whole or not at all: written beside and renamed. A device or a pipe is written to, never replaced."""
    if is_special(path):
        with path.open("wb") as file:
            file.writelines(body)
        return
    part = path.with_name(f".{file_to_write(path).name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.writelines(body)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def run_print(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    settings = settings_of(environ)
    catalogue = make_catalogue()
    declaration = _declared(catalogue, arguments.register)
    form = form_named(declaration, arguments.form)
    if form is None:
        valid = ", ".join(one.name for one in declaration.prints) or "none"
        raise Refusal(f"--form {arguments.form!r}: {declaration.name} has no such form; valid: {valid}")
    with connected(bound(settings)):
        access = _person(arguments.person, catalogue)
        source = catalogue[form.register] if form.register else declaration
        if form.many != (arguments.number is None):
            raise Refusal(f"{form.name} is printed without NUMBER" if form.many else f"{form.name} needs a NUMBER")
        if not (access.may(source, "export") if form.many else access.may_print(source)):
            raise Refusal(f"{arguments.person} may not print {form.name}")
        try:
            body = _printed(access, source, form, arguments, settings.company_name)
        except BadPeriod as wrong:
            raise Refusal(f"--where: {wrong}") from wrong
        except FormTooLong as long:
            raise Refusal(f"{form.name}: too long to be printed; choose fewer records") from long
        except FormFailed as failed:
            raise Refusal(f"{form.name}: it cannot be printed") from failed
        _write(Path(arguments.output), [body])


def _printed(access: Access, source: Declaration, form: Any, arguments: argparse.Namespace, company: str) -> bytes:
    if form.many:
        period = dict(text.partition("=")[::2] for text in arguments.where)
        rest = [text for text in arguments.where if text.partition("=")[0] not in {"month", "date", "area", "user"}]
        found = _asked(access, source, "", rest)
        try:
            return print_many(access, source, form, found, period, company, clock.now())
        except BadFilter as wrong:
            raise _unread(found) from wrong
    reader = reader_for(access, source)
    rows = reader.rows(source.columns["number"] == arguments.number, limit=1)
    if not rows:
        raise Refusal(
            f"{source.name} {arguments.number}: there is no such record among those {arguments.person} may see"
        )
    seen = rows[0]
    if form.states and seen.state not in form.states:
        states = ", ".join(form.states)
        raise Refusal(f"{form.name} is not printed in state {seen.state}, only in: {states}")
    return print_record(access, source, form, seen, company, clock.now())


def run_rules(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """One line per rule, its parts separated by tabs; indented below it how and where it is met, and its source."""
    settings_of(environ)
    catalogue = make_catalogue()
    known = sorted({rule.register for rule in trace(catalogue)} | set(catalogue))
    if arguments.register and arguments.register not in known:
        raise Refusal(f"--register {arguments.register!r}: no such register; valid: {', '.join(known)}")
    for rule in trace(catalogue, arguments.register or ""):
        print(f"{rule.id}\t{rule.kind}\t{rule.automation}\t{rule.status}\t{rule.statement}")
        for name, text in (("how", rule.how), ("where", rule.where), ("source", rule.clause)):
            if text:
                print(f"\t{name}: {text}")


def run_access(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """One line per role and register; indented below a register what of it may be seen and done, parts separated by tabs."""
    settings = settings_of(environ)
    catalogue = make_catalogue()
    if arguments.register is not None:
        _declared(catalogue, arguments.register)
    with connected(bound(settings)):
        access = _person(arguments.person, catalogue, "USER")
        for line in told(access, arguments.person, [arguments.register] if arguments.register else list(catalogue)):
            print(line)


def run_check(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Declarations, settings, schema, the whole chain of the history, and each record against its history."""
    catalogue = make_catalogue()
    settings = settings_of(environ)
    database = bound(settings)
    with connected(db):
        found = faults(database)
        if not any(line.startswith("schema") for line in found):
            found = [*map(broken, proof.faults())]
            try:
                found += replay.differences(catalogue)
            except (ValueError, LookupError, TypeError):
                # An entry that is named above cannot be read at all.
                if not found:
                    raise
            found += [*numbers.faults(catalogue), *balances.differences(catalogue)]
        if settings.database_owner_url and database_roles.may_alter_history(database):
            found.append("the role of BACKOFFICE_DATABASE_URL may alter the history; run: backoffice migrate")
    if found:
        for line in found:
            print(line)
        raise Refusal(f"{len(found)} fault{'s'[: len(found) > 1]}; the first: {found[0]}")
    print(f"declarations of {len(catalogue)} registers, settings, schema, history and records: fine")


# ---- the parser ------------------------------------------------------------------------------------------------------


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="backoffice", description="Registers of a sales and after-sales department.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace, Mapping[str, str]], None], text: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    made = command("demo", demo, "make the demo company if it is not there and serve it")
    _address(made)
    made.add_argument("--data", default="var/demo", metavar="DIR", help="where it is kept (default: var/demo)")
    made.add_argument(
        "--password", type=_password, metavar="PW", help="one password for all accounts; without it random ones"
    )
    made.add_argument(
        "--customers",
        type=partial(_whole, 1, 100_000),
        default=60,
        metavar="N",
        help="how many customers (default: 60)",
    )

    made = command("serve", serve, "the production server")
    _address(made)
    made.add_argument(
        "--workers", type=partial(_whole, 1, 64), default=2, metavar="N", help="worker processes (default: 2)"
    )

    made = command("create-user", run_create_user, "make an account and print its one-time password")
    made.add_argument("name", metavar="NAME", help="user name: a-z, 0-9, _ . -")
    made.add_argument(
        "--role", action="append", required=True, choices=sorted(ROLES), metavar="ROLE", help="a role; may repeat"
    )
    made.add_argument("--department", metavar="CODE", help="code of the department")
    made.add_argument("--group", metavar="CODE", help="code of the sales group")
    made.add_argument("--display", metavar="TEXT", help="the person's name (default: NAME)")

    made = command("export", run_export, "write what a person may see of a register to a file")
    made.add_argument("register", metavar="REGISTER", help="the register's name, for example gift_signoff")
    made.add_argument("--format", required=True, choices=("csv", "pdf"), help="what is written")
    _as(made)
    made.add_argument("--search", default="", metavar="S", help="a keyword, as in the list's search box")
    made.add_argument(
        "--where", action="append", default=[], metavar="FIELD=VALUE", help="a filter with a code as value; may repeat"
    )
    made.add_argument("--child", default="", metavar="TABLE", help="the lines of this child table instead (csv)")

    made = command("print", run_print, "write one printed form to a file")
    made.add_argument("register", metavar="REGISTER", help="the register's name, for example gift_signoff")
    made.add_argument("number", nargs="?", metavar="NUMBER", help="the record's number; none for forms over many")
    made.add_argument("--form", required=True, metavar="FORM", help="the form's name, for example gift_application")
    made.add_argument(
        "--where", action="append", default=[], metavar="FIELD=VALUE", help="for forms over many: month=2025-03 …"
    )
    _as(made)

    made = command("rules", run_rules, "every rule: id, kind, how and where it is met, or what it waits for")
    made.add_argument("--register", metavar="R", help="only those of one register")

    made = command("access", run_access, "what one person may see and do, and by which role")
    made.add_argument("person", metavar="USER", help="the account")
    made.add_argument("--register", metavar="R", help="only in one register")

    command("check", run_check, "declarations, settings, schema, history chain, records against their history")
    upkeep.add_commands(command)
    return parser


def _address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", type=_host, default="127.0.0.1", metavar="H", help="address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=partial(_whole, 1, 65_535), default=8000, metavar="P", help="port to listen on (default: 8000)"
    )


def _as(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", dest="person", required=True, metavar="USER", help="the account whose rights apply")
    parser.add_argument("-o", dest="output", required=True, metavar="FILE", help="the file to write")


def _host(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("no address is given; 0.0.0.0 means all of this machine")
    return text


def _whole(least: int, most: int, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
    return int(text)


def _password(text: str) -> str:
    if not 1 <= len(text) <= 128:
        raise argparse.ArgumentTypeError("a password has 1 to 128 characters")
    return text
