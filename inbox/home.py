"""The inbox page: a shell of HTML; everything in it comes over REST, asked for by its own script."""

from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

APP = Path(__file__).parent / "static" / "inbox" / "app"
# Told to the browser at once, that it need not read one module to learn of the next.
MODULES = sorted(f"inbox/app/{path.name}" for path in APP.glob("*.mjs"))
STYLES = sorted(f"inbox/app/{path.name}" for path in APP.glob("*.css"))


@require_safe
@login_required
@never_cache
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox.html", {"modules": MODULES, "styles": STYLES})
