"""What we build on: an audit against known advisories, and a bill of materials. Works without a network.

    python -m tools.supply audit [--advisories FILE] [--today YYYY-MM-DD]
    python -m tools.supply sbom [-o FILE]

The audit reads `tools/advisories.json`, a list that is kept by hand and dated; `--advisories` names a newer one of the same form. It
judges what is installed and what `requirements.lock` would install. Without a list it is skipped with a warning.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ADVISORIES = Path(__file__).with_name("advisories.json")
PRODUCT = "backoffice"
# After so many days the audit says that the list wants to be looked through again.
STALE = 45

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    """One line of the lock file."""

    name: str
    version: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Advisory:
    """A published hole: versions of `package` in `affected` have it."""

    id: str
    package: str
    affected: str
    severity: str
    summary: str

    def hits(self, name: str, version: str) -> bool:
        return canonicalize_name(self.package) == canonicalize_name(name) and SpecifierSet(self.affected).contains(
            Version(version), prereleases=True
        )


def pins(text: str) -> Iterator[Pin]:
    """The pinned distributions of a lock file. Raises ValueError for a line that pins nothing or has no hash."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        if entry.startswith(("#", "--")) or not entry.strip():
            continue
        found = _PINNED.match(entry)
        hashes = tuple(_HASH.findall(entry))
        if found is None or not hashes:
            raise ValueError(f"no pin with hashes: {entry.splitlines()[0]!r}")
        yield Pin(str(canonicalize_name(found[1])), found[2], hashes)


def read_advisories(path: Path) -> tuple[dt.date, list[Advisory]]:
    data = json.loads(path.read_text(encoding="utf-8"))
    return dt.date.fromisoformat(data["as_of"]), [Advisory(**row) for row in data["advisories"]]


def installed() -> dict[str, str]:
    """Version by name of the product's own parts in this environment, those of its tests included."""
    return {name: metadata.version(name) for name in closure(PRODUCT, ("postgres", "test")) if name != PRODUCT}


def hits(versions: Iterable[tuple[str, str]], advisories: Iterable[Advisory]) -> list[str]:
    known = list(advisories)
    return [
        f"{name} {version}: {one.id} ({one.severity}) {one.summary}; affected: {one.affected}"
        for name, version in sorted(set(versions))
        for one in known
        if one.hits(name, version)
    ]


def audit(path: Path, lock: Path, today: dt.date | None) -> int:
    """Prints every hit; 1 if there is one."""
    if not path.exists():
        print(f"warning: the dependency audit is skipped: there is no list of advisories at {path}", file=sys.stderr)
        return 0
    as_of, advisories = read_advisories(path)
    versions = list(installed().items())
    if lock.exists():
        versions += [(one.name, one.version) for one in pins(lock.read_text(encoding="utf-8"))]
    found = hits(versions, advisories)
    for line in found:
        print(line, file=sys.stderr)
    if today is not None and (today - as_of).days > STALE:
        print(f"warning: the list of advisories is of {as_of}; look for newer ones", file=sys.stderr)
    print(
        f"dependency audit: {len(set(versions))} versions against {len(advisories)} advisories of {as_of}: {len(found)} hits"
    )
    return 1 if found else 0


# ---- bill of materials -------------------------------------------------------------------------------------------------


def closure(name: str, extras: Sequence[str] = ()) -> dict[str, list[str]]:
    """Every distribution that the named one needs in this environment, with what each of them needs directly."""
    found: dict[str, list[str]] = {}
    waiting = [(str(canonicalize_name(name)), frozenset(extras))]
    while waiting:
        one, chosen = waiting.pop()
        if one in found:
            continue
        try:
            requires = metadata.requires(one) or []
        except metadata.PackageNotFoundError:
            continue  # Needed on other systems only.
        found[one] = []
        for text in requires:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in chosen or {""}):
                needed = str(canonicalize_name(requirement.name))
                found[one].append(needed)
                waiting.append((needed, frozenset(requirement.extras)))
    known = set(found)
    return {one: sorted(set(needs) & known) for one, needs in found.items()}


def bill(name: str = PRODUCT, extras: Sequence[str] = ("postgres",), locked: Mapping[str, Pin] | None = None) -> Any:
    """The bill of materials in the form CycloneDX 1.5; the same environment gives the same bill."""
    needs = closure(name, extras)
    refs = {one: f"pkg:pypi/{one}@{metadata.version(one)}" for one in needs}
    components = [_component(one, refs[one], (locked or {}).get(one)) for one in sorted(needs) if one != name]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ' '.join(sorted(refs.values())))}",
        "version": 1,
        "metadata": {"component": {**_component(name, refs[name], None), "type": "application"}},
        "components": components,
        "dependencies": [
            {"ref": refs[one], "dependsOn": [refs[other] for other in needs[one]]} for one in sorted(needs)
        ],
    }


def _component(name: str, ref: str, pin: Pin | None) -> dict[str, Any]:
    about = metadata.metadata(name)
    version = metadata.version(name)
    found: dict[str, Any] = {"type": "library", "bom-ref": ref, "name": name, "version": version, "purl": ref}
    expression, free = ((about.get_all(key) or [""])[0] for key in ("License-Expression", "License"))
    classifiers = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License")]
    if expression:
        found["licenses"] = [{"expression": expression}]
    elif classifiers or (free and len(free) < 80):
        found["licenses"] = [{"license": {"name": one}} for one in classifiers or [str(free)]]
    if pin is not None and pin.version == version:
        # Of each file that the lock takes for this version.
        found["properties"] = [{"name": f"{PRODUCT}:lock:sha256", "value": one} for one in pin.hashes]
    return found


def sbom(path: Path) -> int:
    locked = {one.name: one for one in pins(LOCK.read_text(encoding="utf-8"))} if LOCK.exists() else {}
    made = bill(locked=locked)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"{path}: {len(made['components'])} components")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.supply", description="Audit and bill of materials.")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    made = commands.add_parser("audit", help="compare what is installed and locked with known advisories")
    made.add_argument("--advisories", type=Path, default=ADVISORIES, metavar="FILE", help="another list of advisories")
    made.add_argument(
        "--today", type=dt.date.fromisoformat, metavar="DAY", help="warn when the list is older than 45 days"
    )
    made = commands.add_parser("sbom", help="write the bill of materials")
    made.add_argument(
        "-o", type=Path, default=ROOT / "dist" / "sbom.cdx.json", dest="output", metavar="FILE", help="the file"
    )
    arguments = parser.parse_args(argv)
    if arguments.command == "audit":
        return audit(arguments.advisories, LOCK, arguments.today)
    return sbom(arguments.output)


if __name__ == "__main__":
    sys.exit(main())
