"""The examples of docs/api.md run unchanged: in Node with a key, in a browser with a session."""

import os
import re
import shutil
import subprocess

import pytest
from django.conf import settings

from conversations.models import ConversationTag, InteractionEvent

NODE = shutil.which("node")
ADDRESS, KEY, PAGE = "http://127.0.0.1:8000", "9944b0…", "900000000000001"


def examples() -> str:
    page = (settings.BASE_DIR / "docs" / "api.md").read_text()
    section = page.split("\n## For single-page applications\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```js\n(.*?)```", section, re.DOTALL))


def with_names(script: str, address: str, key: str, page_id: str) -> str:
    for example, real in ((ADDRESS, address), (KEY, key), (PAGE, page_id)):
        assert script.count(f'"{example}"') == 1
        script = script.replace(f'"{example}"', f'"{real}"')
    return script


@pytest.fixture
def inbox(world, shop):
    for name in ("Sam Long", "Sám Short", "San"):
        world.add_conversation(shop, name, messages=2)
    for number in range(247):  # three parts of the list, were it not filtered
        world.add_conversation(shop, f"Sammy {number}", messages=1)


def check(lines: list[str]) -> None:
    """What the last example says: the sync's states, its end, 249 names, tagged and untagged."""
    at = lines.index("complete Synced: 253 new messages.")
    assert lines[at - 1] == "complete 250 250"
    names = lines[at + 1 : -2]
    assert len(names) == len(set(names)) == 249
    assert "San" not in names
    assert lines[-2:] == ["tagged 249", "untagged 249"]
    assert not ConversationTag.objects.exists()
    assert InteractionEvent.objects.filter(kind="tag_removed").count() == 249


@pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="Node is missing: apt-get install nodejs"
)
def test_the_flows_run_under_node(web, page, inbox, key):
    script = with_names(examples(), web.url, key["Authorization"].split()[1], page.facebook_page_id)
    command = [str(NODE), "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    check(done.stdout.splitlines())
