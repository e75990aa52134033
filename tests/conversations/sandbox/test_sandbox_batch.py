import hmac
import json

import pytest
import requests

from conversations.sandbox import faults

THREADS = "me/conversations?limit=1"


@pytest.fixture
def batch(sandbox, page):
    """`batch("me", "t_1")` returns the items; `batch.post(…)` returns the whole response."""

    def post(*urls: str, path: str = "/v26.0/", token: str | None = page.token, **form) -> requests.Response:
        requested = [url if isinstance(url, dict) else {"method": "GET", "relative_url": url} for url in urls]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        form = {"batch": json.dumps(requested)} | form
        return requests.post(sandbox.url + path, data=form, headers=headers, timeout=60)

    def items(*urls: str, **form) -> list:
        response = post(*urls, **form)
        assert response.status_code == 200, response.text
        return response.json()

    items.post = post
    return items


def test_parts_are_answered_in_order(batch, page):
    items = batch("me?fields=id", f"{page.id}?fields=name")
    assert [(item["code"], json.loads(item["body"])) for item in items] == [
        (200, {"id": page.id}),
        (200, {"name": "Demo Shop", "id": page.id}),
    ]


@pytest.mark.parametrize("path", ["/", "/me", "/v26.0/", "/v26.0/me"])
def test_batch_is_accepted_at_the_root_and_at_me(batch, path):
    assert [item["code"] for item in batch("me", path=path)] == [200]


def test_token_is_accepted_in_the_form(batch, sandbox, page):
    assert batch("me", token=None, access_token=page.token)[0]["code"] == 200
    assert {call.token_in for call in sandbox.call_log} == {"body"}
    assert page.token not in repr(sandbox.call_log.calls)


def test_batch_is_accepted_as_json(sandbox, page):
    body = {"access_token": page.token, "batch": [{"method": "GET", "relative_url": "me"}]}
    answer = requests.post(f"{sandbox.url}/v26.0/", json=body, timeout=60).json()
    assert json.loads(answer[0]["body"])["name"] == "Demo Shop"


def test_each_part_has_its_own_error(batch):
    items = batch("me", "t_1", "somebody", {"method": "POST", "relative_url": "me"})
    assert [item["code"] for item in items] == [200, 400, 404, 400]
    assert json.loads(items[1]["body"])["error"]["error_subcode"] == 33


def test_a_part_can_have_its_own_token_and_the_call_log_omits_it(batch, sandbox, world, page):
    other = world.add_page("900000000000002", "Other")
    items = batch(f"me?access_token={other.token}", f"debug_token?input_token={page.token}")
    assert json.loads(items[0]["body"])["name"] == "Other"
    assert json.loads(items[1]["body"])["data"]["profile_id"] == page.id
    assert [call.token_in for call in sandbox.call_log] == ["header", "batch", "header"]
    assert not [token for token in (page.token, other.token) if token in repr(sandbox.call_log.calls)]


def test_headers_of_the_parts_can_be_omitted(batch, sandbox):
    sandbox.limits.announced = {"call_count": 40}
    names = {header["name"] for header in batch(THREADS)[0]["headers"]}
    assert {"facebook-api-version", "X-Business-Use-Case-Usage"} <= names
    assert set(batch(THREADS, include_headers="false")[0]) == {"code", "body"}


def test_parts_use_the_version_of_the_batch_or_their_own(batch):
    versions = [
        next(header["value"] for header in item["headers"] if header["name"] == "facebook-api-version")
        for item in batch("me", "v25.0/me", "/v24.0/me")
    ]
    assert versions == ["v26.0", "v25.0", "v24.0"]


def test_each_part_counts_for_the_limits_and_in_the_call_log(batch, sandbox, page):
    sandbox.limits.calls_per_second = 2
    items = batch(THREADS, THREADS, THREADS)
    assert [item["code"] for item in items] == [200, 200, 400]
    assert json.loads(items[2]["body"])["error"]["code"] == 613
    assert len(sandbox.call_log.matching("/conversations", is_batched=True, page_id=page.id)) == 3
    assert [call.method for call in sandbox.call_log.matching(is_batched=False)] == ["POST"]


def test_app_limit_counts_only_parts(batch, sandbox):
    sandbox.limits.app_calls_per_hour = 2
    assert [item["code"] for item in batch("me", "me", "me")] == [200, 200, 403]


def test_some_parts_can_be_null(batch, sandbox):
    sandbox.switches.null_batch_items = 2
    assert [item and item["code"] for item in batch("me", "me", "me")] == [200, None, 200]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.reset(), None),
        (faults.hang(), None),
        (faults.cut_off(), None),
        (faults.html(502), 502),
        (faults.token_error(463), 400),
        (faults.truncated(), 200),
    ],
)
def test_a_fault_applies_to_the_matching_part(batch, sandbox, fault, code):
    sandbox.faults.add(fault, path="/conversations")
    items = batch("me", THREADS, "me")
    assert [item and item["code"] for item in items] == [200, code, 200]


def test_a_fault_can_apply_to_the_batch_itself(batch, sandbox):
    sandbox.faults.add(faults.unavailable(), path=r"^/\?")
    assert batch.post("me").status_code == 503
    assert batch.post("me").status_code == 200


@pytest.mark.parametrize(
    "body", ["no json", "{}", "[]", '["me"]', '[{"method": "GET"}]', '[{"relative_url": "me"}]']
)
def test_an_invalid_batch_is_rejected_as_a_whole(batch, sandbox, body):
    response = batch.post(batch=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)
    assert len(sandbox.call_log) == 1


def test_a_batch_has_at_most_50_parts(batch):
    assert len(batch(*["me"] * 50)) == 50
    assert "50" in batch.post(*["me"] * 51).json()["error"]["message"]


def test_an_unsupported_batch_feature_is_named_in_the_error(batch):
    part = {"method": "GET", "relative_url": "me", "depends_on": "first"}
    assert "depends_on" in batch.post(part).json()["error"]["message"]


def test_batch_with_an_invalid_token_fails_as_a_whole(batch, sandbox):
    response = batch.post("me", token="nonsense")
    assert (response.status_code, response.json()["error"]["code"]) == (400, 190)
    assert len(sandbox.call_log) == 1


def test_proof_of_the_batch_applies_to_its_parts(batch, sandbox, page):
    sandbox.switches.app_secret, sandbox.switches.require_proof = "secret", True
    proof = hmac.new(b"secret", page.token.encode(), "sha256").hexdigest()
    assert batch.post("me").status_code == 400
    assert batch("me", appsecret_proof=proof)[0]["code"] == 200
