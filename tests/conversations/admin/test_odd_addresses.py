"""An address of the admin shows what its page shows, and an odd one is a 400 or 404, never a 500."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from django.contrib import admin
from django.db.models import TextField
from django.urls import reverse

from tests.browser.all_pages import request_of
from tests.factories import ConversationFactory, SyncRunFactory

from .test_base import admin_url, fill

ODD = {
    "NUL": "%00",
    "half of a surrogate pair": "%ED%A0%80",
    "a thousand digits": "9" * 1000,
    "more digits than Python reads": "9" * 5000,
    "more than a bigint": str(2**64),
    "negative": "-1",
    "no number": "1e5",
    "other digits": "%D9%A3",
    "a superscript": "%C2%B2",
    "a regular expression": "(a%2B)%2B$",
}
PARAMETERS = ("p", "q", "o", "page", "before", "status__exact", "include_tags", "date_from", "_popup", "all")
NAMES = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]


def test_viewers_do_not_read_letter_by_letter_what_the_list_hides(page, staff):
    SyncRunFactory(page=page, error="Secret")
    viewer = staff("viewer")
    for query in (
        "error__startswith=S",
        "error=Secret",
        "page__access_token__gt=a",
        "asked_by__password__lt=b",
    ):
        assert viewer.get(f"{admin_url('syncrun')}?{query}").status_code == 400
    assert viewer.get(f"{admin_url('syncrun')}?status__exact=complete&page={page.pk}").status_code == 200


@contextmanager
def captured(name: str) -> Iterator[list[logging.LogRecord]]:
    """Collect what a logger writes."""
    lines: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = lines.append  # type: ignore[method-assign, assignment]  # a function suffices
    logging.getLogger(name).addHandler(handler)
    yield lines
    logging.getLogger(name).removeHandler(handler)


@pytest.mark.parametrize("model_admin", admin.site._registry.values(), ids=str)
def test_no_list_takes_a_regular_expression(root, model_admin):
    columns = [one.name for one in model_admin.model._meta.fields if isinstance(one, TextField)]
    url = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
    for column, lookup in product(columns[:3], ("regex", "startswith")):
        with captured("django.security.DisallowedModelAdminLookup") as lines:
            assert root.get(url, {f"{column}__{lookup}": "(a+)+$"}).status_code == 400
        assert lines == []  # nobody fills the log with tracebacks


def test_only_superusers_see_the_history(page, staff, root):
    for model, pk in fill(page).items():
        url = admin_url(model, "history", pk)
        assert (staff("manager").get(url).status_code, root.get(url).status_code) == (403, 200)


def addresses_of_filters(user) -> Iterator[str]:
    """Each list with odd values of each filter that it declares."""
    request = request_of(user)
    for model_admin in admin.site._registry.values():
        opts = model_admin.opts
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        filters = model_admin.get_changelist_instance(request).filter_specs
        names = {name for one in filters for name in one.expected_parameters() if name}
        yield from (f"{url}?{name}={odd}" for name, odd in product(sorted(names), ("x", 2**64, "1e5", "-1")))


def test_odd_values_of_filters_are_no_errors_of_the_server(page, root, admin_user):
    fill(page)
    root.raise_request_exception = False
    urls = list(addresses_of_filters(admin_user))
    assert len(urls) > 100
    assert {url for url in urls if root.get(url).status_code >= 500} == set()


def odd_addresses(pk: int) -> list[str]:
    """Lists, rows and further views with odd IDs and parameters; one of each kind has every odd value."""
    lists = [reverse(f"admin:{name}_changelist") for name in NAMES]
    conversations = admin_url("conversation")
    addresses = [f"{one}{odd}/change/" for one, odd in product(lists, ("%00", "9" * 30, "9" * 5000))]
    for odd in ODD.values():
        addresses += [f"{conversations}{odd}/{view}/" for view in ("history", "delete")]
        addresses += [f"{conversations}?{parameter}={odd}" for parameter in PARAMETERS]
        addresses += [f"{conversations}{pk}/change/?{one}={odd}" for one in ("before", "page")]
        addresses += [f"{admin_url('syncrun')}?{one}={odd}" for one in ("p", "page", "status__exact")]
        addresses += [f"/admin/conversations/page/connect/?page={odd}", f"/admin/r/{odd}/{odd}/"]
        addresses += [f"/admin/autocomplete/?term={odd}&app_label=conversations&model_name={odd}"]
    return addresses


def test_odd_addresses_are_no_errors_of_the_server(page, root):
    root.raise_request_exception = False
    conversation = ConversationFactory(page=page)
    urls = odd_addresses(conversation.pk)
    assert {url[:120] for url in urls if root.get(url).status_code >= 500} == set()
    for odd in ("\0", "9" * 5000, "-1"):
        form = {"action": "add_tags", "_selected_action": odd, "select_across": "0", "index": "0"}
        assert root.post(admin_url("conversation"), form).status_code < 500
