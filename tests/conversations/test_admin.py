import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from conversations.models import Page, PageMember, Thread
from conversations.tagging import tag_conversations
from tests.factories import (
    ConversationFactory,
    EventFactory,
    PageFactory,
    PageMemberFactory,
    SyncRunFactory,
    TagFactory,
    UserFactory,
    superuser,
)

OF_PAGES = ["page", "conversation", "thread", "interactionevent", "conversationtag", "syncrun"]


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(model: str, view: str = "changelist", *args) -> str:
    return reverse(f"admin:conversations_{model}_{view}", args=args)


def fill(page) -> dict[str, int]:
    """A row of everything; its ids by the name of the model."""
    conversation = ConversationFactory(page=page)
    tag_conversations([conversation.pk], [TagFactory()], actor=UserFactory())
    thread = Thread.objects.create(page=page, graph_id="t_1", conversation=conversation)
    return {
        "page": page.pk,
        "conversation": conversation.pk,
        "thread": thread.pk,
        "interactionevent": EventFactory(conversation=conversation).pk,
        "conversationtag": conversation.tag_rows.get().pk,
        "syncrun": SyncRunFactory(page=page).pk,
    }


@pytest.fixture
def page(db):
    return PageFactory()


@pytest.fixture
def root(db):
    return browser(superuser())


def test_every_table_of_ours_is_there():
    models = {*apps.get_app_config("conversations").get_models(), *apps.get_app_config("tags").get_models()}
    assert models - {PageMember} <= set(admin.site._registry)


@pytest.mark.parametrize("model", OF_PAGES)
def test_lists_and_rows_open_and_show_no_secret(page, root, model):
    ids = fill(page)
    stored = Page.objects.values_list("access_token", flat=True).get()
    for route in (address(model), address(model, "change", ids[model]), address("page", "history", page.pk)):
        answer = root.get(route)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "EAA" not in text
        assert stored not in text
        assert "access_token" not in text.lower().replace(" ", "_")


@pytest.mark.parametrize("model", OF_PAGES)
def test_list_costs_no_query_per_row(page, root, model, django_assert_num_queries):
    fill(page)
    root.get(address(model))
    for _ in range(3):
        fill(PageFactory())
    with django_assert_num_queries(4):  # the session, the user, the count, the rows
        root.get(address(model))


@pytest.mark.parametrize("model", OF_PAGES)
def test_staff_see_the_rows_of_their_pages_only(page, model):
    user = UserFactory(is_staff=True)
    PageMemberFactory(page=page, user=user, role="manager")
    mine, others = fill(page), fill(PageFactory())
    client = browser(user)
    shown = {row.pk for row in client.get(address(model)).context["cl"].result_list}
    assert mine[model] in shown
    assert others[model] not in shown
    assert client.get(address(model, "change", mine[model])).status_code == 200
    assert client.get(address(model, "change", others[model])).status_code == 302


def test_runs_are_for_managers(page):
    user = UserFactory(is_staff=True)
    PageMemberFactory(page=page, user=user, role="tagger")
    fill(page)
    assert browser(user).get(address("syncrun")).context["cl"].result_count == 0


@pytest.mark.parametrize("model", OF_PAGES[1:])
def test_what_a_sync_or_a_service_writes_is_read_only(page, root, model):
    ids = fill(page)
    assert root.get(address(model, "add")).status_code == 403
    assert root.post(address(model, "change", ids[model]), {"reason": "x"}).status_code == 403
    assert root.post(address(model, "delete", ids[model]), {"post": "yes"}).status_code == 403


def test_superuser_names_a_page_and_its_members_and_keeps_its_token(page, root):
    user = UserFactory()
    form = {
        "name": "New name",
        "facebook_page_id": "1",
        "members-TOTAL_FORMS": 1,
        "members-INITIAL_FORMS": 0,
        "members-0-user": user.pk,
        "members-0-role": "tagger",
    }
    assert root.post(address("page", "change", page.pk), form).status_code == 302
    after = Page.objects.get()
    assert (after.name, after.facebook_page_id, after.access_token) == (
        "New name",
        page.facebook_page_id,
        "EAAtokenOfThePage",
    )
    assert [(row.user, row.role) for row in after.members.all()] == [(user, "tagger")]
    assert "EAA" not in root.get(address("page", "history", page.pk)).content.decode()


def test_staff_do_not_give_themselves_roles(page):
    user = UserFactory(is_staff=True)
    PageMemberFactory(page=page, user=user)
    client = browser(user)
    assert b"members-TOTAL_FORMS" not in client.get(address("page", "change", page.pk)).content
    assert client.post(address("page", "change", page.pk), {"name": "Mine"}).status_code == 403


def test_search_is_folded(page, root):
    ConversationFactory(page=page, sender_name="José García")
    ConversationFactory(page=page)
    answer = root.get(address("conversation"), {"q": "GARCIA"})
    assert [str(row) for row in answer.context["cl"].result_list] == ["José García"]


def test_newest_conversations_come_first(page, root):
    first, never, last = (
        ConversationFactory(page=page),
        ConversationFactory(page=page, last_message_time=None),
        ConversationFactory(page=page),
    )
    rows = root.get(address("conversation")).context["cl"].result_list
    assert list(rows) == [last, first, never]


def test_tokens_of_users_are_not_shown(root):
    assert root.get("/admin/authtoken/tokenproxy/").status_code == 404
