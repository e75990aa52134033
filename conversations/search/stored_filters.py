"""The one reader of filters that are stored or sent as JSON: in saved views, and in bodies of bulk actions.

A stored filter is checked when it is saved and again when it is shown: a row may be older than a rule, and
one person's row is drawn on the pages of others.
"""

from collections.abc import Collection

import orjson
from django.utils.translation import gettext

from conversations.lib.text import is_plain
from conversations.models import SavedView
from conversations.search.filters import PARAMETERS, parse_filter
from conversations.search.parsing import quote

MAX_BYTES = 4096
TAG_LISTS = ("include_tags", "exclude_tags")  # whose values may be a JSON list


class InvalidFilter(ValueError):
    """The text says what is wrong; `parameter` names the one whose value is."""

    def __init__(self, message: str, parameter: str = ""):
        super().__init__(f"{parameter}: {message}" if parameter else message)
        self.message, self.parameter = message, parameter


def as_parameters(query: object, known: Collection[str] = PARAMETERS) -> dict[str, str]:
    """Return a JSON object as parameters of the list, which are texts as in a URL. Raises InvalidFilter."""
    if not isinstance(query, dict):
        raise InvalidFilter(gettext("It must be an object with parameters of the list."))
    for name in query:
        if name not in known:
            raise InvalidFilter(gettext("Unknown parameter %(name)s.") % {"name": quote(name)})
    return {name: _as_text(name, value) for name, value in query.items() if value is not None}


def _as_text(name: str, value: object) -> str:
    if isinstance(value, list) and name in TAG_LISTS:
        if wrong := [item for item in value if isinstance(item, bool | list)]:
            raise InvalidFilter(gettext("%(value)s is not a tag.") % {"value": quote(wrong[0])}, name)
        text = ",".join(_as_text(name, item) for item in value)
        if not text.replace(",", " ").strip():
            raise InvalidFilter(
                gettext("This list is empty. Leave the parameter out to select without it."), name
            )
        return text
    if value == []:
        raise InvalidFilter(
            gettext("This list is empty. Leave the parameter out to select without it."), name
        )
    if not isinstance(value, str | int):
        raise InvalidFilter(gettext("It cannot be %(value)s.") % {"value": quote(value)}, name)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not is_plain(text):
        raise InvalidFilter(gettext("This value contains characters that are not allowed."), name)
    return text


def normalize(query: object) -> dict[str, str]:
    """Return the filter as it is stored. Raises InvalidFilter also for a value that the list refuses."""
    if "facebookPageId" in (query if isinstance(query, dict) else ()):
        raise InvalidFilter(gettext("Provide facebookPageId beside the query, not in it."))
    parameters = as_parameters(query)
    if len(orjson.dumps(parameters)) > MAX_BYTES:
        raise InvalidFilter(
            gettext("The filter is too long: at most %(number)s bytes.") % {"number": f"{MAX_BYTES:,}"}
        )
    filters = parse_filter(parameters)
    for name, [error, *_] in filters.errors.items():
        raise InvalidFilter(str(error), name)
    return parameters


def problem_of(view: SavedView) -> str:
    """Return what is wrong with the stored filter; an empty text if it can be used."""
    try:
        normalize(view.query)
    except InvalidFilter as error:
        return str(error)
    return ""


def parameters_of_view(view: SavedView) -> dict[str, str]:
    """Return the parameters of the list, including the Page. Raises InvalidFilter."""
    page = {"facebookPageId": view.page.facebook_page_id} if view.page else {}
    return {**page, **normalize(view.query)}
