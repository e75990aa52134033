import hmac

import pytest
import requests

THREADS = "/v26.0/me/conversations"


def proof(secret: str, token: str) -> str:
    return hmac.new(secret.encode(), token.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    ("path", "version"),
    [("/v26.0/me", "v26.0"), ("/v25.0/me", "v25.0"), ("/v3.1/me", "v21.0"), ("/me", "v21.0")],
)
def test_every_version_is_served_and_retired_ones_by_the_oldest_supported_version(graph, path, version):
    response = graph.get(path)
    assert response.headers["facebook-api-version"] == version
    assert response.json() == {"name": "Demo Shop", "id": "900000000000001"}


def test_token_is_read_from_the_query_or_the_header(sandbox, page):
    by_query = requests.get(f"{sandbox.url}/me", params={"access_token": page.token}, timeout=60)
    by_header = requests.get(
        f"{sandbox.url}/me", headers={"Authorization": f"Bearer {page.token}"}, timeout=60
    )
    assert by_query.json() == by_header.json()
    assert [call.token_in for call in sandbox.call_log] == ["url", "header"]


def test_unknown_and_missing_tokens_are_rejected(graph, sandbox):
    assert graph.error("/me", token="nonsense") == (400, 190, None)
    response = requests.get(f"{sandbox.url}/me", timeout=60)
    assert response.json()["error"]["code"] == 104


@pytest.mark.parametrize("subcode", [458, 460, 463, 492])
def test_invalid_token_returns_the_reason(graph, world, page, subcode):
    world.break_token(page.token, subcode)
    assert graph.error(THREADS) == (400, 190, subcode)
    assert "OAuth" in graph.get(THREADS).headers["WWW-Authenticate"]
    world.repair_token(page.token)
    assert graph.get(THREADS).status_code == 200


def test_token_expires_by_the_clock_of_the_world(graph, world, page):
    world.add_token("short-lived", page.id, expires_at=world.clock.now() + 60)
    assert graph.get("/me", token="short-lived").status_code == 200
    world.clock.advance(60)
    assert graph.error("/me", token="short-lived") == (400, 190, 463)


def test_proof_is_required_and_verified(graph, sandbox, page):
    sandbox.switches.app_secret, sandbox.switches.require_proof = "secret", True
    valid = proof("secret", page.token)
    assert graph.error("/me") == (400, 100, None)
    assert graph.error("/me", appsecret_proof="0" * 64) == (400, 100, None)
    assert graph.get("/me", appsecret_proof=valid).status_code == 200
    assert graph("/me")["error"]["type"] == "GraphMethodException"


def test_next_url_contains_the_token_and_not_the_proof(graph, sandbox, world, page):
    for _ in range(2):
        world.add_conversation(page)
    sandbox.switches.app_secret, sandbox.switches.require_proof = "secret", True
    next_url = graph(THREADS, limit=1, appsecret_proof=proof("secret", page.token))["paging"]["next"]
    assert f"access_token={page.token}" in next_url
    assert "proof" not in next_url
    answer = requests.get(next_url, timeout=60).json()
    assert answer["error"]["code"] == 100


def test_page_returns_its_fields_and_its_instagram_account(graph):
    answer = graph("/900000000000001", fields="id,name,instagram_business_account{id,username}")
    assert answer == {
        "id": "900000000000001",
        "name": "Demo Shop",
        "instagram_business_account": {"id": "17841400000000001", "username": "demoshop"},
    }


def test_page_without_instagram_omits_the_account(graph, world):
    plain = world.add_page("900000000000002", "Plain")
    assert graph("/me", token=plain.token, fields="name,instagram_business_account") == {
        "name": "Plain",
        "id": "900000000000002",
    }


def test_other_pages_and_unknown_ids_are_not_visible(graph, world):
    world.add_page("900000000000002", "Other")
    assert graph.error("/900000000000002") == (400, 100, 33)
    assert graph.error("/t_1/messages") == (400, 100, 33)
    assert graph.error("/somebody") == (404, 803, None)


def test_thread_ids_belong_to_their_page(graph, world):
    thread = world.add_conversation(world.add_page("900000000000002", "Other"))
    assert graph.error(f"/{thread.id}") == (400, 100, 33)


def test_nothing_can_be_posted(sandbox, page):
    url = f"{sandbox.url}/{page.id}/conversations"
    response = requests.post(url, params={"access_token": page.token}, data="x=1", timeout=60)
    assert response.json()["error"]["message"].startswith("Unsupported post request")


def test_user_lists_25_pages_per_response_with_their_tokens(graph, world):
    pages = [world.add_page(str(900 + number), f"Page {number}") for number in range(40)]
    user = world.add_user(pages=pages)
    first = graph("/me/accounts", token=user.token)
    second = graph(first["paging"]["next"])
    listed = first["data"] + second["data"]
    assert len(first["data"]) == 25
    assert [item["access_token"] for item in listed] == [page.token for page in pages]
    assert "MESSAGING" in listed[0]["tasks"]
    assert "next" not in second["paging"]


def test_user_token_can_read_itself_and_its_pages_but_no_conversations(graph, world, page):
    user = world.add_user("600", "Uma", pages=[page])
    assert graph("/me", token=user.token) == {"name": "Uma", "id": "600"}
    assert graph(f"/{page.id}", token=user.token)["name"] == "Demo Shop"
    assert graph.error(f"/{page.id}/conversations", token=user.token)[1] == 190


def test_permissions_include_declined_ones(graph, world):
    user = world.add_user()
    world.tokens[user.token].declined = {"pages_messaging"}
    world.tokens[user.token].granted = {"pages_show_list"}
    assert graph("/me/permissions", token=user.token)["data"] == [
        {"permission": "pages_show_list", "status": "granted"},
        {"permission": "pages_messaging", "status": "declined"},
    ]
    assert graph.error("/me/permissions")[1] == 100  # a Page token


def test_debug_token_describes_valid_and_invalid_tokens(graph, world, page):
    user = world.add_user(pages=[page])
    data = graph("/debug_token", token="100000000000000|", input_token=page.token)["data"]
    assert (data["type"], data["is_valid"], data["profile_id"]) == ("PAGE", True, page.id)
    assert (data["user_id"], data["expires_at"]) == (user.id, 0)
    world.break_token(page.token, 460)
    data = graph("/debug_token", token=user.token, input_token=page.token)["data"]
    assert (data["is_valid"], data["error"]["subcode"]) == (False, 460)
    assert graph("/debug_token", token=user.token, input_token="x")["data"]["is_valid"] is False
    assert graph.error("/debug_token", token="x", input_token=page.token) == (400, 190, None)


def test_debug_token_can_require_an_app_token(graph, sandbox, page):
    sandbox.switches.debug_needs_app = True
    assert graph.error("/debug_token", input_token=page.token) == (400, 100, None)
    assert graph("/debug_token", token="100000000000000|", input_token=page.token)["data"]["is_valid"]


def test_conversations_can_require_their_permission(graph, sandbox, world, page):
    sandbox.switches.check_permissions = True
    world.tokens[page.token].granted = {"pages_messaging"}
    assert graph.get(THREADS).status_code == 200
    assert graph.error(THREADS, platform="instagram") == (403, 10, None)
    world.tokens[page.token].granted = {"instagram_manage_messages"}
    assert graph.error(THREADS) == (403, 230, None)


@pytest.mark.parametrize("name", ["instagram_business_account", "connected_instagram_account"])
def test_page_names_its_instagram_account(graph, page, name):
    account = graph("/me", fields=f"{name}{{id,username,followers_count}}")[name]
    assert account == {"id": page.instagram_id, "username": page.instagram_username}
    assert graph.error("/me", fields=f"{name}{{user_id}}") == (400, 100, None)


def test_public_fields_without_data_are_left_out(graph, page):
    assert graph("/me", fields="name,fan_count,website,cover") == {"name": page.name, "id": page.id}


def test_names_of_apps_are_shown_with_any_token(graph, sandbox, world):
    world.apps["4711"] = "Shop Robot"
    assert graph("/4711", fields="name") == {"name": "Shop Robot", "id": "4711"}
    assert graph(f"/{sandbox.switches.app_id}")["name"] == "Inbox sandbox"
    assert graph.error("/4712", fields="name") == (400, 100, 33)
    assert graph.error("/4711", token="EAAwrong")[1] == 190
