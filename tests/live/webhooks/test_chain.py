"""The whole way of a webhook: subscribed by a command, sent by the sandbox, stored, and named."""

from conversations.models import Conversation, SyncRun
from tests.crash.processes import wait_until

SECRET, TOKEN, APP = "sandbox-secret", "the verify token", "100000000000000"


def test_subscribed_page_goes_live_and_its_check_says_so(
    start_web, page, shop, world, sandbox, command, settings
):
    web = start_web(FACEBOOK_WEBHOOK_SECRETS=SECRET, FACEBOOK_VERIFY_TOKEN=TOKEN)
    settings.PUBLIC_URL, settings.FACEBOOK_VERIFY_TOKEN = web.url, TOKEN
    settings.FACEBOOK_APP_ID, settings.FACEBOOK_APP_SECRET = APP, SECRET
    settings.FACEBOOK_WEBHOOK_SECRETS, sandbox.switches.app_secret = [SECRET], SECRET
    result = command("subscribepage", shop.id)
    assert result.returncode == 0, result.stderr
    assert "Webhooks of the object page: set." in result.stdout
    assert sandbox.webhooks.apps["page"].callback_url == f"{web.url}/webhooks/facebook"

    sandbox.webhooks.start()
    world.add_conversation(shop, "Ana Test", ["Good morning"])
    found = Conversation.objects.filter(sender_name="Ana Test", last_message="Good morning")
    wait_until(found.exists, "the message is stored, and the name of its sender")
    assert not SyncRun.objects.exists()

    checked = command("checkpage", shop.id)
    assert checked.returncode == 0, checked.stderr
    for line in (
        f"note  Webhooks: address: {web.url}/webhooks/facebook is verified. Facebook calls only",
        "ok    Webhooks: Page at Facebook: this installation, all fields",
        "ok    Webhooks: subscription: all fields",
        "ok    Webhooks: app: webhooks come, the newest at",
    ):
        assert line in checked.stdout, checked.stdout
    settings.FACEBOOK_VERIFY_TOKEN = "another"
    sandbox.webhooks.subscribe_app("https://another.example.com/hook")
    checked = command("checkpage", shop.id)
    assert "has another verify token" in checked.stdout
    assert "they go to another address: https://another.example.com/hook. Change it at" in checked.stdout
    assert sandbox.webhooks.apps["page"].callback_url == "https://another.example.com/hook"
    for secret in (SECRET, page.access_token, "Good morning"):
        assert secret not in web.log + checked.stdout + checked.stderr
