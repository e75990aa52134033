"""The three uses of the existing client, in Node."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation
from tests.factories import TagFactory

NODE = shutil.which("node")


@pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="Node is missing: apt-get install nodejs"
)
def test_old_client_works_with_an_address_and_a_key(web, page, world, shop, key):
    for name in ("John Long", "Jóhn Short", "Joan"):
        world.add_conversation(shop, name, messages=2)
    for _ in range(150):
        world.add_conversation(shop, messages=1)
    tag = TagFactory(name="VIP", slug="vip")
    script = Path(__file__).with_name("old_client.mjs")
    arguments = [web.url, key["Authorization"].split()[1], str(page.pk), page.facebook_page_id]
    assert NODE is not None
    first = run(script, arguments)
    assert first["states"][-1]["status"] == "complete"
    assert first["states"][-1]["inserted"] == first["states"][-1]["total"] == 153
    assert first["again"] == {"synced": 100, "eventsCreated": 0}
    assert first["list"] == {"names": [], "pagination": first["list"]["pagination"]}
    tagged = Conversation.objects.filter(sender_name__startswith="J")
    tag_conversations(tagged.values_list("pk", flat=True), [tag], actor=None)
    second = run(script, arguments)
    assert sorted(second["list"]["names"]) == ["John Long", "Jóhn Short"]
    assert (second["list"]["pagination"]["total"], second["list"]["pagination"]["pages"]) == (2, 1)


def run(script: Path, arguments: list[str]) -> dict:
    command = [str(NODE), str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
