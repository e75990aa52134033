import pytest
import requests

from conversations.sandbox import faults

THREADS = "/v26.0/me/conversations"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.unknown_error(), (500, 1, None)),
        (faults.unavailable(), (503, 2, None)),
        (faults.reduce_data(), (500, 1, None)),
        (faults.token_error(463), (400, 190, 463)),
        (faults.permission_error(200), (403, 200, None)),
        (faults.graph_error(368, 7, status=418, message="Blocked"), (418, 368, 7)),
    ],
)
def test_graph_error_is_returned_once(graph, sandbox, fault, expected):
    sandbox.faults.add(fault)
    assert graph.error("/me") == expected
    assert graph.get("/me").status_code == 200
    assert [call.code for call in sandbox.call_log] == [expected[1], None]


def test_fault_applies_after_a_number_of_matching_calls(graph, sandbox):
    sandbox.faults.add(faults.token_error(), path=r"/conversations\?.*limit=2", after=1, times=2)
    graph.get("/me")
    codes = [graph.get(THREADS, limit=2).status_code for _ in range(4)]
    assert codes == [200, 400, 400, 200]


def test_fault_can_last_until_it_is_cleared_on_one_platform(graph, sandbox):
    sandbox.faults.add(faults.permission_error(10, 2534077), platform="instagram", times=None)
    assert [graph.error(THREADS, platform="instagram") for _ in range(3)] == [(403, 10, 2534077)] * 3
    assert graph.get(THREADS).status_code == 200
    sandbox.faults.clear()
    assert graph.get(THREADS, platform="instagram").status_code == 200


def test_fault_takes_precedence_over_an_error(graph, sandbox):
    sandbox.faults.add(faults.unavailable())
    assert graph.error("/nobody")[1] == 2
    assert graph.error("/nobody")[1] == 803


@pytest.mark.parametrize("fault", [faults.html(502), faults.text("Service Unavailable", 200)])
def test_body_can_be_something_other_than_json(graph, sandbox, fault):
    sandbox.faults.add(fault)
    response = graph.get("/me")
    assert response.status_code == fault.status
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_truncated_json_is_a_complete_http_response(graph, sandbox):
    sandbox.faults.add(faults.truncated())
    response = graph.get("/me")
    assert response.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        response.json()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.reset(), requests.ConnectionError),
        (faults.cut_off(), requests.exceptions.ChunkedEncodingError),
        (faults.hang(0), requests.ConnectionError),
    ],
)
def test_connection_can_break(graph, sandbox, fault, error):
    sandbox.faults.add(fault)
    with pytest.raises(error):
        graph.get("/me")
    assert graph.get("/me").status_code == 200


def test_reset_is_a_tcp_reset(graph, sandbox):
    sandbox.faults.add(faults.reset())
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        graph.get("/me")


def test_hanging_response_reaches_the_timeout_of_the_client(sandbox, page):
    sandbox.faults.add(faults.hang())
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sandbox.url}/me", params={"access_token": page.token}, timeout=(5, 0.05))
    assert [call.fault for call in sandbox.call_log] == ["hang"]


def test_slow_response_is_complete(graph, sandbox):
    sandbox.faults.add(faults.slow(0.01))
    assert graph("/me")["name"] == "Demo Shop"


def test_redirect_names_another_host(graph, sandbox):
    sandbox.faults.add(faults.redirect("https://elsewhere.example/"))
    response = graph.get("/me")
    assert (response.status_code, response.headers["Location"]) == (302, "https://elsewhere.example/")


def test_random_faults_are_the_same_for_the_same_seed(graph, sandbox):
    def play() -> list[str | None]:
        sandbox.call_log.clear()
        sandbox.faults.storm(0.5, seed=7, faults=[faults.unavailable(), faults.html()])
        for _ in range(30):
            graph.get("/me")
        return [call.fault for call in sandbox.call_log]

    first = play()
    assert set(first) == {None, "code 2", "html"}
    assert play() == first
