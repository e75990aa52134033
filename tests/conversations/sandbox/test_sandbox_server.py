import socket
import threading

import pytest
import requests

from conversations.sandbox import SandboxServer, faults, truth
from conversations.sandbox.call_log import Call, CallLog
from conversations.sandbox.switches import Latency

THREADS = "/v26.0/me/conversations"


def test_call_log_contains_every_call_without_its_secrets(sandbox, world, page):
    params = {"access_token": page.token, "appsecret_proof": "p", "limit": "5", "platform": "messenger"}
    requests.get(f"{sandbox.url}/v26.0/{page.id}/conversations", params=params, timeout=60)
    requests.get(f"{sandbox.url}/me", headers={"Authorization": "Bearer x"}, timeout=60)
    first, second = sandbox.call_log.calls
    assert (first.method, first.path, first.version) == ("GET", f"/{page.id}/conversations", "v26.0")
    assert first.params == {"limit": "5", "platform": "messenger"}
    assert (first.status, first.code, first.token_in, first.has_proof) == (200, None, "url", True)
    assert (first.page_id, first.platform, first.at) == (page.id, "messenger", world.clock.now())
    assert (second.status, second.code, second.token_in, second.version) == (400, 190, "header", None)
    assert page.token not in repr(sandbox.call_log.calls)


def test_call_log_can_be_filtered_by_pattern_and_value(graph, sandbox):
    graph.get("/me")
    graph.get(THREADS, limit=1)
    graph.get(THREADS, platform="instagram")
    assert len(sandbox.call_log) == 3
    assert len(sandbox.call_log.matching("/conversations")) == 2
    assert len(sandbox.call_log.matching(r"\?.*limit=1")) == 1
    assert len(sandbox.call_log.matching(platform="instagram", status=200)) == 1
    sandbox.call_log.clear()
    assert sandbox.call_log.calls == []


def test_call_log_counts_the_busiest_second():
    call_log = CallLog()
    for started in (0.0, 0.4, 1.0, 1.3, 1.35, 5.0):
        call_log.add(Call("GET", "/", None, {}, None, has_proof=False, started=started, at=0))
    assert call_log.most_in_a_second() == 4


def test_clock_can_be_fixed_advanced_and_running(world):
    world.clock.fix("2026-11-20T18:00:00")
    fixed = world.clock.now()
    assert world.clock.now() == fixed
    world.clock.advance(60)
    assert world.clock.now() == fixed + 60
    world.clock.run(fixed)
    assert world.clock.now() >= fixed


def test_latency_grows_with_the_size_of_the_response():
    latency = Latency()
    assert latency.seconds(100, 2500) == 0
    latency.scale = 1
    assert latency.seconds(100, 2500) == pytest.approx(1.7)


def test_stop_closes_hanging_responses_and_idle_connections(world, page):
    sandbox = SandboxServer(world)
    sandbox.start()
    idle = socket.create_connection((sandbox.host, sandbox.port))
    sandbox.faults.add(faults.hang())
    failures = []

    def call() -> None:
        try:
            requests.get(f"{sandbox.url}/me", params={"access_token": page.token}, timeout=60)
        except requests.ConnectionError as error:
            failures.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    while caller.is_alive() and not sandbox.call_log.matching(fault="hang"):
        pass
    sandbox.stop()
    caller.join(timeout=60)
    assert len(failures) == 1
    assert idle.recv(1) == b""
    idle.close()


def test_stopped_sandbox_restarts_on_the_same_port(world, page):
    sandbox = SandboxServer(world)
    for _ in range(2):
        with sandbox:
            url = sandbox.url
            assert requests.get(f"{url}/me", params={"access_token": page.token}, timeout=60).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/me", timeout=60)


def test_world_can_change_while_it_is_read(graph, world, page):
    threads = [world.add_conversation(page, messages=3) for _ in range(20)]
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            for thread in threads:
                world.add_message(thread)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        responses = [graph.get(THREADS, fields="messages.limit(5){id}", limit=7) for _ in range(20)]
    finally:
        ended.set()
        writer.join()
    assert {response.status_code for response in responses} == {200}


def test_truth_equals_what_the_api_returns(graph, world, page):
    for size in (1, 30, 3):
        world.add_conversation(page, messages=size)
    expected = {thread.id: [message.id for message in thread.messages] for thread in truth(world)}
    for thread_id, message_ids in expected.items():
        ids = [id for response in graph.read_all_ids(f"/{thread_id}/messages") for id in response]
        assert ids[::-1] == message_ids


def test_removed_threads_and_messages_are_not_returned(graph, world, page):
    thread, other = world.add_conversation(page, messages=2), world.add_conversation(page)
    message = world.add_message(thread, "unsent")
    world.remove_message(thread, message.id)
    world.remove_conversation(other)
    assert graph.read_all_ids(THREADS) == [[thread.id]]
    assert len(graph(f"/{thread.id}/messages")["data"]) == 2
    assert graph.error(f"/{message.id}") == (400, 100, 33)


def test_messages_added_late_are_sorted_by_time(graph, world, page):
    thread = world.add_conversation(page, messages=["first", "last"], updated_time="2026-05-02")
    world.add_message(thread, "before all", created_time="2026-05-01")
    listed = graph(f"/{thread.id}/messages", fields="message")["data"]
    assert [message["message"] for message in listed] == ["last", "first", "before all"]
    assert graph(f"/{thread.id}")["updated_time"] == "2026-05-02T00:00:00+0000"


# Control from another process


@pytest.fixture
def control(sandbox):
    def send(method: str, route: str, **body) -> dict:
        response = requests.request(method, f"{sandbox.url}/_sandbox/{route}", json=body, timeout=60)
        return {"status": response.status_code, **response.json()}

    return send


def test_control_returns_health_state_and_call_log(control, graph, world, page):
    world.add_conversation(page)
    graph.get("/me")
    assert control("GET", "health") == {"status": 200, "ok": True, "pages": [page.id]}
    state = control("GET", "state")
    assert (state["calls"], state["pages"][0]["conversations"]) == (1, 1)
    assert [call["path"] for call in control("GET", "ledger")["calls"]] == ["/me"]
    control("DELETE", "ledger")
    assert control("GET", "state")["calls"] == 0


def test_control_adds_faults(control, graph):
    control("POST", "fault", fault="token_error", subcode=460, path="/me")
    assert graph.error("/me") == (400, 190, 460)
    control("POST", "fault", fault="html", times=5)
    control("DELETE", "fault")
    assert graph.get("/me").status_code == 200


def test_control_adds_messages(control, graph):
    created = control("POST", "message", customer="Zed", message="hey")
    control("POST", "message", thread=created["thread"], message="again")
    control("POST", "message", thread=created["thread"], message="yes?", from_page=True)
    shown = graph(THREADS, fields="snippet,message_count,unread_count")["data"]
    assert shown == [{"snippet": "yes?", "message_count": 3, "id": created["thread"]}]


def test_control_sets_switches_limits_latency_and_clock(control, sandbox):
    control(
        "POST", "set", switches={"updated_ms": "honoured", "folders": ["inbox"]}, limits={"max_weight": 5}
    )
    assert (sandbox.switches.updated_ms, sandbox.switches.folders) == ("honoured", {"inbox"})
    assert sandbox.limits.max_weight == 5
    before = sandbox.clock.now()
    assert control("POST", "clock", seconds=60)["now"] == before + 60


def test_control_rejects_unknown_values(control, page):
    assert control("GET", "nonsense")["status"] == 404
    assert control("POST", "fault", fault="nonsense")["status"] == 400
    assert control("POST", "set", switches={"nonsense": 1})["status"] == 400
    assert control("POST", "message", thread="t_1")["status"] == 400
