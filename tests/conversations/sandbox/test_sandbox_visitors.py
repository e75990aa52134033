"""People who write by themselves, pictures, and a customer who writes on request."""

import requests

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


def test_customer_of_the_same_name_goes_on_writing(sandbox, page):
    for text in ("Hello", "Are you there?"):
        body = {"customer": "Ana Adams", "message": text}
        requests.post(f"{sandbox.url}/_sandbox/message", json=body, timeout=60).raise_for_status()
    [thread] = page.threads.values()
    assert (len(thread.history), thread.unread_count) == (2, 2)


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
