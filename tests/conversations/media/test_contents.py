"""Files of attachments, read through our host: their types and parts, renewed links, and refusals."""

import ssl

import pytest
from django.urls import reverse

from conversations.media import renewal
from conversations.models import InteractionEvent, LinkRenewal
from conversations.sandbox import faults
from conversations.sandbox.files.making import file_at

pytestmark = pytest.mark.django_db(transaction=True)
TYPES = ["image/png", "video/webm", "audio/wav", "application/pdf", "image/png", "image/png"]


def address(event: InteractionEvent, index: int = 0, part: str = "content") -> str:
    return reverse(f"attachment-{part}", args=[event.conversation_id, event.pk, index])


def calls(sandbox) -> list[str]:
    return [call.path for call in sandbox.call_log.calls]


def test_files_are_sent_by_this_host_with_their_real_type(viewer, newest, sandbox):
    sandbox.call_log.clear()
    for index, kind in enumerate(TYPES):
        answer = viewer.get(address(newest, index))
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        content = answer.getvalue()
        assert len(content) == int(answer["Content-Length"])
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "private, no-store"
        is_saved = answer["Content-Disposition"].startswith("attachment")
        assert is_saved == (kind == "application/pdf")
    assert calls(sandbox) == []  # the links still work: Facebook is not asked


def test_part_of_a_file_is_sent_with_the_type_of_the_whole(viewer, newest):
    whole = file_at("/scontent/v/t42/7.mp4").content
    answer = viewer.get(address(newest, 1), HTTP_RANGE="bytes=1000-1999")
    assert (answer.status_code, answer["Content-Type"]) == (206, "video/webm")
    assert answer["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    assert answer.getvalue() == whole[1000:2000]


def test_preview_is_a_small_picture(viewer, newest):
    whole, small = (viewer.get(address(newest, 0, part)).getvalue() for part in ("content", "preview"))
    assert len(small) < len(whole)
    assert viewer.get(address(newest, 2, "preview")).status_code == 404  # a recording has none


def test_head_has_no_body_and_others_see_nothing(viewer, newest, client):
    answer = viewer.head(address(newest))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert client.get(address(newest)).status_code == 401
    assert viewer.get(address(newest, 99)).status_code == 404


# -- links that expire -------------------------------------------------------------------------------------
def test_all_links_of_a_screen_are_renewed_in_one_call(viewer, newest, sandbox, expire):
    expire()
    events = InteractionEvent.objects.exclude(attachments=[]).order_by("-occurred_at", "-rank")
    assert [viewer.get(address(event)).status_code for event in events] == [200] * 31
    assert calls(sandbox) == [f"/{newest.conversation.graph_id}/messages"]
    assert LinkRenewal.objects.exclude(renewed_at=None).count() == 31


def test_older_messages_are_requested_by_id(viewer, newest, sandbox, expire, monkeypatch):
    monkeypatch.setattr(renewal, "_is_among_newest", lambda *_: False)
    expire()
    assert viewer.get(address(newest)).status_code == 200
    [call] = sandbox.call_log.calls
    ids = call.params["ids"].split(",")
    assert (ids[0], len(ids)) == (newest.graph_id, renewal.MAX_IDS)


def test_one_message_that_is_gone_hides_no_others(viewer, album, world, sandbox, expire, monkeypatch):
    monkeypatch.setattr(renewal, "_is_among_newest", lambda *_: False)
    gone, wanted = InteractionEvent.objects.filter(text__in=["no. 10", "no. 11"]).order_by(
        "occurred_at", "rank"
    )
    world.remove_message(album, gone.graph_id)
    expire()
    assert viewer.get(address(wanted)).status_code == 200
    assert len(calls(sandbox)) <= renewal.MAX_CALLS
    sandbox.call_log.clear()
    refused = viewer.get(address(gone))
    assert (refused.status_code, "deleted or hidden" in refused.json()["error"]) == (410, True)
    asked = len(calls(sandbox))
    assert viewer.get(address(gone)).status_code == 410
    assert len(calls(sandbox)) == asked  # it is remembered


def test_failure_is_remembered_for_a_while(viewer, newest, sandbox, expire):
    expire()
    sandbox.faults.add(faults.token_error(460), times=None)
    assert [viewer.get(address(newest)).status_code for _ in range(3)] == [409] * 3
    assert len(calls(sandbox)) == 1
    sandbox.faults.clear()
    LinkRenewal.objects.update(refused_until=None)
    assert viewer.get(address(newest)).status_code == 200


def test_link_that_fails_although_it_is_new_is_not_renewed_again(viewer, newest, sandbox, expire):
    expire()
    sandbox.switches.file_seconds = -100
    answers = [viewer.get(address(newest)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [410] * 3
    assert len(calls(sandbox)) == 1


def test_renewal_never_brings_an_unsent_message_back(newest, expire):
    InteractionEvent.objects.filter(pk=newest.pk).update(attachments=[], data={"deleted": True})
    expire()
    renewal.renew_around(newest)
    newest.refresh_from_db()
    assert (newest.attachments, newest.data) == ([], {"deleted": True})


def test_stored_order_stays_and_what_facebook_does_not_show_stays():
    stored = [{"id": "1", "file_url": "a"}, {"id": "2", "file_url": "b"}]
    shown = [{"id": "3", "file_url": "C"}, {"id": "1", "file_url": "A"}]
    assert renewal.with_fresh_links(stored, shown) == [
        {"id": "1", "file_url": "A"},
        {"id": "2", "file_url": "b"},
        {"id": "3", "file_url": "C"},
    ]
    same = [{"id": "1234", "name": "hidden"}] * 2
    assert renewal.with_fresh_links(stored, same) == same


def test_files_elsewhere_are_not_requested(viewer, newest):
    item = {"id": "1", "image_data": {"url": "http://169.254.169.254/latest"}}
    InteractionEvent.objects.filter(pk=newest.pk).update(attachments=[item])
    answer = viewer.get(address(newest))
    assert (answer.status_code, "not at Facebook" in answer.json()["error"]) == (404, True)


def test_name_of_facebook_that_leads_into_the_own_network_is_refused(
    viewer, newest, sandbox, settings, monkeypatch
):
    def local(*_, **__):
        return [(2, 1, 6, "", ("127.0.0.1", sandbox.port))]

    item = {"id": "1", "image_data": {"url": "https://scontent.xx.fbcdn.net/7.jpg"}}
    InteractionEvent.objects.filter(pk=newest.pk).update(attachments=[item])
    monkeypatch.setattr("socket.getaddrinfo", local)
    settings.GRAPH_API_URL = "https://graph.facebook.com"
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", lambda *_, **__: pytest.fail("it was connected"))
    assert viewer.get(address(newest)).status_code == 502


def test_large_file_is_left_at_facebook(viewer, newest, monkeypatch):
    monkeypatch.setattr("conversations.media.download.MAX_BYTES", 1000)
    answer = viewer.get(address(newest))
    assert (answer.status_code, "larger than" in answer.json()["error"]) == (502, True)
