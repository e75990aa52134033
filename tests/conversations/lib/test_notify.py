"""Everything that a screen shows of a Page notifies the processes of web pages when it changes."""

from collections.abc import Callable
from functools import partial

import psycopg
import pytest
from django.db import connection

from conversations.actions.status import set_status
from conversations.actions.tagging import delete_tag, tag_conversations
from conversations.lib.notify import CHANNEL, parse
from conversations.models import Conversation, SavedReply, SavedView
from conversations.privacy.forget_person import delete_person
from conversations.sync.service import sync_conversations
from tags.models import change_tag, create_tag
from tests.conversations.webhooks.deliveries import NOON, PAGE_ID, deliver, item, message
from tests.factories import ConversationFactory, PageFactory, api, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def notified():
    """Return the IDs of the Pages that an action has notified of; with `ids` also of the conversations."""
    params = connection.get_connection_params()
    options = {key: params[key] for key in params if key not in ("cursor_factory", "context")}
    with psycopg.connect(**options, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")

        def of(action: Callable[[], object], *, ids: bool = False):
            action()
            listener.execute("SELECT 1")
            found = [parse(sent.payload) for sent in listener.notifies(timeout=0)]
            return dict(found) if ids else {page_id for page_id, _ in found}

        yield of


def test_tags_notify_of_every_page(notified):
    pages = {PageFactory().pk, PageFactory().pk}
    assert notified(lambda: create_tag("VIP")) == pages
    tag = create_tag("Late")
    notified(lambda: None)
    assert notified(lambda: change_tag(tag, name="Later")) == pages
    assert notified(lambda: delete_tag(tag, force=True, actor=None)) == pages


def test_views_notify_of_their_pages(notified):
    page, other = PageFactory(), PageFactory()
    client = api(superuser())
    body = {"name": "Late", "shared": True, "facebookPageId": page.facebook_page_id}
    assert notified(lambda: client.post("/api/views", body, format="json")) == {page.pk}
    address = f"/api/views/{SavedView.objects.get().pk}"
    body["facebookPageId"] = other.facebook_page_id
    assert notified(lambda: client.put(address, body, format="json")) == {page.pk, other.pk}
    assert notified(lambda: client.put(address, {"name": "All"}, format="json")) == {page.pk, other.pk}
    assert notified(lambda: client.delete(address)) == {page.pk, other.pk}


def test_saved_replies_notify_of_their_pages(notified):
    page, other = PageFactory(), PageFactory()
    client = api(superuser())
    body = {"name": "Hello", "text": "Hi", "facebookPageId": page.facebook_page_id}
    assert notified(lambda: client.post("/api/saved-replies", body, format="json")) == {page.pk}
    address = f"/api/saved-replies/{SavedReply.objects.get().pk}"
    body["facebookPageId"] = None
    assert notified(lambda: client.put(address, body, format="json")) == {page.pk, other.pk}
    use = {"conversationId": ConversationFactory(page=page).pk}
    assert notified(lambda: client.post(f"{address}/use", use, format="json")) == set()
    assert notified(lambda: client.delete(address)) == {page.pk, other.pk}


def test_page_and_its_people_notify(notified, client):
    page = PageFactory()
    assert notified(lambda: page.reconnect("Facebook refuses the token.")) == {page.pk}
    form = {"name": "Boutique", "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}
    client.force_login(superuser())
    address = f"/admin/conversations/page/{page.pk}/change/"
    assert notified(lambda: client.post(address, form)) == {page.pk}
    page.refresh_from_db()
    assert page.name == "Boutique"
    conversation = ConversationFactory(page=page)
    deleted = {page.pk: {conversation.pk}}
    assert notified(lambda: delete_person(conversation, actor=None), ids=True) == deleted


def test_actions_on_conversations_name_those_that_changed(notified):
    rows = [ConversationFactory() for _ in range(2)]
    both = {row.page_id: {row.pk} for row in rows}
    ids = [row.pk for row in rows]
    vip = create_tag("VIP")
    notified(lambda: None)
    assert notified(lambda: tag_conversations(ids, [vip], actor=None), ids=True) == both
    assert notified(lambda: tag_conversations(ids, [vip], actor=None), ids=True) == {}
    assert notified(lambda: set_status(ids[:1], "done", actor=None), ids=True) == {rows[0].page_id: {ids[0]}}
    many = ConversationFactory.create_batch(51, page=rows[0].page)
    change = partial(set_status, [row.pk for row in many], "done", actor=None)
    assert notified(change, ids=True) == {rows[0].page_id: None}


def test_webhooks_name_the_conversations_that_they_changed(notified):
    page = PageFactory(facebook_page_id=PAGE_ID)
    first = notified(lambda: deliver(message("m_1")), ids=True)
    [pk] = Conversation.objects.values_list("pk", flat=True)
    assert first == {page.pk: {pk}}
    assert notified(lambda: deliver(message("m_1")), ids=True) == {page.pk: set()}  # only the delivery is new
    seen = item("read", {"watermark": NOON + 5000})
    assert notified(lambda: deliver(seen), ids=True) == {page.pk: {pk}}


def test_syncs_name_the_conversations_that_they_changed(notified, world, shop, page):
    thread = world.add_conversation(shop, messages=60)
    world.add_conversation(shop, messages=1)
    assert set(notified(lambda: sync_conversations(page), ids=True)) == {page.pk}
    assert notified(lambda: sync_conversations(page), ids=True) == {}
    world.add_message(thread, "One more")
    pk = Conversation.objects.get(graph_id=thread.id).pk
    assert notified(lambda: sync_conversations(page), ids=True) == {page.pk: {pk}}
