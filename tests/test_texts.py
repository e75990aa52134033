"""All texts that people see are in the catalogues (docs/contributing.md, "A text"), and nothing else is.

Those of scripts: tests/test_script_texts.py.
"""

import ast
import re
from pathlib import Path

import pytest

from tests import texts

ROOT = texts.ROOT
LETTERS = re.compile(r"[A-Za-z]{2}")


# -- the catalogues ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("domain", texts.DOMAINS)
def test_catalogue_has_the_texts_of_the_code(domain):
    path = texts.LOCALE / "en" / "LC_MESSAGES" / f"{domain}.po"
    assert path.read_bytes() == texts.as_bytes(texts.collect(domain)), "run `make texts`"


def test_other_languages_have_the_same_texts():
    for language in texts.other_languages():
        for domain in texts.DOMAINS:
            known, wanted = texts.read_catalog(language, domain), texts.collect(domain)
            assert {message.id for message in known} == {message.id for message in wanted}, language


def test_a_new_language_gets_all_texts_and_keeps_its_translations(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "LOCALE", tmp_path)
    template = texts.collect("djangojs")
    texts.update("de", "djangojs", template)
    catalog = texts.read_catalog("de", "djangojs")
    catalog["Undo"].string = "Rückgängig"
    catalog.add("No longer there", "Weg")
    texts.write(catalog, tmp_path / "de" / "LC_MESSAGES" / "djangojs.po")
    texts.update("de", "djangojs", template)
    again = texts.read_catalog("de", "djangojs")
    assert again["Undo"].string == "Rückgängig"
    assert again.get("No longer there") is None
    assert "Rückgängig".encode() in (tmp_path / "de" / "LC_MESSAGES" / "djangojs.mo").read_bytes()


# -- templates ---------------------------------------------------------------------------------------------
MARKED = re.compile(
    r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}|\{% blocktranslate\b.*?\{% endblocktranslate %\}"
    r"|<!--.*?-->|<(script|style)\b.*?</\1>"
    r'|<span class="material-symbols[^>]*>[^<]*</span>',  # names of icons
    re.DOTALL,
)
SHOWN_ATTRIBUTE = re.compile(r'\b(?:title|alt|placeholder|aria-label|data-busy|label)="([^"]*)"')
FILTER_TEXT = re.compile(r"""default(?:_if_none)?:["']([^"']+)["']""")
TAG_OR_VARIABLE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ELEMENT = re.compile(r'<(?:[^<>"]|"[^"]*")*>')
NOT_TRANSLATED_IN_TEMPLATES = {
    'class="wide"',  # an attribute in a block of its own
}


def unmarked_in_template(source: str) -> list[str]:
    rest = MARKED.sub("", source)
    found = [text for text in FILTER_TEXT.findall(rest) if " " in text or text.istitle()]
    rest = TAG_OR_VARIABLE.sub("", rest)
    found += SHOWN_ATTRIBUTE.findall(rest)
    found += ELEMENT.sub("\n", rest).splitlines()
    return [text.strip() for text in found if LETTERS.search(text)]


@pytest.mark.parametrize(
    "path", texts.template_files(), ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_templates_mark_their_texts(path):
    assert set(unmarked_in_template(path.read_text())) <= NOT_TRANSLATED_IN_TEMPLATES


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<a title="Go {{ there }}">x</a>',
        '{{ name|default:"the system" }}',
        "{% if x %}Yes{% endif %}",
    ],
)
def test_an_unmarked_text_of_a_template_is_found(source):
    assert len(unmarked_in_template(source)) == 1


# -- Python ------------------------------------------------------------------------------------------------
# Where texts for people stand: pages, their forms and messages, errors of REST, and what was done.
SHOWN = (
    "conversations/actions",
    "conversations/admin",
    "conversations/alerts",
    "conversations/api",
    "conversations/apps.py",
    "conversations/exports",
    "conversations/permissions.py",
    "inbox",
    "tags",
    *(f"conversations/connections/{name}.py" for name in ("discovery", "facebook_login", "interactive")),
    *(f"conversations/lib/{name}.py" for name in ("days", "names", "request_scope")),
    *(
        f"conversations/models/{name}.py"
        for name in (
            "aliases",
            "alerts",
            "answers/saved_replies",
            "audit",
            "conversations",
            "exports",
            "pages",
            "roles",
            "runs",
            "saved_views",
        )
    ),
    *(
        f"conversations/search/{name}.py"
        for name in ("counts", "insight_queries", "parsing", "stored_filters")
    ),
    "conversations/search/words.py",
    *(f"conversations/sync/{name}.py" for name in ("coverage", "progress")),
)
GETTEXT = {"_", "gettext", "gettext_noop", "ngettext", "pgettext", "pgettext_lazy"}
NOT_SHOWN_CALLS = re.compile(
    r"(logger|log|logging)\.\w+|Sql(\.\w+)?|re\.\w+|extend_schema|OpenApi\w+|optional|\w+Serializer(MethodField)?"
    r"|serializers\.\w+|IdField|query_parameter|ImproperlyConfigured|validate\.\w+|env\.\w+|required|warnings\.\w+"
    r"|TypeVar|SendingFailed|FolderProblem|columns|hours_of_week|(\w+\.)*execute|fetch\w*|run|sys\.exit|RuntimeError|TypeError|BadRequest|NotStored"
)
TEXT = re.compile(r"[“A-Z][\w'…]*[ .…]|\w \w+ \w|^[A-Z][a-z]+$")
NOT_A_TEXT = re.compile(
    r"<\w|^[\w.]+/|\.html$|^\w+[-:]\w|;|^(SELECT|SET|UPDATE|INSERT|DELETE|LOCK|EXISTS|LISTEN|WITH) "
    r"|^[A-Z][a-z]+(-[A-Z][a-z]+)+$|^[jlDFM], ?[jF]|^[jD] [MH]|^M0 \{\}"  # headers, dates, paths of SVG
)
EXCEPTIONS = {
    "inbox/settings.py": "values of settings, and descriptions of OpenAPI",
    "inbox/setting_values.py": "errors of the start, for who installs",
    "inbox/install.py": "a program of the command line",
    "inbox/asgi.py": "protocol",
    "inbox/web/admission.py": "answers before Django, which knows no language yet",
    "inbox/web/body_limit.py": "likewise",
    "inbox/web/privacy_pages.py": "read by Facebook; what people read is in the template",
    "inbox/web/webhook_endpoint.py": "read by Facebook",
    "inbox/web/health.py": "read by programs",
    "inbox/web/middleware.py": "names of headers, and what a page of errors does not show",
    "inbox/process/worker.py": "log",
    "inbox/database/capacity.py": "log",
    "inbox/logs/error_reports.py": "likewise",
    "conversations/lib/private.py": "of the log, and of stored errors",
    "inbox/database/pooler.py": "errors of the start and of a check",
    "conversations/api/serializers/event.py": "descriptions of OpenAPI",
    "conversations/api/schema.py": "likewise",
    "inbox/formats/en/formats.py": "formats of dates",
}
NOT_TRANSLATED = {
    *("Accept-Encoding", "Allow", "Authorization", "Authorization, Cookie", "Cookie", "Location", "Prefer"),
    *("Retry-After", "Bearer", "Token"),  # headers, and the schemes of one
    *("Inbox", "Messenger", "Instagram", "Facebook", "CSV", "NDJSON", "Parquet"),  # names
    *("Inbox ({}):", "Inbox ({})"),  # what an app for codes shows
    # Descriptions of OpenAPI, and what no answer shows.
    "With `search_in=messages` or `all`: conversations whose newest messages are not indexed yet.",
    "The ID of an event: the events around it, those of a search as well.",
    "Leads to newer events, after `around`.",
    "With `search`: the number of all matches.",
    "null: end the snooze",
    "Take the conversation over first, where another application answers",
    "The parameters of the list, without page, limit, cursor and total",
    " is not JSON",
}


class Unmarked(ast.NodeVisitor):
    """Collects the (line, text) that look like texts for people and are not marked."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name in GETTEXT or NOT_SHOWN_CALLS.fullmatch(name):
            return
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """What is compared is a value."""

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_arguments(self, node: ast.arguments) -> None:
        for default in (*node.defaults, *filter(None, node.kw_defaults)):
            self.visit(default)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.visit(node.args)
        for part in (*node.decorator_list, *node.body):
            if not (isinstance(node, ast.FunctionDef) and node.name in ("__str__", "__repr__")):
                self.visit(part)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]  # of another node

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:
            self.visit(value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        literal = "{}".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        self._look_at(node.lineno, literal)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._look_at(node.lineno, node.value)

    def _look_at(self, line: int, text: str) -> None:
        if TEXT.search(text) and not NOT_A_TEXT.search(text) and text not in NOT_TRANSLATED:
            self.found.append((line, text))


def shown_modules() -> list[Path]:
    files = [path.relative_to(ROOT) for path in texts.python_files()]
    shown = [path for path in files if str(path).startswith(SHOWN) and str(path) not in EXCEPTIONS]
    return [path for path in shown if path.name != "urls.py"]


def unmarked_in_python(source: str) -> list[tuple[int, str]]:
    visitor = Unmarked()
    visitor.visit(ast.parse(source))
    return visitor.found


@pytest.mark.parametrize("path", shown_modules(), ids=str)
def test_python_marks_what_people_see(path):
    assert unmarked_in_python((ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, f"Tagged {number} conversations.")',
        '@display(description="Last message")\ndef last(): pass',
        'raise PermissionDenied("Only superusers do this.")',
        'form.add_error("name", "The name is taken")',
        'class A:\n    name = forms.CharField(label="Name")',
    ],
)
def test_an_unmarked_text_of_python_is_found(source):
    assert len(unmarked_in_python(source)) == 1
