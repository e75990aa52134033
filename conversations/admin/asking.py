"""What the list is asked for: the one grammar of filters, on the Pages that the user sees."""

from django.http import HttpRequest

from conversations.admin.access import page_ids
from conversations.reading.filters import read
from conversations.reading.messages import catch_up
from conversations.reading.selection import Selection

# The list's parameters by those of REST. Several values of one are a comma list there.
NAMES = {
    "include_tags": "include_tags",
    "include_mode": "include_mode",
    "exclude_tags": "exclude_tags",
    "tagging": "untagged",
    "reading": "unread",
    "reply": "waiting",
    "status": "status",
    "platform": "platform",
    "q": "search",
    "search_in": "search_in",
    "date_from": "startDate",
    "date_to": "endDate",
}
# Those that are true or false there have words here: the word for true, the word for false.
FLAGS = {
    "tagging": ("untagged", "tagged"),
    "reading": ("unread", "read"),
    "reply": ("waiting", "not_waiting"),
}


def parameters_of(request: HttpRequest) -> dict[str, str]:
    """As REST names them."""
    found = {}
    for name, rest_name in NAMES.items():
        values = [value.strip() for value in request.GET.getlist(name) if value.strip()]
        if values:
            value = ",".join(values)
            flag = dict(zip(FLAGS.get(name, ()), ("true", "false"), strict=False))
            found[rest_name] = flag.get(value, value)
    return found


def as_query(parameters: dict[str, str]) -> dict[str, str | list[str]]:
    """The other way: REST's parameters, but for the Page, as those of the list."""
    found: dict[str, str | list[str]] = {}
    for name, rest_name in NAMES.items():
        value = parameters.get(rest_name, "")
        if not value:
            continue
        if name in FLAGS:
            yes, no = FLAGS[name]
            found[name] = yes if value in ("true", "1") else no
        else:
            found[name] = value.split(",") if rest_name.endswith("_tags") else value
    return found


def selection_of(request: HttpRequest) -> Selection:
    """Asked once per request. What is not understood finds nothing; `fault_of` says what that is."""
    known = vars(request)
    if "selection" not in known:
        known["selection"], known["fault"] = _read(request)
        if known["selection"].in_messages:
            catch_up()
    return known["selection"]


def fault_of(request: HttpRequest) -> str:
    selection_of(request)
    return vars(request)["fault"]


def _read(request: HttpRequest) -> tuple[Selection, str]:
    seen = page_ids(request)
    wanted = request.GET.get("page", "").strip()
    pages = [pk for pk in seen if str(pk) == wanted] if wanted else seen
    asked = read(parameters_of(request))
    if not asked.is_valid():
        [(name, [words, *_]), *_] = asked.errors.items()
        return Selection(page_ids=()), f"{name}: {words}"
    everywhere = request.user.is_superuser and not wanted
    return asked.selection(pages, everywhere=everywhere), ""
