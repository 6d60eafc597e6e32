"""What is wrong with a template: it does not parse, names what is not there, or a strict CSP would refuse it.

djlint looks at the HTML (`make check`); this looks at what only Jinja and the browser know.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import flask_admin
from jinja2 import Environment, TemplateSyntaxError, nodes

# Pages turned into PDF are never seen by a browser; their few rules of CSS stand in them (style.md 10).
PRINTED = "pdf/"

_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# A tag with its attributes, quoted values included, so that a `>` in a value does not end it.
_TAG = re.compile(r"<([a-zA-Z][\w-]*)((?:\s+|/|=|\"[^\"]*\"|'[^']*'|[^\s\"'>/=]+)*)>", re.DOTALL)
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?", re.DOTALL)
_ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True)


def faults(name: str, source: str, known: frozenset[str]) -> Iterator[str]:
    """Every fault of the template, one line each; `known` are the names that it may extend, include or import."""
    try:
        tree = _ENVIRONMENT.parse(source, name)
    except TemplateSyntaxError as exc:
        yield f"line {exc.lineno}: {exc.message}"
        return
    yield from _unknown_templates(tree, known)
    yield from _unused_imports(tree)
    yield from _refused_by_csp(source, printed=name.startswith(PRINTED))


def _unknown_templates(tree: nodes.Template, known: frozenset[str]) -> Iterator[str]:
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        target = node.template  # type: ignore[attr-defined]
        if isinstance(target, nodes.Const) and isinstance(target.value, str) and target.value not in known:
            yield f"line {node.lineno}: there is no template {target.value!r}"


def _unused_imports(tree: nodes.Template) -> Iterator[str]:
    used = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    for node in tree.find_all(nodes.FromImport):
        for entry in node.names:
            name = entry[1] if isinstance(entry, tuple) else entry
            if name not in used:
                yield f"line {node.lineno}: {name} is imported and not used"
    for imported in tree.find_all(nodes.Import):
        if imported.target not in used:
            yield f"line {imported.lineno}: {imported.target} is imported and not used"


def _refused_by_csp(source: str, *, printed: bool) -> Iterator[str]:
    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    text = _COMMENT.sub(blank, source)
    # An expression inside a tag becomes a word, so that quotes inside it do not confuse the attributes.
    html = _JINJA.sub(lambda match: "x" + re.sub(r"[^\n]", " ", match[0])[1:], text)
    for match in _TAG.finditer(html):
        line = html.count("\n", 0, match.start()) + 1
        tag = match[1].lower()
        attributes = {found[1].lower(): (found[2] or "").strip("\"'") for found in _ATTRIBUTE.finditer(match[2])}
        if tag == "style" and not printed:
            yield f"line {line}: <style> in a page"
        if tag == "script" and ("src" not in attributes or printed):
            yield f"line {line}: <script> without src"
        for attribute, value in attributes.items():
            if attribute.startswith("on"):
                yield f"line {line}: handler {attribute}="
            elif attribute == "style" and not printed:
                yield f"line {line}: style= in a page"
            elif value.replace("\n", "").strip().lower().startswith("javascript:"):
                yield f"line {line}: javascript: in {attribute}="


def templates(directory: Path) -> dict[str, str]:
    """Every template below `directory` by the name it is loaded under."""
    return {
        str(path.relative_to(directory)): path.read_text(encoding="utf-8")
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix in (".html", ".txt", ".svg", ".xml")
    }


@cache
def library_templates() -> frozenset[str]:
    """The names of Flask-Admin's own templates, those of its themes included."""
    base = Path(flask_admin.__file__).parent / "templates"
    names = (path.relative_to(base).parts[1:] for path in base.rglob("*.html"))
    return frozenset("/".join(parts) for parts in names)
