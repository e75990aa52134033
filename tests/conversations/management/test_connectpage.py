import json

import pytest

from conversations.models import Page
from conversations.sandbox import faults


def test_page_is_connected_with_a_token_from_the_environment(manage, shop):
    result = manage("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 0, result.stderr
    page = Page.objects.get()
    assert (page.facebook_page_id, page.name, page.access_token) == (shop.id, "Demo Shop", shop.token)
    assert "Connected: Demo Shop" in result.stdout
    assert "Note:" in result.stdout


def test_token_may_come_from_standard_input(manage, shop):
    result = manage("connectpage", shop.id, "--name", "Our shop", stdin=f"{shop.token}\n")
    assert result.returncode == 0, result.stderr
    assert Page.objects.get().name == "Our shop"


def test_reconnecting_keeps_the_row_of_the_page(command, shop):
    before = Page.objects.create(
        facebook_page_id=shop.id,
        name="Old",
        access_token="dead",
        state=Page.State.RECONNECT,
        state_reason="x",
    )
    assert command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token).returncode == 0
    after = Page.objects.get()
    assert after.pk == before.pk
    assert after.connection == (Page.State.CONNECTED, "")
    assert (after.name, after.access_token) == ("Demo Shop", shop.token)


def test_linked_instagram_account_is_stored(command, world):
    other = world.add_page("55", "With pictures", instagram_id="17841400000000001", instagram_username="pics")
    result = command("connectpage", other.id, PAGE_ACCESS_TOKEN=other.token)
    assert result.returncode == 0, result.stderr
    assert Page.objects.get().instagram_account_id == "17841400000000001"
    assert Page.objects.get().platforms == ["messenger", "instagram"]
    assert "Instagram account: pics" in result.stdout


def test_reconnecting_keeps_all_stored_values(command, shop):
    capabilities = {
        "messenger": {"size": [50, 25], "windows": True},
        "notes": ["old"],
        "checked_at": "2026-01-01",
    }
    Page.objects.create(
        facebook_page_id=shop.id,
        access_token="dead",
        platforms=["messenger", "instagram"],
        instagram_account_id="17841400000000001",
        capabilities=capabilities,
        watermarks={"messenger": "2026-01-01T00:00:00+00:00"},
    )
    assert command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token).returncode == 0
    page = Page.objects.get()
    assert page.capabilities["messenger"] == capabilities["messenger"]
    assert page.capabilities["notes"] != ["old"]
    assert (page.platforms, page.instagram_account_id) == (["messenger", "instagram"], "17841400000000001")
    assert page.watermarks == {"messenger": "2026-01-01T00:00:00+00:00"}


def test_permissions_and_expiry_are_reported_as_notes(command, world, shop, sandbox):
    token = world.tokens[shop.token]
    token.expires_at, token.granted = world.clock.now() + 3600, {"pages_messaging"}
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 0, result.stderr
    assert "Permissions: missing: pages_manage_metadata, pages_read_engagement" in result.stdout
    assert "Token expires: on " in result.stdout
    assert shop.token not in result.stdout + result.stderr
    assert "url" not in {call.token_in for call in sandbox.call_log}


def test_unknown_facts_are_reported_as_notes(command, shop, sandbox):
    sandbox.switches.debug_needs_app = True
    sandbox.switches.refused_fields = {"instagram_business_account"}
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Facebook did not say") == 3


@pytest.mark.parametrize("owner", ["another Page", "a person"])
def test_token_of_another_owner_is_rejected(command, world, shop, owner):
    if owner == "a person":
        token = world.add_user(pages=[shop]).token
    else:
        token = world.add_page("900000000000002", "Other shop").token
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=token)
    assert result.returncode == 1
    assert "nothing was stored" in result.stderr
    assert token not in result.stderr + result.stdout
    assert not Page.objects.exists()


@pytest.mark.parametrize(("subcode", "text"), [(463, "expired"), (460, "password"), (492, "role")])
def test_dead_token_is_rejected_with_its_reason(command, world, shop, subcode, text):
    world.break_token(shop.token, subcode)
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 1
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert not Page.objects.exists()


def test_nothing_is_stored_if_facebook_cannot_be_reached(command, shop, sandbox):
    sandbox.stop()
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 1
    assert "cannot be reached" in result.stderr
    assert not Page.objects.exists()


@pytest.mark.parametrize("page_id", ["me", "12/../34", "٣٤", ""])
def test_invalid_page_id_is_wrong_usage(command, page_id):
    result = command("connectpage", page_id, PAGE_ACCESS_TOKEN="EAAsomething")
    assert result.returncode == 2
    assert "digits" in result.stderr


def test_missing_token_is_wrong_usage(command, shop):
    result = command("connectpage", shop.id)
    assert result.returncode == 2
    assert "PAGE_ACCESS_TOKEN" in result.stderr


def test_malformed_token_is_rejected_and_not_repeated(command, shop):
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN="geheim nis")
    assert result.returncode == 1
    assert "geheim" not in result.stderr


# -- an ID from the address bar ----------------------------------------------------------------------------
@pytest.mark.parametrize("profile_id", ["100012345678901", "61550000000000"])
def test_id_from_the_address_bar_is_answered_with_that_of_the_page(command, shop, sandbox, profile_id):
    result = command("connectpage", profile_id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 1
    assert f"to connect Demo Shop ({shop.id}), use that ID" in result.stderr
    assert "profile.php" in result.stderr
    assert not Page.objects.exists()


def test_id_that_needs_a_permission_is_answered_with_that_of_the_page(command, shop, sandbox):
    message = "(#10) This endpoint requires the 'pages_read_engagement' permission"
    sandbox.faults.add(faults.graph_error(10, message=message), path="^/61550000000000")
    result = command("connectpage", "61550000000000", PAGE_ACCESS_TOKEN=shop.token)
    assert f"({shop.id}), use that ID" in result.stderr


def test_id_that_facebook_answers_with_another_one_is_not_stored(command, shop, sandbox):
    sandbox.faults.add(faults.text(json.dumps({"id": shop.id, "name": "Demo Shop"})), path="^/61550000000000")
    result = command("connectpage", "61550000000000", PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 1
    assert f"({shop.id}), use that ID" in result.stderr


def test_token_of_a_person_is_answered_with_the_pages_of_that_person(command, world, shop):
    other = world.add_page("900000000000002", "Other shop")
    token = world.add_user(pages=[shop, other]).token
    result = command("connectpage", "61550000000000", PAGE_ACCESS_TOKEN=token)
    assert result.returncode == 1
    assert "Demo Shop (900000000000001), Other shop (900000000000002)" in result.stderr
    assert "Use the Page's own token" in result.stderr


def test_refused_token_is_not_tried_again(command, world, shop, sandbox):
    world.break_token(shop.token, 463)
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert (result.returncode, len(sandbox.call_log)) == (1, 1)


def test_page_that_was_merged_names_its_new_id(command, shop, sandbox):
    message = (
        f"(#21) Page ID {shop.id} was migrated to page ID 900000000000999.  Please update your API calls"
    )
    sandbox.faults.add(faults.graph_error(21, message=message), times=None)
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert result.returncode == 1
    assert "manage.py connectpage 900000000000999" in result.stderr


def test_texts_for_people_are_shown(command, shop, sandbox):
    refusal = faults.graph_error(190, error_user_title="Log in", error_user_msg="Your session has ended.")
    sandbox.faults.add(refusal)
    result = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert "Facebook adds: Log in: Your session has ended." in result.stderr


def test_age_of_history_is_stored_and_kept(command, shop):
    assert (
        command("connectpage", shop.id, "--history-days", "7", PAGE_ACCESS_TOKEN=shop.token).returncode == 0
    )
    assert command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token).returncode == 0
    assert Page.objects.get().history_days == 7
    wrong = command("connectpage", shop.id, "--history-days", "-1", PAGE_ACCESS_TOKEN=shop.token)
    assert (wrong.returncode, "--history-days" in wrong.stderr) == (2, True)
