"""A superuser connects a Page and reconnects it after its token became invalid."""

import os

from django.contrib.auth.models import User
from playwright.sync_api import expect

from conversations.connections.probe import probe_page
from conversations.models import Page


def screenshot(tab, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        tab.screenshot(path=f"{folder}/{name}.png", full_page=True)


def enter_token(tab, token: str) -> None:
    tab.get_by_label("Access token").fill(token)
    tab.get_by_role("button", name="Continue").click()


def test_page_is_connected_synced_and_reconnected(log_in, world, shop):
    more = [world.add_page(f"9100000000000{n:02}", f"Branch {n:02}") for n in range(30)]
    world.add_conversation(more[28], "Ana Test", ["Hi!"])
    uma = world.add_user(pages=[shop, *more])
    tab = log_in("manager")
    User.objects.filter(username="anna-manager").update(is_superuser=True)
    tab.goto("/admin/conversations/page/")
    tab.locator("#content").get_by_role("link", name="Connect a Page").click()
    screenshot(tab, "connect")
    enter_token(tab, uma.token)
    expect(tab.get_by_role("checkbox", name="Branch")).to_have_count(30)
    screenshot(tab, "choose")
    tab.get_by_role("checkbox", name="Branch 28").check()
    tab.get_by_role("button", name="Connect").click()
    screenshot(tab, "connected")
    tab.get_by_role("button", name="Sync Branch 28 now").click()
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "complete", timeout=90_000)

    world.break_token(more[28].token, 460)
    tab.get_by_role("button", name="Sync now").click()
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "error", timeout=90_000)
    probe_page(Page.objects.get(facebook_page_id=more[28].id))  # what a job does two minutes later
    tab.goto("/admin/tags/tag/")
    expect(tab.get_by_role("alert").filter(has_text="Branch 28")).to_be_visible()
    screenshot(tab, "reconnect")
    tab.set_viewport_size({"width": 360, "height": 700})
    tab.emulate_media(color_scheme="dark")
    screenshot(tab, "reconnect-dark-narrow")
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.get_by_role("link", name="Reconnect Branch 28").click()
    world.repair_token(more[28].token)
    enter_token(tab, uma.token)
    expect(tab.get_by_role("link", name="Branch 28").first).to_be_visible()
    expect(tab.get_by_role("button", name="Sync Branch 28 now")).to_be_visible()
    expect(tab.get_by_text("is no longer connected")).to_have_count(0)
    assert Page.objects.get(facebook_page_id=more[28].id).state == "connected"
