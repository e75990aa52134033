"""Checks and parses query parameters; an invalid one is an error that names it."""

from collections.abc import Mapping
from datetime import tzinfo

from django.utils import timezone
from django.utils.translation import gettext
from rest_framework.exceptions import MethodNotAllowed, NotFound, ValidationError
from rest_framework.permissions import BasePermission

from conversations.lib.days import parse_zone
from conversations.permissions import memberships_of, page_ids
from conversations.search.criteria import SearchCriteria, distinct
from conversations.search.filters import parse_filter
from conversations.search.parsing import MAX_ID, parse_flag, parse_id, parse_number, quote

ALL_PAGES = ("", "all")  # values of facebookPageId
MAX_IDS = 50  # conversations of the parameter `ids`


class KnownMethod(BasePermission):
    """Refuses a method that the route lacks: parameters and roles are those of other methods."""

    def has_permission(self, request, view) -> bool:
        if request.method == "OPTIONS" or not hasattr(view, request.method.lower()):
            raise MethodNotAllowed(request.method)
        return True


class KnownParameters(BasePermission):
    """Accepts only the parameters that the view names for its action in `parameters`, each of them once."""

    def has_permission(self, request, view) -> bool:
        known = getattr(view, "parameters", {}).get(getattr(view, "action", None), ())
        for name, values in request.query_params.lists():
            if name not in known:
                raise ValidationError({name: [gettext("Unknown parameter.")]})
            if len(values) > 1:
                raise ValidationError({name: [gettext("Provide this parameter only once.")]})
            if "\0" in values[0]:
                raise ValidationError(
                    {name: [gettext("This value contains characters that are not allowed.")]}
                )
        return True


def whole_number(params: Mapping[str, str], name: str, *, default: int, highest: int | None = None) -> int:
    """Return a parameter as a number from 1 to `highest`, or `default` if it is missing or empty."""
    text = params.get(name, "").strip()
    if not text:
        return default
    number = parse_number(text)
    if not number or (highest and number > highest):
        message = (
            gettext("It must be a whole number from 1 to %(highest)s, not %(value)s.")
            if highest
            else gettext("It must be a whole number from 1 on, not %(value)s.")
        )
        raise ValidationError({name: [message % {"highest": highest, "value": quote(text)}]})
    return number


def flag(params: Mapping[str, str], name: str) -> bool:
    """Return a parameter as a boolean; False if it is missing or empty."""
    try:
        return parse_flag(params.get(name, "").strip() or False)
    except ValueError as error:
        raise ValidationError({name: [str(error)]}) from None


def conversation_ids(params: Mapping[str, str]) -> tuple[int, ...] | None:
    """Return the conversations of the parameter `ids`, each once; None if it is missing or empty."""
    text = params.get("ids", "").strip()
    if not text:
        return None
    try:
        ids = distinct(parse_id(key.strip()) for key in text.split(","))
    except ValueError as error:
        raise ValidationError(
            {"ids": [gettext("%(error)s Provide IDs, separated by commas.") % {"error": error}]}
        ) from None
    if len(ids) > MAX_IDS:
        raise ValidationError({"ids": [gettext("Provide at most %(number)s IDs.") % {"number": MAX_IDS}]})
    return tuple(pk for pk in ids if pk <= MAX_ID)  # no conversation has a higher one


def requested_page_ids(user, facebook_page_id: str = "") -> list[int]:
    """Return the IDs of all Pages that the user may see, or of the one with this Facebook ID.

    Raises NotFound if that Page does not exist or the user may not see it.
    """
    if facebook_page_id in ALL_PAGES:
        return page_ids(user)
    visible = memberships_of(user).items()
    ids = [page_id for page_id, membership in visible if membership.facebook_page_id == facebook_page_id]
    if not ids:
        raise NotFound(gettext("Page not found."))
    return ids


def time_zone_of(params: Mapping[str, str]) -> tzinfo:
    """Return the time zone of a valid filter: TIME_ZONE unless it names one."""
    name = params.get("tz", "").strip()
    return parse_zone(name) if name else timezone.get_default_timezone()


def requested_zone(params: Mapping[str, str]) -> tzinfo:
    """Return the time zone of parameters that are no filter. Raises ValidationError."""
    try:
        return time_zone_of(params)
    except ValueError as error:
        raise ValidationError({"tz": [str(error)]}) from None


def criteria_for(user, params: Mapping[str, str]) -> SearchCriteria:
    """Return the search criteria of filter parameters, for the Pages that the user may see.

    Raises ValidationError, which names the parameter, and NotFound like requested_page_ids().
    """
    filters = parse_filter(params)
    if not filters.is_valid():
        raise ValidationError(filters.errors)
    facebook_page_id = params.get("facebookPageId", "").strip()
    all_pages = user.is_superuser and facebook_page_id in ALL_PAGES
    pages = requested_page_ids(user, facebook_page_id)
    return filters.criteria(pages, user_id=user.pk, all_pages=all_pages)
