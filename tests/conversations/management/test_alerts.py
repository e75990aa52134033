"""manage.py alerts: the open alerts, a test of ALERT_URL, and its secret."""

from tests.conversations.alerts.conftest import PostSink, serving
from tests.factories import PageFactory


def test_open_alerts_are_listed_and_exit_with_1(command):
    assert command("alerts").returncode == 0
    page = PageFactory(name="Demo Shop")
    page.alerts.create(cause="sync", sentence="No sync has completed.")
    page.alerts.create(cause="audit", sentence="It is over.", closed_at=page.created_at)
    listed = command("alerts")
    assert listed.returncode == 1
    assert listed.stdout == f"Demo Shop ({page.facebook_page_id}): No sync has completed.\n"


def test_test_is_sent_to_the_address(command, settings):
    settings.ALERT_URL = ""
    assert "ALERT_URL is not set" in command("alerts", "--test").stderr
    with serving(PostSink()) as sink:
        settings.ALERT_URL = f"http://127.0.0.1:{sink.server_address[1]}/hook"
        assert command("alerts", "--test").returncode == 0
        assert b'"event": "test"' in sink.posts[0][2]
        sink.answer = (404, {})
        refused = command("alerts", "--test")
    assert (refused.returncode, "status 404" in refused.stderr) == (1, True)


def test_secret_is_printed(command, settings):
    settings.ALERT_SECRET = "shared secret"
    assert command("alerts", "--secret").stdout == "shared secret\n"
