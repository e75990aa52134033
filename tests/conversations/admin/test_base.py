"""Each list, row and filter of the admin shows only what the user's role on the Page allows."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from conversations.actions.tagging import tag_conversations
from conversations.models import (
    AlertNotice,
    BulkOperation,
    CallBudget,
    Draft,
    ExportPart,
    ExportPiece,
    ImportCheck,
    ImportedMessage,
    ImportSuggestion,
    JobOrigin,
    OutgoingPiece,
    Page,
    PageMember,
    PendingConnection,
    ProcessReport,
    SendingApp,
    Thread,
)
from conversations.models.message_headers import HeaderSplit, MessageHeader
from conversations.models.operations import OperationChunk
from conversations.models.privacy import Fingerprint, ForgottenKey, MessageFingerprint, PrivacyRequest
from inbox.site import admin_urls as _loads_the_admins  # noqa: F401 - as the first request does
from tests.factories import (
    ConversationFactory,
    EventFactory,
    OutgoingMessageFactory,
    PageFactory,
    SyncRunFactory,
    TagFactory,
)

PAGE_SCOPED_MODELS = [
    "page",
    "conversation",
    "thread",
    "interactionevent",
    "conversationtag",
    "conversationalias",
    "removedconversation",
    "syncrun",
    "webhookdelivery",
    "outgoingmessage",
    "alert",
]
ROLES = ["viewer", "tagger", "agent", "manager"]


def admin_url(model: str, view: str = "changelist", *args) -> str:
    return reverse(f"admin:conversations_{model}_{view}", args=args)


def fill(page) -> dict[str, int]:
    """Create a row of each model and return their IDs by the name of the model."""
    conversation = ConversationFactory(page=page)
    tag_conversations([conversation.pk], [TagFactory()], actor=None)
    thread = Thread.objects.create(page=page, graph_id="t_1", conversation=conversation)
    return {
        "page": page.pk,
        "conversation": conversation.pk,
        "thread": thread.pk,
        "interactionevent": EventFactory(conversation=conversation).pk,
        "conversationtag": conversation.tag_rows.get().pk,
        "conversationalias": conversation.aliases.create(page=page, sender_id="7").pk,
        "removedconversation": conversation.removed_conversations.create(
            page=page, kind="joined", removed_id=1, sender_id="8", details={"tags": []}
        ).pk,
        "syncrun": SyncRunFactory(page=page).pk,
        "webhookdelivery": page.deliveries.create(body=b"{}", state="done").pk,
        "outgoingmessage": OutgoingMessageFactory(conversation=conversation, text="EAA is a text").pk,
        "alert": page.alerts.create(cause="sync", sentence="No sync has completed.").pk,
    }


def test_every_model_of_ours_is_registered():
    models = {*apps.get_app_config("conversations").get_models(), *apps.get_app_config("tags").get_models()}
    index_modules = ("conversations.models.search", "conversations.models.insight")
    indexes = {model for model in models if model.__module__ in index_modules}
    files = {model for model in models if model.__module__ == "conversations.models.media"}  # of messages
    # Nobody needs fingerprints, or may see tokens and codes.
    hidden = {ForgottenKey, Fingerprint, MessageFingerprint, PendingConnection, PrivacyRequest}
    parts = {MessageHeader, HeaderSplit, ExportPart, ExportPiece, AlertNotice}  # of rows that have a page
    parts |= {ImportedMessage, ImportSuggestion, ImportCheck}
    hidden.add(Draft)  # is for its user alone
    parts |= {OutgoingPiece, SendingApp}  # of conversations
    hidden.add(ProcessReport)  # the page System shows it
    hidden.add(JobOrigin)  # the log shows it
    others = indexes | files | hidden | parts | {PageMember, CallBudget, BulkOperation, OperationChunk}
    assert models - others <= set(admin.site._registry)


@pytest.mark.parametrize("model", PAGE_SCOPED_MODELS)
def test_lists_and_detail_pages_show_no_token(page, root, model):
    ids = fill(page)
    stored = Page.objects.values_list("access_token", flat=True).get()
    for route in (
        admin_url(model),
        admin_url(model, "change", ids[model]),
        admin_url("page", "history", page.pk),
        "/admin/",
    ):
        response = root.get(route)
        assert response.status_code == 200
        text = response.content.decode()
        assert "EAA" not in text
        assert stored not in text
        assert "access_token" not in text.lower().replace(" ", "_")


@pytest.mark.parametrize("model", PAGE_SCOPED_MODELS)
def test_lists_run_no_query_per_row(page, root, model, django_assert_num_queries):
    fill(page)
    # Session, user, visible Pages, disconnected Pages, count, rows; with a filter by Page also its options;
    # for conversations these, all tags, the tags of the rows, the ads, the newest message and the
    # saved views.
    with_filter = ("thread", "syncrun", "webhookdelivery", "outgoingmessage", "alert")
    queries = {"conversation": 12, **dict.fromkeys(with_filter, 7)}.get(model, 6)
    with django_assert_num_queries(queries):
        root.get(admin_url(model))
    for _ in range(4):
        fill(PageFactory())
    with django_assert_num_queries(queries):
        root.get(admin_url(model))


@pytest.mark.parametrize("model", PAGE_SCOPED_MODELS)
def test_staff_see_only_the_rows_of_their_pages(page, staff, model):
    own, foreign = fill(page), fill(PageFactory())
    client = staff("manager")
    rows = {row.pk for row in client.get(admin_url(model)).context["cl"].result_list}
    assert own[model] in rows
    assert foreign[model] not in rows
    assert client.get(admin_url(model, "change", own[model])).status_code == 200
    assert client.get(admin_url(model, "change", foreign[model])).status_code == 404
    assert client.get(admin_url(model, "history", foreign[model])).status_code == 404


def test_dashboard_and_filter_offer_only_visible_pages(page, staff):
    PageFactory(name="Competitor")
    client = staff("viewer")
    for route in ("/admin/", admin_url("conversation")):
        text = client.get(route).content.decode()
        assert "Demo Shop" in text
        assert "Competitor" not in text


def test_filtering_by_an_invisible_page_matches_nothing(page, staff):
    other = ConversationFactory()
    response = staff("viewer").get(admin_url("conversation"), {"page": other.page_id})
    assert not response.context["cl"].result_list


def test_autocomplete_offers_visible_pages_and_only_superusers_find_users(page, staff, root):
    fill(page)
    fill(PageFactory(name="Competitor"))
    client = staff("viewer")
    query = {"app_label": "conversations", "model_name": "conversation", "field_name": "page", "term": ""}
    results = client.get("/admin/autocomplete/", query).json()["results"]
    assert [row["text"] for row in results] == ["Demo Shop"]
    user_query = {"app_label": "conversations", "model_name": "pagemember", "field_name": "user", "term": ""}
    assert client.get("/admin/autocomplete/", user_query).status_code == 403
    assert root.get("/admin/autocomplete/", user_query).status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_all_members_see_runs_and_only_managers_see_errors(page, staff, role):
    run = SyncRunFactory(
        page=page,
        status="error",
        error="Facebook says no",
        notes=["Something odd"],
        waits=[{"at": 3, "seconds": 5, "status": "waiting", "why": "Facebook says: slow down"}],
    )
    client = staff(role)
    assert client.get(admin_url("syncrun")).context["cl"].result_count == 1
    routes = [
        admin_url("syncrun"),
        admin_url("syncrun", "change", run.pk),
        admin_url("syncrun", "parts", run.pk),
    ]
    routes += ["/admin/", admin_url("page", "change", page.pk)]
    texts = [client.get(route).content.decode() for route in routes]
    assert all(("Facebook says no" in text) == (role == "manager") for text in texts)
    if role != "manager":
        assert not any("Something odd" in text or "slow down" in text for text in texts)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", PAGE_SCOPED_MODELS)
def test_staff_cannot_add_change_or_delete_rows(page, staff, model, role):
    ids = fill(page)
    client = staff(role)
    assert client.get(admin_url(model, "add")).status_code == 403
    for view in ("change", "delete"):
        response = client.post(admin_url(model, view, ids[model]), {"name": "x", "post": "yes"})
        assert response.status_code == 403


@pytest.mark.parametrize(
    "route",
    [
        "auth/user/",
        "accounts/apikey/",
        "procrastinate/procrastinatejob/",
        "conversations/callbudget/",
    ],
)
def test_only_superusers_see_the_settings_of_the_installation(staff, root, route):
    client = staff("manager")
    assert client.get(f"/admin/{route}").status_code == 403
    assert f"/admin/{route}" not in client.get("/admin/").content.decode()
    assert root.get(f"/admin/{route}").status_code == 200
    assert f"/admin/{route}" in root.get("/admin/").content.decode()


def test_access_token_cannot_be_used_as_a_filter(page, staff):
    assert staff("viewer").get(admin_url("page"), {"access_token__startswith": "g"}).status_code == 400
