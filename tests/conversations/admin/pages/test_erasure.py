"""Deleting in the admin first shows what is deleted; deleting a Page also asks for its name."""

import pytest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, Page
from conversations.models.privacy import Erasure
from conversations.privacy.erase_page import erase
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(page):
    row = ConversationFactory(page=page, sender_name="Ada <b>Lovelace</b>")
    EventFactory.create_batch(2, conversation=row)
    tag_conversations([row.pk], [TagFactory()], actor=None)
    return row


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def person_url(row) -> str:
    return reverse("admin:conversations_delete_person", args=[row.pk])


def page_url(page) -> str:
    return reverse("admin:conversations_erase_page", args=[page.pk])


# -- one person --------------------------------------------------------------------------------------------
def test_only_managers_see_the_link_to_delete_a_person(row, staff):
    address = reverse("admin:conversations_conversation_change", args=[row.pk])
    assert person_url(row) in text_of(staff("manager").get(address))
    assert person_url(row) not in text_of(staff("tagger").get(address))


def test_person_is_deleted_after_confirmation_of_the_numbers(row, staff):
    client = staff("manager")
    text = text_of(client.get(person_url(row)))
    assert "<b>2</b> messages" in text
    assert "<b>1</b> tag and <b>1</b> history entry" in text
    assert "Ada &lt;b&gt;Lovelace" in text
    assert Conversation.objects.filter(pk=row.pk).exists()

    response = client.post(person_url(row), follow=True)
    assert "Person deleted; 2 messages removed." in text_of(response)
    assert "Ada" not in text_of(response)
    assert not Conversation.objects.exists()
    assert client.get(person_url(row)).status_code == client.post(person_url(row)).status_code == 404
    erasure = Erasure.objects.get()
    assert (erasure.kind, erasure.actor, erasure.messages) == ("person", client.user, 2)


def test_erasures_are_listed_for_managers_of_the_page(row, staff, root, page):
    staff("manager").post(person_url(row))
    foreign = Erasure.objects.create(kind="person", page=PageFactory(), facebook_page_id="9")
    gone = Erasure.objects.create(kind="page", page=None, facebook_page_id="8", page_name="Gone Shop")
    address = reverse("admin:conversations_erasure_changelist")
    own = Erasure.objects.get(page=page)
    rows = staff("manager").get(address).context["cl"].result_list
    assert [row.pk for row in rows] == [own.pk]
    all_rows = root.get(address).context["cl"].result_list
    assert {row.pk for row in all_rows} == {own.pk, foreign.pk, gone.pk}
    assert staff("tagger").get(address).status_code == 403
    text = text_of(root.get(reverse("admin:conversations_erasure_change", args=[gone.pk])))
    assert "Gone Shop" in text
    for view in ("delete", "change"):
        route = reverse(f"admin:conversations_erasure_{view}", args=[own.pk])
        assert root.post(route, {"post": "yes"}).status_code == 403
    assert Erasure.objects.count() == 3


# -- a Page ------------------------------------------------------------------------------------------------
def test_page_is_deleted_only_with_its_name(row, root, page):
    assert page_url(page) in text_of(root.get(reverse("admin:conversations_page_change", args=[page.pk])))
    text = text_of(root.get(page_url(page)))
    assert "<b>1</b> conversation with" in text
    assert "The name does not match" in text_of(root.post(page_url(page), {"name": "demo shop"}))
    assert not Erasure.objects.exists()
    assert Page.objects.get().access_token

    response = root.post(page_url(page), {"name": " Demo Shop "})
    erasure = Erasure.objects.get()
    assert response["Location"] == reverse("admin:conversations_erasure_change", args=[erasure.pk])
    assert (erasure.actor, erasure.keeps_page) == (root.user, False)
    assert ProcrastinateJob.objects.get().task_name == "erase_pages"
    assert root.get(page_url(page))["Location"] == response["Location"]  # the page that shows the progress


def test_page_that_stays_connected_keeps_its_token(row, root, page):
    root.post(page_url(page), {"name": "Demo Shop", "keep": "1"})
    assert Erasure.objects.get().keeps_page
    assert Page.objects.get().access_token == page.access_token


@pytest.mark.django_db(transaction=True)
def test_progress_of_an_erasure_is_shown(row, root, page):
    response = root.post(page_url(page), {"name": "Demo Shop"}, follow=True)
    assert response["Refresh"]
    assert "No worker is running" in text_of(response)
    erase(Erasure.objects.get())
    response = root.get(reverse("admin:conversations_erasure_change", args=[Erasure.objects.get().pk]))
    assert "Everything of Demo Shop was deleted." in text_of(response)
    assert "Refresh" not in response


def test_managers_do_not_see_the_link_to_delete_a_page(staff, page):
    text = text_of(staff("manager").get(reverse("admin:conversations_page_change", args=[page.pk])))
    assert page_url(page) not in text
