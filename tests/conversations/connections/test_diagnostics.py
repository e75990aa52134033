"""What a check of a Page reports and stores. The sandbox plays Facebook's responses."""

import json

import pytest

from conversations.connections.diagnostics import PageDiagnostics, check_page
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


def finding(check: PageDiagnostics, key: str) -> tuple[str, str]:
    [match] = [one for one in check.findings if one.key == key]
    return match.mark, match.answer


def stored(page: Page, platform: str = "messenger") -> dict:
    page.refresh_from_db()
    return page.capabilities[platform]


def test_page_without_problems_is_ready(page, inbox, sandbox):
    check = check_page(page)
    assert check.is_ready, check.findings
    assert {one.mark for one in check.findings} <= {"ok", "note"}
    capabilities = stored(page)
    assert (capabilities["size"], capabilities["refused_fields"], capabilities["windows"]) == (
        [100, 26],
        [],
        False,
    )
    assert page.capabilities["checked_at"]


def test_simple_check_makes_a_dozen_calls(page, inbox, sandbox):
    sandbox.switches.updated_ms = "honoured"
    check = check_page(page)
    assert len(sandbox.call_log.matching(is_batched=False)) == check.calls == 12
    assert len(sandbox.call_log) <= 16


@pytest.mark.parametrize(("returned", "most"), [(400, 400), (250, 200), (100, 100)])
def test_larger_lists_are_found_out_and_kept(page, world, shop, sandbox, returned, most):
    now = int(world.clock.now())
    for number in range(500):
        world.add_conversation(shop, messages=1, updated_time=now - 300 * number)
    sandbox.switches.max_limit = returned
    check = check_page(page)
    assert check.calls <= 14
    mark, answer = finding(check, "messenger.larger")
    assert (mark, f"{most} " in answer) == ("ok", True)
    assert stored(page)["most_conversations"] == most


def test_token_is_not_in_findings_urls_or_logs(page, inbox, sandbox, capsys, caplog):
    check = check_page(page)
    page.refresh_from_db()
    assert page.access_token not in f"{check} {page.capabilities} {capsys.readouterr()} {caplog.text}"
    assert {call.token_in for call in sandbox.call_log} == {"header"}
    assert not [call for call in sandbox.call_log if page.access_token in call.line]


def test_other_stored_capabilities_are_kept(page, inbox):
    before = {"other": 1, "messenger": {"more": 2, "folders": {"new": "ok"}}, "instagram": {"windows": True}}
    Page.objects.update(capabilities=before)
    check_page(page)
    capabilities = stored(page)
    assert (page.capabilities["other"], capabilities["more"], capabilities["folders"]["new"]) == (1, 2, "ok")
    assert page.capabilities["instagram"] == {"windows": True}


def test_calls_count_in_the_shared_budget(page, inbox):
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
def test_field_that_is_refused_without_its_name_is_found_by_bisection(page, inbox, sandbox, field):
    refuse(sandbox, field)
    sandbox.switches.name_refused_fields = False
    check = check_page(page)
    assert finding(check, "messenger.fields")[0] == "note"
    assert stored(page)["refused_fields"] == [field]
    assert check.calls <= 12 + 12


def test_many_refused_fields_do_not_need_many_calls(page, inbox, sandbox):
    optional = set(EVERY_FIELD) - CORE_FIELDS
    sandbox.switches.refused_fields = {field.removeprefix("messages.") for field in optional}
    sandbox.switches.name_refused_fields = False
    check = check_page(page)
    assert optional <= set(stored(page)["refused_fields"])
    assert check.calls <= 12 + 20


def test_accepted_fields_are_requested_again(page, inbox):
    Page.objects.update(capabilities={"messenger": {"refused_fields": ["snippet"], "size": [10, 25]}})
    check_page(page)
    assert stored(page)["refused_fields"] == []
    assert stored(page)["size"] == [100, 26]


# -- sizes -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("weight", "size"), [(2599, [100, 25]), (700, [25, 25]), (30, [1, 10]), (1, [1, 1])])
def test_largest_accepted_list_is_found(page, inbox, sandbox, weight, size):
    sandbox.limits.max_weight = weight
    check = check_page(page)
    assert check.is_ready
    assert stored(page)["size"] == size
    assert finding(check, "messenger.list")[0] == ("ok" if size[0] == 100 else "note")


def test_small_lists_do_not_hinder_the_other_probes(page, inbox, sandbox):
    sandbox.limits.max_weight, sandbox.switches.updated_ms = 1, "honoured"
    sandbox.switches.ignored_folders = {"spam"}
    check_page(page)
    assert (stored(page)["windows"], stored(page)["folders"]["spam"]) == (True, "ignored")


def test_list_that_is_too_large_in_any_size_cannot_be_synced(page, inbox, sandbox):
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
    assert stored(page)["windows"] is True
    assert finding(check, "messenger.windows")[0] == "ok"


@pytest.mark.parametrize("mode", ["ignored", "refused"])
def test_windows_that_do_not_work_are_not_used(page, inbox, sandbox, mode):
    sandbox.switches.updated_ms = mode
    Page.objects.update(capabilities={"messenger": {"windows": True}})
    check = check_page(page)
    assert check.is_ready
    assert stored(page)["windows"] is False
    assert mode.removesuffix("d") in finding(check, "messenger.windows")[1]


def test_windows_that_leave_out_conversations_are_not_used(page, inbox, sandbox):
    sandbox.switches.updated_ms = "honoured"
    empty = json.dumps({"data": []})
    sandbox.faults.add(faults.text(empty), times=None, path="updated_after_ms=1[^0]")
    check = check_page(page)
    assert "leave out conversations" in finding(check, "messenger.windows")[1]
    assert stored(page)["windows"] is False


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_conversations_leave_windows_unknown(page, world, shop, sandbox, count):
    for number in range(count):
        world.add_conversation(shop, updated_time=world.clock.now() - 60 * number)
    sandbox.switches.updated_ms = "honoured"
    check = check_page(page)
    assert check.is_ready
    assert "too few" in finding(check, "messenger.windows")[1]
    assert "windows" not in stored(page)


# -- folders -----------------------------------------------------------------------------------------------
def test_folder_states_are_distinguished(page, inbox, world, shop, sandbox):
    world.add_conversation(shop, folder="other")
    sandbox.switches.folders = {"inbox", "page_done", "other", "pending"}
    sandbox.switches.ignored_folders = {"page_done"}
    check = check_page(page)
    states = {"page_done": "ignored", "other": "ok", "pending": "ok", "spam": "refused"}
    assert stored(page)["folders"] == states
    assert finding(check, "messenger.folders")[1] == "ok: other, pending; ignored: page_done; refused: spam"


def test_ignored_folder_is_recognized_although_the_inbox_changes(page, inbox, world, shop, sandbox):
    sandbox.switches.ignored_folders = {"page_done", "other", "pending", "spam"}
    sandbox.switches.short_pages = 1  # makes the compared list shorter
    world.touch(inbox[20], world.clock.now() + 60)
    check_page(page)
    assert set(stored(page)["folders"].values()) == {"ignored"}


def test_folder_that_fails_temporarily_keeps_its_state(page, inbox, sandbox):
    Page.objects.update(capabilities={"messenger": {"folders": {"spam": "refused"}}})
    sandbox.faults.add(faults.unavailable(), times=5, path="folder=spam")
    check = check_page(page)
    assert check.is_ready
    assert stored(page)["folders"]["spam"] == "refused"


# -- the token ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("subcode", "text"),
    [(0, "does not accept"), (458, "removed"), (459, "log in"), (460, "password"), (463, "expired"),
     (464, "confirm"), (492, "role")],
)  # fmt: skip
def test_invalid_token_says_what_to_do_and_the_page_needs_reconnecting(page, world, subcode, text):
    world.break_token(page.access_token, subcode)
    check = check_page(page)
    assert not check.is_ready
    assert text in check.problems[0].answer
    assert "onnect the Page again" in check.problems[0].answer or subcode == 492
    page.refresh_from_db()
    assert page.state == Page.State.RECONNECT
    assert text in page.state_reason


def test_token_that_expires_during_the_check_keeps_earlier_results(page, inbox, sandbox):
    sandbox.faults.add(faults.token_error(460), times=None, path="folder=other")
    check = check_page(page)
    assert "password" in check.problems[0].answer
    assert stored(page)["folders"] == {"page_done": "ok"}
    assert page.state == Page.State.RECONNECT


def test_token_of_another_page_is_reported(page, world):
    Page.objects.update(access_token=world.add_page("77", "Other").token)
    page.refresh_from_db()
    check = check_page(page)
    assert not check.is_ready
    page.refresh_from_db()
    assert page.state == Page.State.RECONNECT


def test_undecryptable_token_is_reported_without_a_call(page, sandbox, settings):
    settings.TOKEN_ENCRYPTION_KEYS = ["another"]
    check = check_page(Page.objects.get())
    assert "TOKEN_ENCRYPTION_KEYS" in check.problems[0].answer
    assert len(sandbox.call_log) == 0


def test_page_that_works_again_becomes_connected(page, inbox):
    page.reconnect("The access token has expired.")
    assert check_page(page).is_ready
    page.refresh_from_db()
    assert page.connection == (Page.State.CONNECTED, "")


@pytest.mark.parametrize(("days", "mark", "text"), [(60, "ok", "in 59 days"), (3, "note", "before then")])
def test_both_expiry_times_are_reported(page, inbox, world, days, mark, text):
    token = world.tokens[page.access_token]
    token.expires_at = token.data_access_expires_at = world.clock.now() + days * DAY - 60
    check = check_page(page)
    assert check.is_ready
    for key in ("expires", "data_access"):
        found_mark, answer = finding(check, key)
        assert found_mark == mark
        assert text in answer


def test_expired_data_access_is_reported(page, inbox, world):
    world.tokens[page.access_token].data_access_expires_at = world.clock.now() - DAY
    assert finding(check_page(page), "data_access")[0] == "note"


def test_unknown_expiry_is_a_note(page, inbox, sandbox):
    sandbox.switches.debug_needs_app = True
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "expires")[0] == finding(check, "permissions")[0] == "note"


def test_batch_that_takes_too_long_is_repeated_once(page, inbox, sandbox):
    sandbox.faults.add(faults.reset(), path="debug_token")
    assert finding(check_page(page), "expires") == ("ok", "never")


@pytest.mark.parametrize("enforced", [True, False])
def test_missing_permission_requires_a_person(page, inbox, world, sandbox, enforced):
    world.tokens[page.access_token].granted = {"pages_show_list", "pages_read_engagement"}
    sandbox.switches.check_permissions = enforced
    check = check_page(page)
    assert not check.is_ready
    assert "pages_manage_metadata, pages_messaging" in finding(check, "permissions")[1]
    page.refresh_from_db()
    assert (page.state == Page.State.RECONNECT) == enforced


# -- usage, version, faults --------------------------------------------------------------------------------
@pytest.mark.parametrize(("percent", "mark"), [(28, "ok"), (80, "note"), (96, "note")])
def test_usage_is_reported(page, inbox, sandbox, percent, mark):
    sandbox.limits.announced = {"call_count": percent}
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "usage") == (mark, finding(check, "usage")[1])
    assert f"{percent} % used (X-Business-Use-Case-Usage)" in finding(check, "usage")[1]


def test_every_usage_header_is_read(page, inbox, sandbox):
    sandbox.limits.announced_to_page = {"total_time": 55}
    sandbox.limits.app_calls_per_hour = 1000
    answer = finding(check_page(page), "usage")[1]
    assert "55 % used" in answer
    assert "X-App-Usage, X-Page-Usage" in answer


def test_missing_usage_headers_are_ok(page, inbox):
    assert finding(check_page(page), "usage")[0] == "ok"


def test_other_api_version_is_reported(page, inbox, settings):
    settings.GRAPH_API_VERSION = "v19.0"
    mark, answer = finding(check_page(page), "version")
    assert mark == "note"
    assert "v21.0 answered, but v19.0" in answer


def test_long_wait_is_reported_instead_of_waiting(page, inbox, sandbox):
    sandbox.limits.announced = {"estimated_time_to_regain_access": 30}
    sandbox.faults.add(faults.graph_error(80006), times=None, path="/conversations")
    check = check_page(page)
    assert not check.is_ready
    assert "Check again later" in check.problems[0].answer
    page.refresh_from_db()
    assert page.state == Page.State.CONNECTED
    assert "checked_at" not in page.capabilities


def test_unreachable_facebook_changes_nothing(page, settings):
    settings.GRAPH_API_URL = "http://127.0.0.1:9"
    check = check_page(page)
    assert "reach" in check.problems[0].answer
    page.refresh_from_db()
    assert (page.state, page.capabilities) == (Page.State.CONNECTED, {})


# -- Instagram ---------------------------------------------------------------------------------------------
def test_instagram_account_is_stored_and_checked(page, with_instagram, sandbox):
    sandbox.switches.updated_ms = "honoured"
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "instagram") == ("ok", "demoshop")
    capabilities = stored(page, "instagram")
    assert (capabilities["size"], capabilities["windows"], capabilities["folders"]["spam"]) == (
        [100, 20],
        True,
        "ok",
    )
    assert (page.instagram_account_id, page.platforms) == ("17841400000000001", ["messenger", "instagram"])
    assert check.calls <= 20


@pytest.mark.parametrize("mode", ["bare id", "omitted", "call fails"])
def test_old_messages_of_instagram_are_not_requested(page, with_instagram, sandbox, mode):
    sandbox.switches.instagram_old_messages = mode
    check_page(page)
    assert stored(page, "instagram")["size"] == [100, 20]


@pytest.mark.parametrize(("code", "subcode"), [(10, 2534077), (200, 2534041), (36103, None), (2, None)])
def test_broken_instagram_is_a_note_and_messenger_works(page, with_instagram, sandbox, code, subcode):
    sandbox.faults.add(faults.graph_error(code, subcode, status=403), platform="instagram", times=None)
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "instagram.list")[0] == "note"
    assert stored(page)["size"] == [100, 26]
    assert page.state == Page.State.CONNECTED


def test_account_that_facebook_no_longer_shows_is_kept(page, with_instagram, sandbox):
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


def test_failing_batches_are_given_up_early(page, inbox, sandbox):
    sandbox.faults.add(faults.html(501), times=None, path=r"^/\?")
    check = check_page(page)
    assert check.is_ready
    assert finding(check, "expires")[0] == finding(check, "usage")[0] == "note"
    assert len(sandbox.call_log.matching(method="POST")) == 4
