"""Reads the parameters of the conversation list as SearchCriteria, limited to the Pages the user sees.

The grammar is that of the REST API: each parameter of the list is one of REST, some under another name.
"""

from django.http import HttpRequest
from django.utils import timezone

from conversations.permissions import page_ids
from conversations.search.criteria import SearchCriteria
from conversations.search.filters import parse_filter
from conversations.search.index.message_index import index_pending

# The parameters of the list with their names in REST. Several values of one are separated by commas there.
REST_NAMES = {
    "include_tags": "include_tags",
    "include_mode": "include_mode",
    "exclude_tags": "exclude_tags",
    "tagging": "untagged",
    "unread": "unread",
    "reply": "waiting",
    "status": "status",
    "platform": "platform",
    "ad": "ad_id",
    "attachment": "has_attachment",
    "from": "last_message_from",
    "assignee": "assignee",
    "mentioned": "mentioned",
    "snoozed": "snoozed",
    "note": "has_note",
    "q": "search",
    "search_in": "search_in",
    "date_from": "startDate",
    "date_to": "endDate",
    "tz": "tz",
}
# Parameters that are booleans in REST: their values here for true and for false.
FLAGS = {
    "tagging": ("untagged", "tagged"),
    "unread": ("true", "false"),
    "reply": ("waiting", "not_waiting"),
    "snoozed": ("true", "false"),
    "note": ("true", "false"),
}


def parameters_of(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of the list as parameters of REST."""
    parameters = {}
    for name, rest_name in REST_NAMES.items():
        values = [value.strip() for value in request.GET.getlist(name) if value.strip()]
        if values:
            value = ",".join(values)
            flag = dict(zip(FLAGS.get(name, ()), ("true", "false"), strict=False))
            parameters[rest_name] = flag.get(value, value)
    return parameters


def with_zone(parameters: dict[str, str]) -> dict[str, str]:
    """Return parameters for REST, which reads days in TIME_ZONE unless told: these are the reader's days."""
    if not {"startDate", "endDate"} & parameters.keys():
        return parameters
    return {"tz": timezone.get_current_timezone_name(), **parameters}


def as_query(parameters: dict[str, str]) -> dict[str, str | list[str]]:
    """Return parameters of REST, except the Page, as parameters of the list."""
    query: dict[str, str | list[str]] = {}
    for name, rest_name in REST_NAMES.items():
        value = parameters.get(rest_name, "")
        if not value:
            continue
        if name in FLAGS:
            if_true, if_false = FLAGS[name]
            query[name] = if_true if value in ("true", "1") else if_false
        else:
            query[name] = value.split(",") if rest_name.endswith("_tags") else value
    return query


def criteria_of(request: HttpRequest) -> SearchCriteria:
    """Return the criteria of the request, read once. Invalid ones match nothing; see `filter_error`."""
    cache = vars(request)
    if "search_criteria" not in cache:
        cache["search_criteria"], cache["filter_error"] = _read(request)
        if cache["search_criteria"].in_messages:
            index_pending()
    return cache["search_criteria"]


def filter_error(request: HttpRequest) -> str:
    """Return what is invalid in the parameters; an empty text where all are valid."""
    criteria_of(request)
    return vars(request)["filter_error"]


def _read(request: HttpRequest) -> tuple[SearchCriteria, str]:
    visible = page_ids(request.user)
    page = request.GET.get("page", "").strip()
    pages = [pk for pk in visible if str(pk) == page] if page else visible
    filters = parse_filter(parameters_of(request))
    if not filters.is_valid():
        [(name, [error, *_]), *_] = filters.errors.items()
        return SearchCriteria(page_ids=()), f"{name}: {error}"
    is_unlimited = request.user.is_superuser and not page
    return filters.criteria(pages, user_id=request.user.pk, all_pages=is_unlimited), ""
