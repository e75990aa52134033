"""Everything that a screen shows of a Page notifies the processes of web pages when it changes."""

from collections.abc import Callable

import psycopg
import pytest
from django.db import connection

from conversations.actions.tagging import delete_tag
from conversations.lib.notify import CHANNEL
from conversations.models import SavedView
from conversations.privacy.forget_person import delete_person
from tags.models import change_tag, create_tag
from tests.factories import ConversationFactory, PageFactory, api, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def notified():
    """Return the IDs of the Pages that an action has notified of."""
    params = connection.get_connection_params()
    options = {key: params[key] for key in params if key not in ("cursor_factory", "context")}
    with psycopg.connect(**options, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")

        def of(action: Callable[[], object]) -> set[int]:
            action()
            listener.execute("SELECT 1")
            return {int(sent.payload) for sent in listener.notifies(timeout=0)}

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
    assert notified(lambda: delete_person(conversation, actor=None)) == {page.pk}
