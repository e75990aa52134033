"""Facts that stand in one place: each test fails when its fact is written down a second time.

Each fact has a section of its own. A test reads the source only where no behavior would tell.
"""

import re
from pathlib import Path

import pytest

from conversations.connections.interactive import HTTP_STATUSES, FacebookRefused, RefusalReason
from conversations.graph import fields
from conversations.models import PageMember
from conversations.models.facets import Facet, facet_values
from conversations.models.roles import SUPERUSER, Role
from conversations.sandbox.responses import queries

ROOT = Path(__file__).parent.parent
SUFFIXES = {".py", ".sql", ".html", ".mjs", ".js"}


def files_with(pattern: str, *, suffixes: set[str] = SUFFIXES) -> set[str]:
    """Return the files of the product, but for migrations, that match a regular expression."""
    tops = ("conversations", "inbox", "tags", "templates")
    paths = (path for top in tops for path in (ROOT / top).rglob("*"))
    return {
        str(path.relative_to(ROOT))
        for path in paths
        if path.suffix in suffixes
        and not {"migrations", "node_modules", "__pycache__"} & set(path.parts)
        and re.search(pattern, path.read_text())
    }


# -- roles -------------------------------------------------------------------------------------------------
def test_members_have_the_roles_of_one_enum():
    assert PageMember.Role is Role
    assert Role.values == ["viewer", "tagger", "agent", "manager"]  # stored values: they never change


def test_no_other_python_module_lists_the_roles():
    names = r"""["']viewer["']|["']tagger["']|["']agent["']|["']manager["']"""
    assert files_with(names, suffixes={".py", ".sql"}) == {"conversations/models/roles.py"}


def test_browser_orders_the_roles_in_the_same_way():
    text = (ROOT / "inbox/frontend/core/store.mjs").read_text()
    [listed] = re.findall(r"const ROLES = \[(.+?)\]", text)
    assert re.findall(r'"(\w+)"', listed) == [*Role.values, SUPERUSER]


# -- facets ------------------------------------------------------------------------------------------------
def test_facets_have_their_stored_bits():
    bits = {facet.name: facet.value for facet in Facet}
    assert bits == {"DONE": 1, "INSTAGRAM": 2, "UNREAD": 4, "UNANSWERED": 8}


@pytest.mark.parametrize("value", range(16))
def test_only_a_conversation_that_is_done_cannot_be_unanswered(value):
    assert (value in facet_values()) == (not (value & Facet.DONE and value & Facet.UNANSWERED))


def test_no_statement_writes_a_bit_of_a_facet_as_a_number():
    assert files_with(r"facets\s*(&|\||=|<|>)+\s*\d", suffixes={".py", ".sql"}) == set()


# -- refusals of Facebook ----------------------------------------------------------------------------------
@pytest.mark.parametrize("reason", RefusalReason)
def test_every_reason_of_a_refusal_has_an_http_status(reason):
    assert FacebookRefused("", reason).http_status == HTTP_STATUSES[reason]


def test_no_other_module_maps_a_reason_to_a_status():
    owner = "conversations/connections/interactive.py"
    assert files_with(r"RefusalReason\.\w+: ") == {owner}


# -- Facebook's limits -------------------------------------------------------------------------------------
def test_window_of_instagram_is_defined_once():
    """The sandbox plays Facebook's side and has its own."""
    assert files_with(r"(?m)^INSTAGRAM_\w+ = \d") == {
        "conversations/graph/fields.py",
        "conversations/sandbox/responses/queries.py",
    }
    assert fields.INSTAGRAM_WINDOW == queries.INSTAGRAM_WINDOW


# -- options of the Graph client ---------------------------------------------------------------------------
def test_only_one_module_reads_the_settings_of_the_graph_client():
    """Beside the settings themselves, and the exchange of tokens, which needs no client."""
    assert files_with(r"settings\.GRAPH_(CALLS_PER_SECOND|RETRY_SECONDS)", suffixes={".py"}) == {
        "conversations/connections/client.py"
    }


def test_one_class_limits_the_pauses_of_people_who_wait():
    assert files_with(r"waited \+= ") == {"conversations/connections/patience.py"}


def test_permissions_granted_to_a_token_are_read_in_one_place():
    assert files_with(r"= granted_to\(|return granted_to\(") == {"conversations/connections/connect.py"}
