import pytest
import requests

from conversations.sandbox import faults

THREADS = "/v26.0/me/conversations"


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (faults.unknown_error(), (500, 1, None)),
        (faults.unavailable(), (503, 2, None)),
        (faults.reduce_data(), (500, 1, None)),
        (faults.token_error(463), (400, 190, 463)),
        (faults.permission_error(200), (403, 200, None)),
        (faults.graph_error(368, 7, status=418, message="Blocked"), (418, 368, 7)),
    ],
)
def test_graph_errors_come_on_request(graph, sandbox, fault, refusal):
    sandbox.faults.add(fault)
    assert graph.error("/me") == refusal
    assert graph.ask("/me").status_code == 200
    assert [call.code for call in sandbox.ledger] == [refusal[1], None]


def test_fault_waits_for_its_turn_and_its_path(graph, sandbox):
    sandbox.faults.add(faults.token_error(), path=r"/conversations\?.*limit=2", after=1, times=2)
    graph.ask("/me")
    codes = [graph.ask(THREADS, limit=2).status_code for _ in range(4)]
    assert codes == [200, 400, 400, 200]


def test_fault_can_last_for_ever_on_one_platform(graph, sandbox):
    sandbox.faults.add(faults.permission_error(10, 2534077), platform="instagram", times=None)
    assert [graph.error(THREADS, platform="instagram") for _ in range(3)] == [(403, 10, 2534077)] * 3
    assert graph.ask(THREADS).status_code == 200
    sandbox.faults.clear()
    assert graph.ask(THREADS, platform="instagram").status_code == 200


def test_fault_comes_before_a_refusal(graph, sandbox):
    sandbox.faults.add(faults.unavailable())
    assert graph.error("/nobody")[1] == 2
    assert graph.error("/nobody")[1] == 803


@pytest.mark.parametrize("fault", [faults.html(502), faults.text("Service Unavailable", 200)])
def test_bodies_that_are_no_json(graph, sandbox, fault):
    sandbox.faults.add(fault)
    response = graph.ask("/me")
    assert response.status_code == fault.status
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_half_the_json_in_a_whole_answer(graph, sandbox):
    sandbox.faults.add(faults.truncated())
    response = graph.ask("/me")
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
def test_connections_break(graph, sandbox, fault, error):
    sandbox.faults.add(fault)
    with pytest.raises(error):
        graph.ask("/me")
    assert graph.ask("/me").status_code == 200


def test_reset_is_a_reset(graph, sandbox):
    sandbox.faults.add(faults.reset())
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        graph.ask("/me")


def test_silence_runs_into_the_clients_time_out(sandbox, page):
    sandbox.faults.add(faults.hang())
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sandbox.url}/me", params={"access_token": page.token}, timeout=(5, 0.05))
    assert [call.fault for call in sandbox.ledger] == ["hang"]


def test_slow_answer_is_whole(graph, sandbox):
    sandbox.faults.add(faults.slow(0.01))
    assert graph("/me")["name"] == "Demo Shop"


def test_redirect_names_another_place(graph, sandbox):
    sandbox.faults.add(faults.redirect("https://elsewhere.example/"))
    response = graph.ask("/me")
    assert (response.status_code, response.headers["Location"]) == (302, "https://elsewhere.example/")


def test_storm_is_the_same_for_the_same_seed(graph, sandbox):
    def weather() -> list[str | None]:
        sandbox.ledger.clear()
        sandbox.faults.storm(0.5, seed=7, faults=[faults.unavailable(), faults.html()])
        for _ in range(30):
            graph.ask("/me")
        return [call.fault for call in sandbox.ledger]

    first = weather()
    assert set(first) == {None, "code 2", "html"}
    assert weather() == first
