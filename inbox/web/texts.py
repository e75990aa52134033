"""The texts of the scripts in another language than English: a catalogue for inbox/frontend/core/texts.mjs.

English is in the scripts themselves, so that a page in English loads none.
"""

import hashlib
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Library
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

YEAR_SECONDS = 365 * 86_400
register = Library()


class Catalogue(JavaScriptCatalog):
    """Only of this project: its packages have catalogues for scripts of their own."""

    packages = ["conversations"]

    def get_paths(self, packages: list[str]) -> list[str]:
        return list(map(str, settings.LOCALE_PATHS))


@require_safe
def texts(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """Serve a catalogue to everybody. Browsers keep it: another one has another address."""
    if language not in dict(settings.LANGUAGES) or version != version_of(language):
        raise Http404
    response = HttpResponse(catalogue(language), content_type="text/javascript; charset=utf-8")
    patch_cache_control(response, public=True, max_age=YEAR_SECONDS, immutable=True)
    return response


@cache
def catalogue(language: str) -> bytes:
    with override(language):
        return Catalogue().get(HttpRequest()).content


def version_of(language: str) -> str:
    return hashlib.sha256(catalogue(language)).hexdigest()[:16]


@register.simple_tag
def script_texts() -> str:
    """Return the element that loads the catalogue, which stands before the modules; "" in English."""
    language = get_language() or "en"
    if language == "en":
        return ""
    address = reverse("texts", args=[language, version_of(language)])
    return format_html('<script src="{}" defer></script>', address)
