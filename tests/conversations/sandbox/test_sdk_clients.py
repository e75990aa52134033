"""Public clients of Facebook, with their base address pointed at the sandbox, read it as they read Facebook.

They need other versions of packages than Inbox and run in .venv-sdk, which `make development` creates.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conversations.sandbox import Person, truth

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-sdk" / "bin" / "python"
CLIENTS = Path(__file__).parent / "sdk_clients"


@pytest.fixture
def run(sandbox, page):
    """Run a client in a process of its own and return what it has read."""
    if not PYTHON.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(".venv-sdk is missing")

    def start(name: str) -> dict:
        process = subprocess.run(
            [PYTHON, CLIENTS / f"{name}.py", sandbox.url, page.id],
            input=page.token,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout)

    return start


@pytest.fixture
def expected(world, page) -> list[dict]:
    """Five threads of five messages, as a client must see them."""
    page.about = "Stoneware from Köln"
    for number in range(5):
        world.add_conversation(page, f"Customer {number}", messages=5)
    return [
        {
            "id": thread.id,
            "message_count": 5,
            "people": [thread.customer_id, page.id],
            "messages": [(message.id, message.message, message.from_id) for message in thread.messages[::-1]],
        }
        for thread in truth(world)
    ]


def seen(threads: list[dict]) -> list[dict]:
    return [
        {
            "id": thread["id"],
            "message_count": thread["message_count"],
            "people": [person["id"] for person in thread["participants"]["data"]],
            "messages": [
                (message["id"], message["message"], message["from"]["id"]) for message in thread["messages"]
            ],
        }
        for thread in threads
    ]


def test_business_sdk_of_meta_lists_conversations_and_messages(run, page, expected, sandbox):
    read = run("meta_business_sdk")
    assert seen(read["threads"]) == expected
    assert read["total"] == 5
    assert read["batch"] == [5, 0]
    assert read["page"] == {
        "id": page.id,
        "name": page.name,
        "about": page.about,
        "has_transitioned_to_new_page_experience": False,
    }
    assert {call.status for call in sandbox.call_log} == {200}


def test_business_sdk_of_meta_sends(run, world, page):
    thread = world.add_conversation(page, Person("7001", "Ana Test"), ["Hi!"])
    thread.owner_app_id = "5"
    refused, _, text, seen_mark, too_long, no_file = run("meta_business_sdk_sending")
    [sent] = thread.history.newest(0, 1)
    assert (text["recipient_id"], text["message_id"], sent.message) == ("7001", sent.id, "Grüße")
    assert seen_mark == {"recipient_id": "7001"}
    assert (too_long, no_file) == ([100, None], [100, 2018008])
    assert refused == [10, 2018300]
    assert thread.owner_app_id == "100000000000000"


def test_python_facebook_api_lists_conversations_and_messages(run, page, expected, sandbox):
    read = run("python_facebook_api")
    assert seen(read["threads"]) == expected
    assert {id: value["message_count"] for id, value in read["by_ids"].items()} == {
        thread["id"]: 5 for thread in expected
    }
    assert read["one"] == read["by_ids"][expected[0]["id"]]
    assert read["page"]["about"] == page.about
    assert {call.status for call in sandbox.call_log} == {200}
