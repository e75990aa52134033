"""Write the catalogues of all texts: python -m tests.texts (`make texts`)

locale/en has the texts themselves, without translations: django.po those of templates and Python, djangojs.po
those of the scripts. The other languages get what is new, lose what is gone, and are compiled.
`python -m tests.texts de` begins one (`make texts LANGUAGE=de`).
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
DOMAINS = ("django", "djangojs")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettextParts": None,
    "plural": (2, 3),
}
# Their texts are for the command line, or for one developer: docs/contributing.md, "A text".
NO_SCREENS = ("migrations", "management", "sandbox", "postgres")
Message = tuple[str, int, str | tuple[str, ...], list[str], str | None]


def main(*languages: str) -> None:
    setup()
    for domain in DOMAINS:
        template = collect(domain)
        write(template, LOCALE / "en" / "LC_MESSAGES" / f"{domain}.po")
        for language in {*other_languages(), *languages}:
            update(language, domain, template)


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")
    os.environ.setdefault("SECRET_KEY", "for reading the names of models only")
    os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
    django.setup()


def other_languages() -> list[str]:
    return sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir() and folder.name != "en")


# -- the texts ---------------------------------------------------------------------------------------------
def collect(domain: str) -> Catalog:
    """Return all texts of the code."""
    catalog = Catalog(locale="en", project="Inbox", fuzzy=False)
    for path, (_, _, text, comments, context) in sorted(
        (texts_of_code() if domain == "django" else texts_of_scripts()), key=str
    ):
        catalog.add(text, locations=[(path, 0)], auto_comments=comments, context=context)
    if domain == "django":
        for name in names_of_models():
            catalog.add(name, locations=[("inbox/site/model_names.py", 0)])
    return catalog


def texts_of_code() -> Iterator[tuple[str, Message]]:
    for path in python_files():
        yield from read(path, "python", path.read_text())
    for path in template_files():
        yield from read(path, "python", as_python(path))


def texts_of_scripts() -> Iterator[tuple[str, Message]]:
    for path in script_files():
        yield from read(path, "javascript", path.read_text())


def read(path: Path, method: str, code: str) -> Iterator[tuple[str, Message]]:
    found = extract(method, io.BytesIO(code.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"})
    for line, text, comments, context in found:
        yield str(path.relative_to(ROOT)), (method, line, text, comments, context)


def as_python(path: Path) -> str:
    """Return what Django's own command makes of a template: calls of gettext between other words."""
    from django.utils.translation.template import templatize

    code = templatize(path.read_text(), origin=str(path))
    return "\n".join(line.strip() for line in code.splitlines())


def names_of_models() -> list[str]:
    """Return the names of models and fields of the admin; Django has translations of its own ones."""
    from django.contrib import admin
    from django.utils.module_loading import import_string

    import_string("inbox.site.admin_urls.urlpatterns")
    from inbox.site.model_names import named

    models = [model for model in admin.site._registry if not model.__module__.startswith("django.")]
    return sorted({str(getattr(thing, name)) for model in models for thing, name in named(model)})


def python_files() -> list[Path]:
    files = sorted(path for top in ("conversations", "inbox", "tags") for path in (ROOT / top).rglob("*.py"))
    return [path for path in files if not set(NO_SCREENS) & set(path.relative_to(ROOT).parts)]


def template_files() -> list[Path]:
    return sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))


def script_files() -> list[Path]:
    folders = (ROOT / "inbox" / "frontend", ROOT / "inbox" / "static", ROOT / "conversations" / "static")
    return sorted(path for folder in folders for path in folder.rglob("*.*js"))


# -- the files ---------------------------------------------------------------------------------------------
def write(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_bytes(catalog))


def as_bytes(catalog: Catalog) -> bytes:
    """Return the file, sorted by text and without times and lines, so that few lines of it change."""
    file = io.BytesIO()
    write_po(file, catalog, sort_output=True, include_lineno=False, width=110, omit_header=True)
    return header(catalog).encode() + file.getvalue()


def header(catalog: Catalog) -> str:
    return f"""msgid ""
msgstr ""
"Language: {catalog.locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {catalog.plural_forms}\\n"

"""


def update(language: str, domain: str, template: Catalog) -> None:
    """Keep the translations of texts that are still there, and compile them."""
    path = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
    catalog = read_catalog(language, domain) if path.exists() else Catalog(locale=language)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    write(catalog, path)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def read_catalog(language: str, domain: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=language)


if __name__ == "__main__":
    main(*sys.argv[1:])
