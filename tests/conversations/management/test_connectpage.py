import pytest

from conversations.models import Page


def test_page_is_connected_with_a_token_from_the_environment(manage, shop):
    done = manage("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert done.returncode == 0, done.stderr
    page = Page.objects.get()
    assert (page.facebook_page_id, page.name, page.access_token) == (shop.id, "Demo Shop", shop.token)
    assert "Connected: Demo Shop" in done.stdout
    assert "Note:" in done.stdout


def test_token_comes_from_standard_input_too(manage, shop):
    done = manage("connectpage", shop.id, "--name", "Our shop", stdin=f"{shop.token}\n")
    assert done.returncode == 0, done.stderr
    assert Page.objects.get().name == "Our shop"


def test_connecting_again_mends_the_page_and_keeps_its_row(command, shop):
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


def test_linked_instagram_account_is_learnt(command, world):
    other = world.add_page("55", "With pictures", instagram_id="17841400000000001", instagram_username="pics")
    done = command("connectpage", other.id, PAGE_ACCESS_TOKEN=other.token)
    assert done.returncode == 0, done.stderr
    assert Page.objects.get().instagram_account_id == "17841400000000001"
    assert Page.objects.get().platforms == ["messenger", "instagram"]
    assert "Instagram account: pics" in done.stdout


def test_connecting_again_loses_nothing(command, shop):
    learnt = {"messenger": {"size": [50, 25], "windows": True}, "notes": ["old"], "checked_at": "2026-01-01"}
    Page.objects.create(
        facebook_page_id=shop.id,
        access_token="dead",
        platforms=["messenger", "instagram"],
        instagram_account_id="17841400000000001",
        learnt=learnt,
        watermarks={"messenger": "2026-01-01T00:00:00+00:00"},
    )
    assert command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token).returncode == 0
    page = Page.objects.get()
    assert page.learnt["messenger"] == learnt["messenger"]
    assert page.learnt["notes"] != ["old"]
    assert (page.platforms, page.instagram_account_id) == (["messenger", "instagram"], "17841400000000001")
    assert page.watermarks == {"messenger": "2026-01-01T00:00:00+00:00"}


def test_permissions_and_expiry_are_notes(command, world, shop, sandbox):
    token = world.tokens[shop.token]
    token.expires_at, token.granted = world.clock.now() + 3600, {"pages_messaging"}
    done = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert done.returncode == 0, done.stderr
    assert "Permissions: missing: pages_manage_metadata, pages_read_engagement" in done.stdout
    assert "Token expires: on " in done.stdout
    assert shop.token not in done.stdout + done.stderr
    assert "url" not in {call.token_in for call in sandbox.ledger}


def test_what_facebook_does_not_tell_is_a_note(command, shop, sandbox):
    sandbox.switches.debug_needs_app = True
    sandbox.switches.refused_fields = {"instagram_business_account"}
    done = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Facebook did not say") == 3


@pytest.mark.parametrize("owner", ["another Page", "a person"])
def test_token_of_somebody_else_is_refused(command, world, shop, owner):
    if owner == "a person":
        token = world.add_user(pages=[shop]).token
    else:
        token = world.add_page("900000000000002", "Other shop").token
    done = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=token)
    assert done.returncode == 1
    assert "nothing was stored" in done.stderr
    assert token not in done.stderr + done.stdout
    assert not Page.objects.exists()


@pytest.mark.parametrize(("subcode", "words"), [(463, "expired"), (460, "password"), (492, "role")])
def test_dead_token_is_refused_in_words(command, world, shop, subcode, words):
    world.break_token(shop.token, subcode)
    done = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not Page.objects.exists()


def test_facebook_out_of_reach_stores_nothing(command, shop, sandbox):
    sandbox.stop()
    done = command("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert not Page.objects.exists()


@pytest.mark.parametrize("page_id", ["me", "12/../34", "٣٤", ""])
def test_something_that_is_no_page_id_is_wrong_usage(command, page_id):
    done = command("connectpage", page_id, PAGE_ACCESS_TOKEN="EAAsomething")
    assert done.returncode == 2
    assert "digits" in done.stderr


def test_no_token_is_wrong_usage(command, shop):
    done = command("connectpage", shop.id)
    assert done.returncode == 2
    assert "PAGE_ACCESS_TOKEN" in done.stderr


def test_token_that_cannot_be_one_is_refused_without_repeating_it(command, shop):
    done = command("connectpage", shop.id, PAGE_ACCESS_TOKEN="geheim nis")
    assert done.returncode == 1
    assert "geheim" not in done.stderr
