import socket
import threading

import pytest
import requests

from conversations.sandbox import SandboxServer, faults, truth
from conversations.sandbox.ledger import Call, Ledger
from conversations.sandbox.switches import Latency

THREADS = "/v26.0/me/conversations"


def test_ledger_holds_every_call_without_its_secrets(sandbox, world, page):
    params = {"access_token": page.token, "appsecret_proof": "p", "limit": "5", "platform": "messenger"}
    requests.get(f"{sandbox.url}/v26.0/{page.id}/conversations", params=params, timeout=10)
    requests.get(f"{sandbox.url}/me", headers={"Authorization": "Bearer x"}, timeout=10)
    first, second = sandbox.ledger.calls
    assert (first.method, first.path, first.version) == ("GET", f"/{page.id}/conversations", "v26.0")
    assert first.params == {"limit": "5", "platform": "messenger"}
    assert (first.status, first.code, first.token_in, first.has_proof) == (200, None, "url", True)
    assert (first.page_id, first.platform, first.at) == (page.id, "messenger", world.clock.now())
    assert (second.status, second.code, second.token_in, second.version) == (400, 190, "header", None)
    assert page.token not in repr(sandbox.ledger.calls)


def test_ledger_answers_by_pattern_and_value(graph, sandbox):
    graph.ask("/me")
    graph.ask(THREADS, limit=1)
    graph.ask(THREADS, platform="instagram")
    assert len(sandbox.ledger) == 3
    assert len(sandbox.ledger.matching("/conversations")) == 2
    assert len(sandbox.ledger.matching(r"\?.*limit=1")) == 1
    assert len(sandbox.ledger.matching(platform="instagram", status=200)) == 1
    sandbox.ledger.clear()
    assert sandbox.ledger.calls == []


def test_ledger_knows_its_busiest_second():
    ledger = Ledger()
    for started in (0.0, 0.4, 1.0, 1.3, 1.35, 5.0):
        ledger.open(Call("GET", "/", None, {}, None, has_proof=False, started=started, at=0))
    assert ledger.most_in_a_second() == 4


def test_clock_stands_or_runs_or_jumps(world):
    world.clock.fix("2026-11-20T18:00:00")
    fixed = world.clock.now()
    assert world.clock.now() == fixed
    world.clock.advance(60)
    assert world.clock.now() == fixed + 60
    world.clock.run(fixed)
    assert world.clock.now() >= fixed


def test_latency_grows_with_what_is_served():
    latency = Latency()
    assert latency.seconds(100, 2500) == 0
    latency.scale = 1
    assert latency.seconds(100, 2500) == pytest.approx(1.7)


def test_stop_ends_hanging_answers_and_idle_connections(world, page):
    sandbox = SandboxServer(world)
    sandbox.start()
    idle = socket.create_connection((sandbox.host, sandbox.port))
    sandbox.faults.add(faults.hang())
    failures = []

    def ask() -> None:
        try:
            requests.get(f"{sandbox.url}/me", params={"access_token": page.token}, timeout=60)
        except requests.ConnectionError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive() and not sandbox.ledger.matching(fault="hang"):
        pass
    sandbox.stop()
    asking.join(timeout=5)
    assert len(failures) == 1
    assert idle.recv(1) == b""
    idle.close()


def test_stopped_sandbox_starts_again_on_its_port(world, page):
    sandbox = SandboxServer(world)
    for _ in range(2):
        with sandbox:
            url = sandbox.url
            assert requests.get(f"{url}/me", params={"access_token": page.token}, timeout=10).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/me", timeout=10)


def test_world_may_change_while_it_is_read(graph, world, page):
    threads = [world.add_conversation(page, messages=3) for _ in range(20)]
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            for thread in threads:
                world.add_message(thread)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        answers = [graph.ask(THREADS, fields="messages.limit(5){id}", limit=7) for _ in range(20)]
    finally:
        ended.set()
        writing.join()
    assert {answer.status_code for answer in answers} == {200}


def test_truth_is_what_a_walk_reads(graph, world, page):
    for size in (1, 30, 3):
        world.add_conversation(page, messages=size)
    told = {thread.id: [message.id for message in thread.messages] for thread in truth(world)}
    for thread_id, message_ids in told.items():
        read = [id for part in graph.walk(f"/{thread_id}/messages") for id in part]
        assert read[::-1] == message_ids


def test_removed_threads_and_messages_are_gone(graph, world, page):
    thread, other = world.add_conversation(page, messages=2), world.add_conversation(page)
    message = world.add_message(thread, "unsent")
    world.remove_message(thread, message.id)
    world.remove_conversation(other)
    assert graph.walk(THREADS) == [[thread.id]]
    assert len(graph(f"/{thread.id}/messages")["data"]) == 2
    assert graph.error(f"/{message.id}") == (400, 100, 33)


def test_late_messages_take_their_place_in_time(graph, world, page):
    thread = world.add_conversation(page, messages=["first", "last"], updated_time="2026-05-02")
    world.add_message(thread, "before all", created_time="2026-05-01")
    listed = graph(f"/{thread.id}/messages", fields="message")["data"]
    assert [message["message"] for message in listed] == ["last", "first", "before all"]
    assert graph(f"/{thread.id}")["updated_time"] == "2026-05-02T00:00:00+0000"


# From another process


@pytest.fixture
def control(sandbox):
    def ask(method: str, route: str, **body) -> dict:
        response = requests.request(method, f"{sandbox.url}/_sandbox/{route}", json=body, timeout=10)
        return {"status": response.status_code, **response.json()}

    return ask


def test_control_tells_health_state_and_ledger(control, graph, world, page):
    world.add_conversation(page)
    graph.ask("/me")
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
    assert graph.ask("/me").status_code == 200


def test_control_adds_messages(control, graph):
    made = control("POST", "message", customer="Zed", message="hey")
    control("POST", "message", thread=made["thread"], message="again")
    control("POST", "message", thread=made["thread"], message="yes?", from_page=True)
    shown = graph(THREADS, fields="snippet,message_count,unread_count")["data"]
    assert shown == [{"snippet": "yes?", "message_count": 3, "id": made["thread"]}]


def test_control_sets_switches_limits_latency_and_clock(control, sandbox):
    control(
        "POST", "set", switches={"updated_ms": "honoured", "folders": ["inbox"]}, limits={"max_weight": 5}
    )
    assert (sandbox.switches.updated_ms, sandbox.switches.folders) == ("honoured", {"inbox"})
    assert sandbox.limits.max_weight == 5
    before = sandbox.clock.now()
    assert control("POST", "clock", seconds=60)["now"] == before + 60


def test_control_refuses_what_it_does_not_know(control, page):
    assert control("GET", "nonsense")["status"] == 404
    assert control("POST", "fault", fault="nonsense")["status"] == 400
    assert control("POST", "set", switches={"nonsense": 1})["status"] == 400
    assert control("POST", "message", thread="t_1")["status"] == 400
