"""People who write by themselves, pictures, and a customer who writes on request."""

import requests

from conversations.sandbox import Person
from conversations.sandbox.data.phrases import languages
from conversations.sandbox.data.visitors import Visitors


def test_visitors_write_and_get_answers(world, page):
    visitors = Visitors(world, page, seed=3)
    kinds: list[str] = []
    world.observers.append(lambda event: kinds.append(event.kind))
    for _ in range(60):
        visitors.step()
        world.clock.advance(4)
    assert {"message", "delivery", "read", "reaction"} <= set(kinds)
    people = [thread for thread in page.threads.values() if thread.customer]
    messages = [thread.history[index] for thread in people for index in range(len(thread.history))]
    assert len(people) == 5
    assert len({message.id for message in messages}) == len(messages) == kinds.count("message")
    assert {name for message in messages for name in message.fields} >= {"attachments", "sticker"}


def test_visitors_get_no_second_answer(sandbox, world, page):
    sandbox.visitors.step()
    [thread] = page.threads.values()
    assert thread.customer
    body = {"recipient": {"id": thread.customer.id}, "message": {"text": "It is on its way."}}
    url, token = f"{sandbox.url}/me/messages", {"access_token": page.token}
    for _ in range(2):
        requests.post(url, json=body, params=token, timeout=60).raise_for_status()
    while len(thread.history) == 3:
        sandbox.visitors.step()
    assert thread.history[3].sender is thread.customer


def test_customer_of_the_same_name_goes_on_writing(sandbox, page):
    for text in ("Hello", "Are you there?"):
        body = {"customer": "Ana Adams", "message": text}
        requests.post(f"{sandbox.url}/_sandbox/message", json=body, timeout=60).raise_for_status()
    [thread] = page.threads.values()
    assert (len(thread.history), thread.unread_count) == (2, 2)


def test_customers_read_and_answer_what_is_sent_to_them(sandbox, world, page):
    kinds: list[str] = []
    world.observers.append(lambda event: kinds.append(event.kind))
    thread = world.add_conversation(page, Person("7001", "Björn Müller"), ["Hallo"])

    def send(text: str) -> None:
        body = {"recipient": {"id": "7001"}, "message": {"text": text}}
        url, token = f"{sandbox.url}/me/messages", {"access_token": page.token}
        requests.post(url, json=body, params=token, timeout=60).raise_for_status()

    send("Nobody answers this")
    assert sandbox.webhooks.is_idle
    requests.post(f"{sandbox.url}/_sandbox/customers", json={"seconds": 12}, timeout=60).raise_for_status()
    send("Hello")
    world.clock.advance(1)
    send("Is anybody there?")
    del kinds[:]
    for _ in range(12):
        world.clock.advance(1)
        sandbox.webhooks.send_due()
    told = sorted(kind for kind in kinds if kind != "reaction")
    assert told == ["delivery", "delivery", "message", "read", "read"]  # one answer to both
    [answer] = thread.history.newest(0, 1)
    german = next(each for each in languages() if "Björn" in each.first_names)
    assert answer.message in {dialog[2] for dialog in german.dialogues}
    assert (answer.sender, thread.unread_count) == (thread.customer, 1)
    for _ in range(20):
        send("And now?")
        world.clock.advance(12)
        sandbox.webhooks.send_due()
    assert "reaction" in kinds
    requests.post(f"{sandbox.url}/_sandbox/customers", json={"seconds": 0}, timeout=60).raise_for_status()
    send("Nobody answers this")
    assert sandbox.webhooks.is_idle


def test_another_process_starts_visitors_and_webhooks(sandbox, page):
    requests.post(f"{sandbox.url}/_sandbox/visitors", json={"seconds": 0.01}, timeout=60).raise_for_status()
    while not page.threads:
        pass
    requests.post(f"{sandbox.url}/_sandbox/visitors", json={"seconds": 0}, timeout=60).raise_for_status()
    url = "http://127.0.0.1:9/webhooks/facebook"
    requests.post(f"{sandbox.url}/_sandbox/webhooks", json={"callback_url": url}, timeout=60)
    options = {"webhooks": {"secret": "changed"}}
    requests.post(f"{sandbox.url}/_sandbox/set", json=options, timeout=60)
    assert (sandbox.webhooks.apps["page"].callback_url, sandbox.webhooks.options.secret) == (url, "changed")
