import pytest

from conversations.connections.subscription import FIELDS
from conversations.models import Page, SyncRun
from conversations.sandbox import faults


@pytest.fixture(autouse=True)
def configured(settings):
    settings.FACEBOOK_WEBHOOK_SECRETS = ["secret"]
    settings.FACEBOOK_VERIFY_TOKEN = "the verify token"
    settings.PUBLIC_URL = "https://inbox.example.com"


@pytest.fixture
def page(transactional_db, shop, sandbox):
    return Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


def test_page_is_subscribed_and_removed(command, page, shop):
    result = command("subscribepage", page.facebook_page_id)
    assert result.returncode == 0, result.stderr
    assert shop.subscribed_fields == FIELDS
    assert "Callback URL: https://inbox.example.com/webhooks/facebook" in result.stdout
    assert "Verify token: the verify token" in result.stdout
    assert not SyncRun.objects.exists()
    result = command("subscribepage", page.facebook_page_id, "--remove")
    assert (result.returncode, shop.subscribed_fields) == (0, ())
    page.refresh_from_db()
    assert page.live_state == "off"


def test_lost_subscription_is_mended_and_a_sync_is_queued(command, page, shop):
    command("subscribepage", page.facebook_page_id)
    shop.subscribed_fields = ()
    result = command("subscribepage", page.facebook_page_id)
    assert "is subscribed now" in result.stdout
    assert SyncRun.objects.get().trigger == "subscription"


def test_address_of_the_app_is_set_unless_another_one_is_there(command, page, sandbox, settings, monkeypatch):
    settings.FACEBOOK_APP_ID, settings.FACEBOOK_APP_SECRET = "100000000000000", "secret"
    sandbox.switches.app_secret = "secret"

    def verified(address: str, timeout: float) -> tuple[int, str]:
        assert "hub.verify_token=the+verify+token" in address
        return 200, address.partition("hub.challenge=")[2].partition("&")[0]

    monkeypatch.setattr("conversations.sandbox.webhooks.subscribing.http_get", verified)
    result = command("subscribepage", page.facebook_page_id)
    assert result.returncode == 0, result.stderr
    assert sandbox.webhooks.apps["page"].callback_url == "https://inbox.example.com/webhooks/facebook"
    sandbox.webhooks.subscribe_app("https://another.example.com/webhooks/facebook")
    result = command("subscribepage", page.facebook_page_id)
    assert "object page: not set" in result.stdout
    assert sandbox.webhooks.apps["page"].callback_url.startswith("https://another.")


def test_refusals_and_wrong_usage_have_their_exit_codes(command, page, sandbox, settings):
    sandbox.faults.add(faults.permission_error(200), path="/subscribed_apps")
    result = command("subscribepage", page.facebook_page_id)
    assert (result.returncode, "does not have permission" in result.stderr) == (1, True)
    sandbox.faults.add(faults.unavailable(), times=None, path="/subscribed_apps")
    assert command("subscribepage", page.facebook_page_id, "--remove").returncode == 1
    assert command("subscribepage", "77").returncode == 2
    assert command("subscribepage").returncode == 2
    settings.FACEBOOK_WEBHOOK_SECRETS = []
    result = command("subscribepage", page.facebook_page_id)
    assert (result.returncode, "No secret" in result.stderr) == (1, True)
    assert page.access_token not in result.stderr
