"""`manage.py importarchive`, from the files to the rows, with a sandbox that holds the same people."""

import json
from datetime import UTC, datetime

import pytest

from conversations.models import Conversation, InteractionEvent, Page
from tests.conversations.imports.archives import made
from tests.conversations.imports.archives.made import (
    ANA,
    ANA_FOLDER,
    OLD_SHOP,
    PAGE_ROOT,
    SHOP,
    START,
    message,
    thread,
)

ANSWER = "Ja, bis 18 Uhr: „wie immer“."
PROFILE = {
    "profile_information/profile_information.json": made.as_json(
        {"profile_v2": {"name": {"full_name": SHOP}}}
    )
}
QUESTION = "Haben Sie heute geöffnet? 😀"
PICTURE = f"{PAGE_ROOT}/messages/inbox/{ANA_FOLDER}/photos/1.jpg"


@pytest.fixture
def bakery(page):
    Page.objects.filter(pk=page.pk).update(name=SHOP)
    page.refresh_from_db()
    return page


def parts(tmp_path):
    """Two parts of a Page's archive: a conversation that Facebook shows, too, and two that it does not."""
    newest = made.as_json(
        thread(
            [
                message(ANA, 0, QUESTION),
                message(SHOP, 1.4, "Hallo Ána! Danke für die Nachricht."),
                message(SHOP, 61, ANSWER),
                message(ANA, 61.9, "ok"),
                message(ANA, 61.9, "ok"),
                message(ANA, 80, photos=[{"uri": PICTURE}]),
                message(ANA, 90),
            ]
        )
    )
    oldest = made.as_json(thread([message(ANA, -86400, "Grüß Gott"), message(SHOP, -86300, "Guten Tag!")]))
    deleted = thread(
        [message("Facebook user", 0, "noch da?"), message(SHOP, 9, "Ja.")], ("Facebook user", SHOP)
    )
    cy = thread([message("Cy", 5, "hello")], ("Cy", SHOP))
    one = {
        made.path_in(PAGE_ROOT): newest,
        made.path_in(PAGE_ROOT, number=2): oldest,
        made.path_in(PAGE_ROOT, "facebookuser_3718308700000001", section="archived_threads"): made.as_json(
            deleted
        ),
    }
    two = {
        made.path_in(PAGE_ROOT): newest,
        made.path_in(PAGE_ROOT, "cy_3718308700000002", section="message_requests"): made.as_json(cy),
        PICTURE: made.JPEG,
    }
    return [str(made.write_zip(tmp_path / "1.zip", one)), str(made.write_folder(tmp_path / "2", two))]


def at_facebook(world, shop):
    """The newest messages of the same conversation as Facebook shows them: seconds, and with its own IDs."""
    found = world.add_conversation(shop, ANA, 0, updated_time=START / 1000)
    for seconds, text, from_page in (
        (0, QUESTION, False),
        (1, "Hallo Ána! Danke für die Nachricht.", True),
        (61, ANSWER, True),
        (61, "ok", False),
        (61, "ok", False),
    ):
        at = datetime.fromtimestamp(START // 1000 + seconds, UTC)
        world.add_message(found, text, from_page=from_page, created_time=at, is_new=False)
    return found


def texts(**conversation):
    events = InteractionEvent.objects.filter(conversation=Conversation.objects.get(**conversation))
    return list(
        events.filter(kind__startswith="message_")
        .order_by("occurred_at", "rank", "id")
        .values_list("text", flat=True)
    )


def run(command, *arguments, code=0):
    result = command("importarchive", *arguments, "--json")
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


def test_an_archive_joins_what_facebook_shows_and_doubles_nothing(command, bakery, world, shop, tmp_path):
    found, paths = at_facebook(world, shop), parts(tmp_path)
    assert command("syncconversations").returncode == 0
    report = run(command, *paths, "--page", shop.id)
    assert report["status"] == "complete"
    assert report["conversations"] == {"matched": 1, "suggested": 0, "new": 2}
    counts = {name: report["messages"][name] for name in ("added", "known", "adopted")}
    assert counts == {"added": 6, "known": 0, "adopted": 5}
    assert report["messages"]["skipped"] == {"empty": 1}
    assert report["archive"]["businessNames"] == [SHOP]
    shown = texts(graph_id=found.id)
    assert (len(shown), shown[:3]) == (8, ["Grüß Gott", "Guten Tag!", QUESTION])
    assert Conversation.objects.count() == 3
    rows = InteractionEvent.objects.count()

    assert command("syncconversations", "--full").returncode == 0
    again = run(command, *paths, "--page", shop.id)
    assert {name: again["messages"][name] for name in counts} == {"added": 0, "known": 11, "adopted": 0}
    assert InteractionEvent.objects.filter(kind__startswith="message_").count() == 11
    assert InteractionEvent.objects.count() == rows


def test_a_dry_run_tells_the_same_and_changes_nothing(command, bakery, shop, tmp_path):
    paths = parts(tmp_path)
    planned = run(command, *paths, "--page", shop.id, "--dry-run")
    assert not Conversation.objects.exists()
    done = run(command, *paths, "--page", shop.id)
    assert planned | {"dryRun": False} == done
    assert done["conversations"]["new"] == 3


def test_what_was_left_is_named_and_is_no_success(command, bakery, shop, tmp_path):
    mia = thread([message(OLD_SHOP, 0, "hi")], ("Mia", OLD_SHOP))
    more = {
        made.path_in(PAGE_ROOT, number=3): b'{"participants": [',
        made.path_in(PAGE_ROOT, "mia_3718308700000003"): made.as_json(mia),
    }
    files = made.page_files() | PROFILE | more
    path = str(made.write_folder(tmp_path, files))
    result = command("importarchive", path, "--page", shop.id)
    assert result.returncode == 1
    assert f'The business is "{SHOP}", in 2 threads.' in result.stdout
    assert "Left out: 1 file (not complete, or no JSON)." in result.stdout
    assert "Left out: 1 message (in threads without a name of the business)." in result.stdout
    assert "message_3.json" in result.stderr
    assert f"{ANA_FOLDER}: files of messages are missing: 2, 3." in result.stderr
    assert f'--business-name "{OLD_SHOP}"' in result.stderr
    report = run(
        command, path, "--page", shop.id, "--business-name", SHOP, "--business-name", OLD_SHOP, code=1
    )
    assert (report["status"], report["files"]["skipped"]) == ("complete_with_errors", {"no_json": 1})
    assert "no_business" not in report["messages"]["skipped"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--page", "404"), "No Page with the ID '404'"),
        (
            ("--page", "900000000000001", "--business-name", "Kiosk"),
            f'It may be "{SHOP}" (in 2 of 2 threads)',
        ),
        ((), "--page"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_stored(options, text, command, bakery, tmp_path):
    files = made.page_files() | made.page_files(folder="bo_3718308700000004")
    result = command("importarchive", str(made.write_folder(tmp_path, files)), *options)
    assert (result.returncode, text in result.stderr) == (2, True), result.stderr
    assert not Conversation.objects.exists()


def test_the_archive_of_another_page_is_noticed(command, bakery, shop, tmp_path):
    other = Page.objects.create(facebook_page_id="77", name="Kiosk")
    path = str(made.write_folder(tmp_path, made.page_files()))
    result = command("importarchive", path, "--page", "77")
    assert (result.returncode, "does not prove that it is of the Page Kiosk" in result.stderr) == (2, True)
    result = command("importarchive", path, "--page", "77", "--business-name", SHOP)
    assert result.returncode == 2
    assert f"the archive of the Page {SHOP} ({shop.id}), not of Kiosk" in result.stderr
    both = ("--business-name", SHOP, "--business-name", "Kiosk")
    assert run(command, path, "--page", "77", *both)["conversations"]["new"] == 1
    assert Conversation.objects.get().page == other


def test_archives_of_people_need_a_yes(command, bakery, shop, tmp_path):
    files = {made.path_in("your_facebook_activity"): made.as_json(thread([message(SHOP, 0, "hi")]))}
    path = str(made.write_zip(tmp_path / "x.zip", files))
    result = command("importarchive", path, "--page", shop.id, "--business-name", SHOP)
    assert (result.returncode, "chats are private" in result.stderr) == (2, True)
    refused = run(command, path, "--page", shop.id, code=2)
    assert (refused["status"], refused["page"], "private" in refused["error"]) == ("error", shop.id, True)
    assert not Conversation.objects.exists()
    report = run(command, path, "--page", shop.id, "--business-name", SHOP, "--accept-personal")
    assert (report["archive"]["kind"], report["messages"]["added"]) == ("personal", 1)


def test_paths_that_are_not_there_are_refused(command, bakery, shop, tmp_path):
    result = command("importarchive", str(tmp_path / "x.zip"), "--page", shop.id)
    assert (result.returncode, "There is no file or folder" in result.stderr) == (2, True)


def test_html_is_refused(command, bakery, shop, tmp_path):
    path = made.write_folder(tmp_path, {made.path_in(PAGE_ROOT).replace(".json", ".html"): b"<html>"})
    result = command("importarchive", str(path), "--page", shop.id)
    assert (result.returncode, "choose the format JSON" in result.stderr) == (2, True)
    assert "Traceback" not in result.stderr
