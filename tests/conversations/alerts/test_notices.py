"""Alerts are told once, by mail and by a signed POST, and so is their end."""

import hashlib
import hmac
import json

import pytest

from conversations.alerts import notices
from conversations.alerts.watch import watch
from conversations.models import Alert, AlertNotice, Page

SECRETS = ["EAAsecret", "Facebook said this", "customer"]


@pytest.fixture(autouse=True)
def lost(page):
    """The webhooks of the Page are lost."""
    Page.objects.update(
        live_state="lost", live_reason="Facebook said this to a customer", state_details="EAAsecret"
    )
    return page


def mend() -> None:
    Page.objects.update(live_state="subscribed")


def recipients(mail_sink) -> list[str]:
    return sorted(address for address, _ in mail_sink.mails)


def test_managers_get_one_mail_and_one_all_clear(page, mail_sink, run, settings):
    settings.PUBLIC_URL = "https://inbox.example.com"
    for _ in range(3):
        run(later=True)
    assert recipients(mail_sink) == ["manager@example.com", "root@example.com"]
    message = mail_sink.mails[0][1]
    text = message.get_payload(decode=True).decode()
    assert message["Subject"] == "Inbox: Webhooks lost (Demo Shop)"
    assert "Demo Shop needs you. Facebook has stopped" in text
    assert f"https://inbox.example.com/admin/conversations/page/{page.pk}/change/" in text
    mend()
    for _ in range(3):
        run(later=True)
    assert recipients(mail_sink) == sorted(["manager@example.com", "root@example.com"] * 2)
    assert mail_sink.mails[-1][1]["Subject"] == "Solved: Webhooks lost (Demo Shop)"
    for _, one in mail_sink.mails:
        assert not [secret for secret in SECRETS if secret in one.as_string()]


def test_post_is_signed_over_its_raw_body(page, post_sink, run):
    run()
    mend()
    run()
    run(later=True)
    assert [path for path, _, _ in post_sink.posts] == ["/hook?channel=ops"] * 2
    (_, headers, body), (_, _, over) = post_sink.posts
    expected = hmac.new(b"shared secret", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    told, ended = json.loads(body), json.loads(over)
    alert = Alert.objects.get()
    assert (told["event"], ended["event"]) == ("alert.opened", "alert.closed")
    assert told["page"] == {"id": page.pk, "facebook_page_id": page.facebook_page_id, "name": "Demo Shop"}
    assert told["alert"] == {
        "id": alert.pk,
        "cause": "subscription",
        "sentence": alert.sentence,
        "advice": "Connect the Page again.",
        "since": alert.opened_at.isoformat(),
        "until": None,
    }
    assert ended["alert"]["until"] == alert.closed_at.isoformat()
    assert told["delivery"] != ended["delivery"]
    assert not [secret for secret in SECRETS if secret in (body + over).decode()]


def test_failed_post_is_repeated_a_bounded_number_of_times(page, post_sink, run, caplog):
    post_sink.answer = (302, {"Location": f"http://127.0.0.1:{post_sink.server_address[1]}/elsewhere"})
    for _ in range(notices.MAX_ATTEMPTS + 3):
        run(later=True)
    assert [path for path, _, _ in post_sink.posts] == ["/hook?channel=ops"] * notices.MAX_ATTEMPTS
    notice = AlertNotice.objects.get()
    assert (notice.next_at, notice.sent_at, notice.error) == (
        None,
        None,
        "ALERT_URL answered with status 302",
    )
    mend()
    for _ in range(3):
        run(later=True)
    assert len(post_sink.posts) == notices.MAX_ATTEMPTS, "who was not told needs no all-clear"


def test_receiver_that_is_back_is_told(page, post_sink, run):
    post_sink.answer = (500, {})
    run()
    assert not notices.claim_due(), "it waits"
    post_sink.answer = (200, {})
    run(later=True)
    assert AlertNotice.objects.get().sent_at
    assert len(post_sink.posts) == 2


def test_closed_port_and_dead_mail_server_fail_without_an_address(page, mail_sink, post_sink, run, settings):
    settings.ALERT_URL = "http://127.0.0.1:9/secret-path"
    settings.EMAIL_PORT = 9
    run()
    errors = set(AlertNotice.objects.values_list("error", flat=True))
    assert errors == {
        "ALERT_URL did not answer (ConnectionError)",
        "the mail server did not take the mail (ConnectionRefusedError)",
    }


def test_problem_that_ends_before_it_is_told_is_never_told(page, mail_sink, post_sink, run):
    watch()
    mend()
    run()
    assert not mail_sink.mails
    assert not post_sink.posts
    assert not AlertNotice.objects.exists()


def test_all_clear_waits_for_an_attempt_in_progress(page, post_sink, run):
    watch()
    [opened] = notices.claim_due()
    mend()
    watch()
    [closed] = notices.claim_due()
    notices.deliver(closed)
    assert not post_sink.posts
    AlertNotice.objects.filter(pk=opened).update(sent_at=page.created_at, next_at=None)
    run(later=True)
    assert [json.loads(body)["event"] for _, _, body in post_sink.posts] == ["alert.closed"]


def test_who_is_no_manager_any_more_is_not_told(page, mail_sink, run):
    run()
    page.members.all().delete()
    mend()
    run()
    assert recipients(mail_sink).count("manager@example.com") == 1
    assert recipients(mail_sink).count("root@example.com") == 2


def test_nothing_is_sent_unless_it_is_set_up(page, run, settings):
    settings.EMAIL_URL = settings.ALERT_URL = ""
    run()
    assert Alert.objects.count() == 1
    assert not AlertNotice.objects.exists()


def test_name_of_a_page_cannot_add_headers(page, mail_sink, run):
    Page.objects.update(name="Shop\r\nBcc: eve@example.com")
    run()
    assert recipients(mail_sink) == ["manager@example.com", "root@example.com"]
    assert mail_sink.mails[0][1]["Bcc"] is None
