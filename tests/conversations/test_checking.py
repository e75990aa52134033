"""What a check of a Page finds and keeps, each answer of Facebook's played by the sandbox."""

import json

import pytest

from conversations.checking import Check, check_page
from conversations.graph.probes.listing import all_fields
from conversations.models import CallBudget, Page
from conversations.sandbox import faults

DAY = 86400
EVERY_FIELD = sorted({str(field) for field in all_fields(core=False)})
CORE_FIELDS = {str(field) for field in all_fields(core=True)}


@pytest.fixture
def inbox(world, shop):
    """Enough conversations to compare lists with, some minutes apart."""
    now = int(world.clock.now())
    return [world.add_conversation(shop, messages=2, updated_time=now - 300 * n) for n in range(40)]


@pytest.fixture
def with_instagram(world, page, sandbox):
    """The same Page at Facebook, with an Instagram account."""
    shop = world.add_page(
        page.facebook_page_id, "Demo Shop", instagram_id="17841400000000001", instagram_username="demoshop"
    )
    now = int(world.clock.now())
    for number in range(30):
        world.add_conversation(shop, messages=30, platform="instagram", updated_time=now - 300 * number)
        world.add_conversation(shop, messages=2, updated_time=now - 300 * number)
    return shop


def finding(check: Check, key: str) -> tuple[str, str]:
    [found] = [one for one in check.findings if one.key == key]
    return found.mark, found.answer


def learnt(page: Page, platform: str = "messenger") -> dict:
    page.refresh_from_db()
    return page.learnt[platform]


def test_all_is_well(page, inbox, sandbox):
    check = check_page(page)
    assert check.is_ready, check.findings
    assert {one.mark for one in check.findings} <= {"ok", "note"}
    kept = learnt(page)
    assert (kept["size"], kept["refused_fields"], kept["windows"]) == ([100, 26], [], False)
    assert page.learnt["checked_at"]


def test_a_plain_check_is_a_dozen_calls(page, inbox, sandbox):
    sandbox.switches.updated_ms = "honoured"
    check = check_page(page)
    assert len(sandbox.ledger.matching(is_batched=False)) == check.calls == 12
    assert len(sandbox.ledger) <= 16


def test_token_is_nowhere(page, inbox, sandbox, capsys, caplog):
    check = check_page(page)
    page.refresh_from_db()
    assert page.access_token not in f"{check} {page.learnt} {capsys.readouterr()} {caplog.text}"
    assert {call.token_in for call in sandbox.ledger} == {"header"}
    assert not [call for call in sandbox.ledger if page.access_token in call.line]


def test_what_others_learnt_stays(page, inbox):
    before = {"other": 1, "messenger": {"more": 2, "folders": {"new": "ok"}}, "instagram": {"windows": True}}
    Page.objects.update(learnt=before)
    check_page(page)
    kept = learnt(page)
    assert (page.learnt["other"], kept["more"], kept["folders"]["new"]) == (1, 2, "ok")
    assert page.learnt["instagram"] == {"windows": True}


def test_calls_are_taken_from_the_budget_that_all_processes_share(page, inbox):
    check_page(page)
    assert CallBudget.objects.filter(facebook_page_id=page.facebook_page_id, platform="messenger").exists()


# -- fields ------------------------------------------------------------------------------------------------
def refuse(sandbox, field: str) -> None:
    name = field.removeprefix("messages.")
    sandbox.switches.refused_fields = {f"{'UnifiedThread' if name == field else 'Message'}.{name}"}


@pytest.mark.parametrize("field", EVERY_FIELD)
def test_refused_field_is_found(page, inbox, sandbox, field):
    refuse(sandbox, field)
    check = check_page(page)
    mark, answer = finding(check, "messenger.fields")
    assert mark == ("act" if field in CORE_FIELDS else "note")
    assert field in answer
    assert check.is_ready == (mark == "note")


@pytest.mark.parametrize("field", ["snippet", "can_reply", "messages.sticker", "messages.shares"])
def test_field_that_is_refused_without_its_name_is_found_by_halves(page, inbox, sandbox, field):
    refuse(sandbox, field)
    sandbox.switches.name_refused_fields = False
    check = check_page(page)
    assert finding(check, "messenger.fields")[0] == "note"
    assert learnt(page)["refused_fields"] == [field]
    assert check.calls <= 12 + 12


def test_many_refused_fields_do_not_cost_many_calls(page, inbox, sandbox):
    optional = set(EVERY_FIELD) - CORE_FIELDS
    sandbox.switches.refused_fields = {field.removeprefix("messages.") for field in optional}
    sandbox.switches.name_refused_fields = False
    check = check_page(page)
    assert optional <= set(learnt(page)["refused_fields"])
    assert check.calls <= 12 + 20


def test_accepted_fields_are_asked_for_again(page, inbox):
    Page.objects.update(learnt={"messenger": {"refused_fields": ["snippet"], "size": [10, 25]}})
    check_page(page)
    assert learnt(page)["refused_fields"] == []
    assert learnt(page)["size"] == [100, 26]


# -- sizes -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("weight", "size"), [(2599, [100, 25]), (700, [25, 25]), (30, [1, 10]), (1, [1, 1])])
def test_largest_list_that_facebook_bears_is_found(page, inbox, sandbox, weight, size):
    sandbox.limits.max_weight = weight
    check = check_page(page)
    assert check.is_ready
    assert learnt(page)["size"] == size
    assert finding(check, "messenger.list")[0] == ("ok" if size[0] == 100 else "note")


def test_small_lists_do_not_hinder_the_other_probes(page, inbox, sandbox):
    sandbox.limits.max_weight, sandbox.switches.updated_ms = 1, "honoured"
    sandbox.switches.ignored_folders = {"spam"}
    check_page(page)
    assert (learnt(page)["windows"], learnt(page)["folders"]["spam"]) == (True, "ignored")


def test_list_that_is_too_much_in_any_size_cannot_be_synced(page, inbox, sandbox):
    sandbox.faults.add(faults.reduce_data(), times=None, path="/conversations")
    check = check_page(page)
    assert not check.is_ready
    assert "reduce the amount of data" in check.problems[0].answer


# -- time windows ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("before", [True, False])
def test_windows_work_with_any_bounds(page, inbox, sandbox, after, before):
    switches = sandbox.switches
    switches.updated_ms = "honoured"
    switches.updated_after_inclusive, switches.updated_before_inclusive = after, before
    check = check_page(page)
    assert learnt(page)["windows"] is True
    assert finding(check, "messenger.windows")[0] == "ok"


@pytest.mark.parametrize("how", ["ignored", "refused"])
def test_windows_that_do_not_work_are_not_used(page, inbox, sandbox, how):
    sandbox.switches.updated_ms = how
    Page.objects.update(learnt={"messenger": {"windows": True}})
    check = check_page(page)
    assert check.is_ready
    assert learnt(page)["windows"] is False
    assert how.removesuffix("d") in finding(check, "messenger.windows")[1]


def test_windows_that_leave_out_conversations_are_not_used(page, inbox, sandbox):
    sandbox.switches.updated_ms = "honoured"
    lost = json.dumps({"data": []})
    sandbox.faults.add(faults.text(lost), times=None, path="updated_after_ms=1[^0]")
    check = check_page(page)
    assert "leave conversations out" in finding(check, "messenger.windows")[1]
    assert learnt(page)["windows"] is False


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_conversations_prove_nothing_of_windows(page, world, shop, sandbox, count):
    for number in range(count):
        world.add_conversation(shop, updated_time=world.clock.now() - 60 * number)
    sandbox.switches.updated_ms = "honoured"
    check = check_page(page)
    assert check.is_ready
    assert "too few" in finding(check, "messenger.windows")[1]
    assert "windows" not in learnt(page)


# -- folders -----------------------------------------------------------------------------------------------
def test_folders_are_told_apart(page, inbox, world, shop, sandbox):
    world.add_conversation(shop, folder="other")
    sandbox.switches.folders = {"inbox", "page_done", "other", "pending"}
    sandbox.switches.ignored_folders = {"page_done"}
    check = check_page(page)
    states = {"page_done": "ignored", "other": "ok", "pending": "ok", "spam": "refused"}
    assert learnt(page)["folders"] == states
    assert finding(check, "messenger.folders")[1] == "ok: other, pending; ignored: page_done; refused: spam"


def test_ignored_folder_is_known_though_the_inbox_moves(page, inbox, world, shop, sandbox):
    sandbox.switches.ignored_folders = {"page_done", "other", "pending", "spam"}
    sandbox.switches.short_pages = 1  # the list that is compared with is shorter
    world.touch(inbox[20], world.clock.now() + 60)
    check_page(page)
    assert set(learnt(page)["folders"].values()) == {"ignored"}


def test_folder_that_fails_just_now_keeps_what_is_known(page, inbox, sandbox):
    Page.objects.update(learnt={"messenger": {"folders": {"spam": "refused"}}})
    sandbox.faults.add(faults.unavailable(), times=5, path="folder=spam")
    check = check_page(page)
    assert check.is_ready
    assert learnt(page)["folders"]["spam"] == "refused"


# -- the token ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("subcode", "words"),
    [(0, "does not accept"), (458, "removed"), (459, "log in"), (460, "password"), (463, "expired"),
     (464, "confirm"), (492, "role")],
)  # fmt: skip
def test_dead_token_says_what_to_do_and_the_page_asks_to_be_reconnected(page, world, subcode, words):
    world.break_token(page.access_token, subcode)
    check = check_page(page)
    assert not check.is_ready
    assert words in check.problems[0].answer
    assert "onnect the Page again" in check.problems[0].answer or subcode == 492
    page.refresh_from_db()
    assert page.state == Page.State.RECONNECT
    assert words in page.state_reason


def test_token_that_dies_meanwhile_ends_the_check_and_keeps_what_was_learnt(page, inbox, sandbox):
    sandbox.faults.add(faults.token_error(460), times=None, path="folder=other")
    check = check_page(page)
    assert "password" in check.problems[0].answer
    assert learnt(page)["folders"] == {"page_done": "ok"}
    assert page.state == Page.State.RECONNECT


def test_token_of_another_page_is_told(page, world):
    Page.objects.update(access_token=world.add_page("77", "Other").token)
    page.refresh_from_db()
    check = check_page(page)
    assert not check.is_ready
    page.refresh_from_db()
    assert page.state == Page.State.RECONNECT


def test_token_that_cannot_be_read_is_told_without_a_call(page, sandbox, settings):
    settings.TOKEN_ENCRYPTION_KEYS = ["another"]
    check = check_page(Page.objects.get())
    assert "TOKEN_ENCRYPTION_KEYS" in check.problems[0].answer
    assert len(sandbox.ledger) == 0


def test_page_that_works_again_is_connected_again(page, inbox):
    page.reconnect("The access token has expired.")
    assert check_page(page).is_ready
    page.refresh_from_db()
    assert page.connection == (Page.State.CONNECTED, "")


@pytest.mark.parametrize(("days", "mark", "words"), [(60, "ok", "in 59 days"), (3, "note", "before then")])
def test_both_clocks_of_expiry_are_told(page, inbox, world, days, mark, words):
    token = world.tokens[page.access_token]
    token.expires_at = token.data_access_expires_at = world.clock.now() + days * DAY - 60
    check = check_page(page)
    assert check.is_ready
    for key in ("expires", "data_access"):
        told = finding(check, key)
        assert told[0] == mark
        assert words in told[1]


def test_access_to_data_that_is_over_is_told(page, inbox, world):
    world.tokens[page.access_token].data_access_expires_at = world.clock.now() - DAY
    assert finding(check_page(page), "data_access")[0] == "note"


def test_expiry_that_is_not_told_is_a_note(page, inbox, sandbox):
    sandbox.switches.debug_needs_app = True
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "expires")[0] == finding(check, "permissions")[0] == "note"


def test_batch_that_takes_too_long_is_asked_once_more(page, inbox, sandbox):
    sandbox.faults.add(faults.reset(), path="debug_token")
    assert finding(check_page(page), "expires") == ("ok", "never")


@pytest.mark.parametrize("enforced", [True, False])
def test_missing_permission_is_for_a_person(page, inbox, world, sandbox, enforced):
    world.tokens[page.access_token].granted = {"pages_show_list", "pages_read_engagement"}
    sandbox.switches.check_permissions = enforced
    check = check_page(page)
    assert not check.is_ready
    assert "pages_manage_metadata, pages_messaging" in finding(check, "permissions")[1]
    page.refresh_from_db()
    assert (page.state == Page.State.RECONNECT) == enforced


# -- usage, version, faults --------------------------------------------------------------------------------
@pytest.mark.parametrize(("percent", "mark"), [(28, "ok"), (80, "note"), (96, "note")])
def test_usage_is_told(page, inbox, sandbox, percent, mark):
    sandbox.limits.announced = {"call_count": percent}
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "usage") == (mark, finding(check, "usage")[1])
    assert f"{percent} % used (X-Business-Use-Case-Usage)" in finding(check, "usage")[1]


def test_every_usage_header_is_looked_at(page, inbox, sandbox):
    sandbox.limits.announced_to_page = {"total_time": 55}
    sandbox.limits.app_calls_per_hour = 1000
    answer = finding(check_page(page), "usage")[1]
    assert "55 % used" in answer
    assert "X-App-Usage, X-Page-Usage" in answer


def test_no_usage_headers_are_no_trouble(page, inbox):
    assert finding(check_page(page), "usage")[0] == "ok"


def test_other_version_is_told(page, inbox, settings):
    settings.GRAPH_API_VERSION = "v19.0"
    mark, answer = finding(check_page(page), "version")
    assert mark == "note"
    assert "v21.0 answers, though v19.0" in answer


def test_long_wait_is_told_instead_of_waited_for(page, inbox, sandbox):
    sandbox.limits.announced = {"estimated_time_to_regain_access": 30}
    sandbox.faults.add(faults.graph_error(80006), times=None, path="/conversations")
    check = check_page(page)
    assert not check.is_ready
    assert "Check again later" in check.problems[0].answer
    page.refresh_from_db()
    assert page.state == Page.State.CONNECTED
    assert "checked_at" not in page.learnt


def test_facebook_out_of_reach_changes_nothing(page, settings):
    settings.GRAPH_API_URL = "http://127.0.0.1:9"
    check = check_page(page)
    assert "reach" in check.problems[0].answer
    page.refresh_from_db()
    assert (page.state, page.learnt) == (Page.State.CONNECTED, {})


# -- Instagram ---------------------------------------------------------------------------------------------
def test_instagram_account_is_learnt_and_checked(page, with_instagram, sandbox):
    sandbox.switches.updated_ms = "honoured"
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "instagram") == ("ok", "demoshop")
    kept = learnt(page, "instagram")
    assert (kept["size"], kept["windows"], kept["folders"]["spam"]) == ([100, 20], True, "ok")
    assert (page.instagram_account_id, page.platforms) == ("17841400000000001", ["messenger", "instagram"])
    assert check.calls <= 20


@pytest.mark.parametrize("how", ["bare id", "omitted", "call fails"])
def test_old_messages_of_instagram_are_not_asked_for(page, with_instagram, sandbox, how):
    sandbox.switches.instagram_old_messages = how
    check_page(page)
    assert learnt(page, "instagram")["size"] == [100, 20]


@pytest.mark.parametrize(("code", "subcode"), [(10, 2534077), (200, 2534041), (36103, None), (2, None)])
def test_broken_instagram_is_a_note_and_messenger_goes_on(page, with_instagram, sandbox, code, subcode):
    sandbox.faults.add(faults.graph_error(code, subcode, status=403), platform="instagram", times=None)
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "instagram.list")[0] == "note"
    assert learnt(page)["size"] == [100, 26]
    assert page.state == Page.State.CONNECTED


def test_account_that_is_not_told_is_not_forgotten(page, with_instagram, sandbox):
    check_page(page)
    sandbox.switches.refused_fields = {"instagram_business_account"}
    check = check_page(Page.objects.get())
    assert finding(check, "instagram")[0] == "note"
    page.refresh_from_db()
    assert page.instagram_account_id == "17841400000000001"


def test_missing_permission_for_instagram_is_a_note(page, with_instagram, world):
    world.tokens[page.access_token].granted -= {"instagram_manage_messages"}
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "permissions")[0] == "note"


def test_batches_that_fail_are_soon_given_up(page, inbox, sandbox):
    sandbox.faults.add(faults.html(501), times=None, path=r"^/\?")
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "expires")[0] == finding(check, "usage")[0] == "note"
    assert len(sandbox.ledger.matching(method="POST")) == 4
