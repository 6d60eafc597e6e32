"""Every template parses, names only what is there, and passes under the strict content security policy."""

import pytest

from backoffice.paths import resource_dir
from tests.template_lint import faults, library_templates, templates

OURS = templates(resource_dir("templates"))
KNOWN = frozenset(OURS) | library_templates()


@pytest.mark.parametrize("name", OURS)
def test_template_is_sound(name: str) -> None:
    assert list(faults(name, OURS[name], KNOWN)) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{% if x %}", "Unexpected end of template"),
        ("{% extends 'nowhere.html' %}", "no template 'nowhere.html'"),
        ("{% from 'admin/lib.html' import render_form %}", "render_form is imported and not used"),
        ("{% import 'admin/lib.html' as lib %}", "lib is imported and not used"),
        ("<p>\n<script>x()</script>", "line 2: <script> without src"),
        ("<style>p {}</style>", "<style> in a page"),
        ('<p style="color: red">', "style= in a page"),
        ("<p {% if x > 1 %}style='a'{% endif %}>", "style= in a page"),
        ('<a title="a > b" onclick="x()">', "handler onclick="),
        ('<form data-x="{{ "a" if b }}" onSubmit=x>', "handler onsubmit="),
        ('<a href=" JavaScript:void(0)">', "javascript: in href="),
    ],
)
def test_the_lint_sees(source: str, fault: str) -> None:
    (found,) = faults("page.html", source, KNOWN)
    assert fault in found


@pytest.mark.parametrize(
    "source",
    [
        "{# <script>x()</script> #}<!-- <p onclick=x> -->",
        '<script src="{{ url_for("static", filename="a.js") }}" nonce="{{ nonce }}"></script>',
        "{% from 'admin/lib.html' import render_form as form %}{{ form() }}",
        "<p>on time, style=bold, javascript: the word</p>",
        '<p data-on="1" class="onward">{{ "<style>" }}</p>',
        "{% trans count=n %}one{% pluralize %}{{ count }} many{% endtrans %}",
    ],
)
def test_the_lint_lets_pass(source: str) -> None:
    assert list(faults("page.html", source, KNOWN)) == []


def test_printed_pages_may_carry_their_own_rules_but_no_script() -> None:
    assert list(faults("pdf/base.html", "<style>p {}</style><p style='a'>", KNOWN)) == []
    assert list(faults("pdf/base.html", "<script src='a.js'></script>", KNOWN)) == ["line 1: <script> without src"]
