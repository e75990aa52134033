"""Forgetting in the admin says first what will go; everything of a Page asks for its name."""

import pytest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.forgetting.pages import erase
from conversations.forgetting.tables import Erasure
from conversations.models import Conversation, Page
from conversations.tagging import tag_conversations
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(page):
    row = ConversationFactory(page=page, sender_name="Ada <b>Lovelace</b>")
    EventFactory.create_batch(2, conversation=row)
    tag_conversations([row.pk], [TagFactory()], actor=None)
    return row


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def person(row) -> str:
    return reverse("admin:conversations_forget_person", args=[row.pk])


def everything(page) -> str:
    return reverse("admin:conversations_erase_page", args=[page.pk])


# -- one person --------------------------------------------------------------------------------------------
def test_a_conversation_leads_managers_to_it_and_nobody_else(row, staff):
    address = reverse("admin:conversations_conversation_change", args=[row.pk])
    assert person(row) in text_of(staff("manager").get(address))
    assert person(row) not in text_of(staff("tagger").get(address))


def test_it_says_what_will_go_before_it_does_it(row, staff):
    client = staff("manager")
    text = text_of(client.get(person(row)))
    assert "<b>2</b> messages" in text
    assert "<b>1</b> tag and <b>1</b> line" in text
    assert "Ada &lt;b&gt;Lovelace" in text
    assert Conversation.objects.filter(pk=row.pk).exists()

    answer = client.post(person(row), follow=True)
    assert "Forgotten, with 2 messages." in text_of(answer)
    assert "Ada" not in text_of(answer)
    assert not Conversation.objects.exists()
    assert client.get(person(row)).status_code == client.post(person(row)).status_code == 404
    line = Erasure.objects.get()
    assert (line.kind, line.actor, line.messages) == ("person", client.user, 2)


def test_the_lines_that_are_left_are_for_managers_of_the_page(row, staff, root, page):
    staff("manager").post(person(row))
    theirs = Erasure.objects.create(kind="person", page=PageFactory(), facebook_page_id="9")
    gone = Erasure.objects.create(kind="page", page=None, facebook_page_id="8", page_name="Gone Shop")
    address = reverse("admin:conversations_erasure_changelist")
    own = Erasure.objects.get(page=page)
    seen = staff("manager").get(address).context["cl"].result_list
    assert [line.pk for line in seen] == [own.pk]
    everyone = root.get(address).context["cl"].result_list
    assert {line.pk for line in everyone} == {own.pk, theirs.pk, gone.pk}
    assert staff("tagger").get(address).status_code == 403
    text = text_of(root.get(reverse("admin:conversations_erasure_change", args=[gone.pk])))
    assert "Gone Shop" in text
    for view in ("delete", "change"):
        route = reverse(f"admin:conversations_erasure_{view}", args=[own.pk])
        assert root.post(route, {"post": "yes"}).status_code == 403
    assert Erasure.objects.count() == 3


# -- a Page ------------------------------------------------------------------------------------------------
def test_everything_of_a_page_goes_only_by_its_name(row, root, page):
    assert everything(page) in text_of(root.get(reverse("admin:conversations_page_change", args=[page.pk])))
    text = text_of(root.get(everything(page)))
    assert "<b>1</b> conversation with" in text
    assert "That is not its name" in text_of(root.post(everything(page), {"name": "demo shop"}))
    assert not Erasure.objects.exists()
    assert Page.objects.get().access_token

    answer = root.post(everything(page), {"name": " Demo Shop "})
    erasure = Erasure.objects.get()
    assert answer["Location"] == reverse("admin:conversations_erasure_change", args=[erasure.pk])
    assert (erasure.actor, erasure.keeps_page) == (root.user, False)
    assert ProcrastinateJob.objects.get().task_name == "erase_pages"
    assert root.get(everything(page))["Location"] == answer["Location"]  # where one watches it


def test_a_kept_page_keeps_its_token(row, root, page):
    root.post(everything(page), {"name": "Demo Shop", "keep": "1"})
    assert Erasure.objects.get().keeps_page
    assert Page.objects.get().access_token == page.access_token


@pytest.mark.django_db(transaction=True)
def test_one_watches_how_far_it_is(row, root, page):
    answer = root.post(everything(page), {"name": "Demo Shop"}, follow=True)
    assert answer["Refresh"]
    assert "No worker is running" in text_of(answer)
    erase(Erasure.objects.get())
    answer = root.get(reverse("admin:conversations_erasure_change", args=[Erasure.objects.get().pk]))
    assert "Everything of Demo Shop is deleted." in text_of(answer)
    assert "Refresh" not in answer


def test_managers_are_not_led_to_it(staff, page):
    text = text_of(staff("manager").get(reverse("admin:conversations_page_change", args=[page.pk])))
    assert everything(page) not in text
