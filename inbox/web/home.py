"""The inbox page: an HTML shell whose scripts load all data over the REST API."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

MAX_SUPERUSERS = 3  # whose names are shown
FRONTEND = Path(__file__).resolve().parents[1] / "frontend"  # served at /static/inbox/app/
STYLES = ["inbox/app/core/base.css", "inbox/app/list/list.css", "inbox/app/core/layout.css"]
# Finds `import … from "./file.mjs";`. Modules that are loaded later with `import("./file.mjs")` are left out.
STATIC_IMPORT = re.compile(r'^(?:import|\}) .*from "(\.[^"]+)";$', re.MULTILINE)


def imported_modules(entry: Path) -> set[Path]:
    """`entry` and all modules that it imports statically, directly or through others."""
    modules: set[Path] = set()
    pending = [entry]
    while pending:
        module = pending.pop()
        if module not in modules:
            modules.add(module)
            pending.extend(static_imports(module))
    return modules


def static_imports(module: Path) -> Iterator[Path]:
    for path in STATIC_IMPORT.findall(module.read_text()):
        yield (module.parent / path).resolve()


# The browser loads these modules in parallel, before it has read the first one.
MODULES = sorted(
    f"inbox/app/{path.relative_to(FRONTEND).as_posix()}" for path in imported_modules(FRONTEND / "main.mjs")
)


@require_safe
@login_required
@never_cache
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    context = {"modules": MODULES, "styles": STYLES, "superusers": superusers_to_ask()}
    return render(request, "inbox.html", context)


def superusers_to_ask() -> list[str]:
    """Return names of some superusers, who can reconnect a Page."""
    superusers = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk")
    return list(superusers.values_list("username", flat=True)[:MAX_SUPERUSERS])
