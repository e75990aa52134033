"""From the outbox to Facebook: what each answer makes of a message, and what may be sent again."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import CallBudget, InteractionEvent, OutgoingMessage, OutgoingPiece, Page
from conversations.models.outbox import delete_expired
from conversations.sandbox import faults
from conversations.sandbox.script import ScriptedAnswer
from conversations.search.index.message_index import index_pending
from conversations.sending import attempts
from conversations.sending.outbox_worker import OutboxWorker
from conversations.sending.outgoing_files import OutgoingFile
from tests.factories import api, superuser

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "POST /*/messages"
PNG = OutgoingFile("image", "boat.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 2_000_000)


def error(code: int, subcode: int = 0, status: int = 400) -> ScriptedAnswer:
    return ScriptedAnswer({"error": {"code": code, "error_subcode": subcode, "message": "No"}}, status)


def sent(number: int = 1) -> dict:
    return {"recipient_id": "7000000000000001", "message_id": f"m_sent{number}"}


def calls(sandbox) -> list[str]:
    return [call.path for call in sandbox.call_log if call.method == "POST"]


def test_message_becomes_one_event_of_its_author(write, send, sandbox, agent, conversation):
    sandbox.script.add(PATH, sent())
    message = write()
    send()
    message.refresh_from_db()
    assert (message.state, message.graph_id, message.text) == ("sent", "m_sent1", "")
    event = InteractionEvent.objects.get(graph_id="m_sent1")
    assert (event.kind, event.text, event.actor) == ("message_sent", "Hello", agent)
    assert event.data["metadata"] == message.metadata
    conversation.refresh_from_db()
    assert (conversation.last_message, conversation.last_message_kind) == ("Hello", "message_sent")
    assert conversation.unread_count == 0


def test_answer_counts_as_a_reply(write, send, sandbox, page):
    """In the insights and in *Needs reply*, as one that was sent elsewhere."""
    sandbox.script.add(PATH, sent())
    write()
    send()
    index_pending()
    found = api(superuser()).get("/api/insight").json()["insight"]
    assert (found["days"][-1]["sent"], found["replies"][-1]["count"], found["waiting"]) == (1, 1, 0)
    assert found["replies"][-1]["seconds"] == pytest.approx(3600, abs=60)


def test_messages_of_a_conversation_go_one_by_one_in_order(write, send, sandbox):
    sandbox.script.add(PATH, *[sent(number) for number in range(1, 6)])
    messages = [write(f"No. {number}") for number in range(5)]
    workers = [threading.Thread(target=run_worker) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    send()
    for message in messages:
        message.refresh_from_db()
    assert [message.graph_id for message in messages] == [f"m_sent{number}" for number in range(1, 6)]


def run_worker() -> None:
    from django.db import connection

    worker = OutboxWorker()
    worker.start_due()
    worker.wait(30)
    worker.close()
    connection.close()


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (error(10, 2018278), "failed", "24 hours"),
        (error(551), "failed", "cannot be reached"),
        (error(190), "failed", "Connect the Page again"),
        (error(10), "failed", "permission is missing"),
        (error(100), "failed", "code 100"),
        (error(1, 1357046, 500), "uncertain", "did not say"),
        (error(2), "uncertain", "did not say"),
        (ScriptedAnswer("Bad gateway", 502), "uncertain", "did not say"),
    ],
)
def test_answer_that_is_none(write, send, sandbox, page, answer, state, words):
    sandbox.script.add(PATH, answer)
    message = write()
    send()
    send()
    message.refresh_from_db()
    assert message.state == state
    assert words in message.reason
    assert message.text == "Hello"
    assert len(calls(sandbox)) == 1, "it was sent again"
    assert Page.objects.get().state == "connected"
    budget = CallBudget.objects.get(platform="messenger:send")
    assert (budget.calls, budget.transient + budget.refused) == (1, 1), "/metrics shows it"


def test_throttled_message_waits_and_is_sent(write, send, sandbox, page):
    sandbox.script.add(PATH, error(613), sent())
    message = write()
    send()
    message.refresh_from_db()
    assert message.state == "queued"
    assert "slow down" in message.reason
    assert message.due_at > timezone.now() + timedelta(seconds=30)
    other = write("Another")
    send()
    other.refresh_from_db()
    assert other.state == "queued"
    assert len(calls(sandbox)) == 1


def test_message_that_cannot_leave_is_tried_again(write, send, sandbox, settings):
    sandbox.script.add(PATH, sent())
    right, settings.GRAPH_API_URL = settings.GRAPH_API_URL, "http://nobody.invalid"
    message = write()
    send()
    message.refresh_from_db()
    assert (message.state, message.tries) == ("queued", 1)
    settings.GRAPH_API_URL = right
    OutgoingMessage.objects.update(due_at=timezone.now())
    send()
    message.refresh_from_db()
    assert message.state == "sent"


def test_message_that_could_not_leave_for_an_hour_fails(write, send, sandbox, settings):
    settings.GRAPH_API_URL = "http://nobody.invalid"
    message = write()
    OutgoingMessage.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    send()
    message.refresh_from_db()
    assert message.state == "failed"


def test_old_message_of_a_restored_backup_is_not_sent(write, send, sandbox):
    sandbox.script.add(PATH, sent())
    message = write()
    OutgoingMessage.objects.update(queued_at=timezone.now() - timedelta(hours=2))
    send()
    message.refresh_from_db()
    assert (message.state, calls(sandbox)) == ("failed", [])


@pytest.mark.parametrize("fault", [faults.reset(), faults.cut_off()], ids=["reset", "cut off"])
def test_lost_answer_is_uncertain(write, send, sandbox, fault):
    sandbox.script.add(PATH, sent())
    sandbox.faults.add(fault)
    message = write()
    send()
    message.refresh_from_db()
    assert message.state == "uncertain"


def test_uncertain_message_holds_up_the_next_until_it_was_looked_for(write, send, sandbox):
    sandbox.script.add(PATH, error(2), sent())
    first, second = write("first"), write("second")
    send()
    second.refresh_from_db()
    assert second.state == "queued"
    OutgoingMessage.objects.filter(pk=first.pk).update(looked_at=timezone.now())
    send()
    second.refresh_from_db()
    assert second.state == "sent"


def test_closed_window_is_noticed_before_the_call(write, send, sandbox):
    message = write()
    InteractionEvent.objects.update(occurred_at=timezone.now() - timedelta(hours=24))
    send()
    message.refresh_from_db()
    assert message.state == "failed"
    assert not calls(sandbox)


def test_late_answer_is_marked_as_that_of_a_person(write, send, sandbox, settings):
    settings.FACEBOOK_HUMAN_AGENT = True
    sandbox.script.add(PATH, sent())
    InteractionEvent.objects.update(occurred_at=timezone.now() - timedelta(hours=48))
    message = write()
    send()
    message.refresh_from_db()
    assert message.state == "sent"


def test_nothing_is_sent_while_sending_is_off(write, send, sandbox, settings):
    message = write()
    settings.SENDING = False
    send()
    message.refresh_from_db()
    assert message.state == "queued"
    assert not calls(sandbox)


def test_file_is_uploaded_once_and_seen_until_facebook_shows_it(write, send, sandbox):
    sandbox.script.add("POST /*/message_attachments", error(2), {"attachment_id": "77"})
    sandbox.script.add(PATH, error(613), sent())
    message = write("", file=PNG)
    assert OutgoingPiece.objects.count() == 2
    for _ in range(3):
        OutgoingMessage.objects.update(due_at=timezone.now())
        message.conversation.page.__class__.objects.all()
        clear_budget()
        send()
    message.refresh_from_db()
    assert message.state == "sent"
    delete_expired()
    event = InteractionEvent.objects.get(graph_id="m_sent1")
    address = f"/api/conversations/{event.conversation_id}/events/{event.pk}/attachments/0"
    client = api(superuser())
    assert client.get(f"{address}/content").getvalue() == PNG.content
    assert client.get(f"{address}/preview")["Content-Type"] == "image/png"
    link = "https://scontent.xx.fbcdn.net/boat.png"
    event.attachments, event.data = [{"type": "image", "payload": {"url": link}}], {"source": "webhook"}
    event.save()
    delete_expired()
    assert not OutgoingPiece.objects.exists()
    uploads = [path for path in calls(sandbox) if path.endswith("message_attachments")]
    assert len(uploads) == 2, "it was uploaded again"
    budget = CallBudget.objects.get(platform="messenger:send")
    assert (budget.calls, budget.transient, budget.throttled, budget.refused) == (4, 1, 1, 0)


def clear_budget() -> None:
    CallBudget.objects.update(closed_until=None, next_at=None)


def test_call_of_a_dead_process_is_uncertain_and_is_not_repeated(write, send, sandbox):
    message = write()
    dead = 12345  # a key that nobody holds
    taken = attempts.take(dead)
    assert attempts.begin(taken, dead)
    waiting = write("next")
    send()
    message.refresh_from_db()
    waiting.refresh_from_db()
    assert (message.state, waiting.state) == ("uncertain", "queued")
    assert "interrupted" in message.reason
    assert not calls(sandbox)


def test_what_a_dead_process_had_only_taken_is_sent(write, send, sandbox):
    sandbox.script.add(PATH, sent())
    message = write()
    attempts.take(12345)
    send()
    send()
    message.refresh_from_db()
    assert message.state == "sent"


def test_answer_that_comes_after_all_settles_what_others_took_for_lost(write, sandbox):
    from conversations.sending.sent_events import record_sent

    message = write()
    taken = attempts.take(12345)
    attempts.begin(taken, 12345)
    attempts.abandon_of_dead()
    record_sent(taken, "m_late")
    message.refresh_from_db()
    assert (message.state, message.graph_id) == ("sent", "m_late")


def test_person_who_was_deleted_meanwhile_does_not_come_back(write, sandbox, conversation):
    from conversations.privacy.forget_person import delete_person
    from conversations.sending.sent_events import record_sent

    write()
    taken = attempts.take(12345)
    attempts.begin(taken, 12345)
    delete_person(conversation, actor=None)
    record_sent(taken, "m_late")
    assert not OutgoingMessage.objects.exists()
    assert not InteractionEvent.objects.exists()
