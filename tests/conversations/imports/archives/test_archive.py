"""Archives of all layouts, in folders and zips, in one part or several."""

import json
import random

import pytest

from conversations.imports.archives.archive import Archive
from conversations.imports.archives.bounds import Limits
from conversations.imports.archives.threads import ArchiveError
from tests.conversations.imports.archives import made
from tests.conversations.imports.archives.made import ANA, ANA_FOLDER, PAGE_ROOT, SHOP, message, thread
from tests.seeds import SEED

ROOTS = {
    "messages of 2018": ("", "unknown"),
    "person, 2023": ("your_activity_across_facebook", "personal"),
    "person, 2024": ("your_facebook_activity", "personal"),
    "page": (PAGE_ROOT, "page"),
    "page, other apostrophe": ("this_profile\u2019s_activity_across_facebook", "page"),
    "instagram": ("your_instagram_activity", "instagram"),
}
SECTIONS = ("inbox", "archived_threads", "filtered_threads", "message_requests", "e2ee_cutover")
FOLDERS = [
    "anasoder_2717021725300001",
    "anasoder_2qr6kux07q",
    "1085463558100001",
    "annaand23others_2QR6KUX07Q",
    "facebookuse_2717021725300002",
]
WRAPPERS = ("", "facebook-ohm-2026-05-01-AbC1dEf2/", "Desktop/new folder/unzipped/")


def read(*paths, names=(SHOP,)):
    with Archive(paths) as archive:
        return list(archive.threads(names)), archive.overview


def texts(found) -> list[str]:
    return [one.text for one in found.messages]


@pytest.mark.parametrize("form", ["folder", "stored", "deflated", "zip64"])
@pytest.mark.parametrize(("root", "kind"), ROOTS.values(), ids=ROOTS)
def test_each_layout_is_read_at_any_depth(root, kind, form, tmp_path):
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    chance = random.Random(SEED)
    expected, files = {}, {}
    for section, folder in zip(SECTIONS, chance.sample(FOLDERS, len(FOLDERS)), strict=True):
        words = [chance.choice(["Grüß Gott", "أهلا", "你好", "ok", "👍"]) for _ in range(5)]
        messages = [message(chance.choice([ANA, SHOP]), second, word) for second, word in enumerate(words)]
        cut = chance.randrange(1, 5)
        prefix = chance.choice(WRAPPERS)
        files[prefix + made.path_in(root, folder, 2, section)] = made.as_json(thread(messages[:cut]))
        files[prefix + made.path_in(root, folder, 1, section)] = made.as_json(thread(messages[cut:]))
        expected[folder] = (words, [one["sender_name"] == SHOP for one in messages])
    if form == "folder":
        path = made.write_folder(tmp_path / "x", files)
    else:
        path = made.write_zip(tmp_path / "x.zip", files, stored=form == "stored", zip64=form == "zip64")
    found, overview = read(path)
    assert (overview.kind, overview.threads, overview.lost) == (kind, len(expected), 0)
    assert {one.key: (texts(one), [each.is_from_page for each in one.messages]) for one in found} == expected
    assert {one.platform for one in found} == {"instagram" if kind == "instagram" else "messenger"}
    assert {one.customer_name for one in found} == {ANA}
    assert not any(one.gaps for one in found)


@pytest.mark.parametrize("below", ["messages", "messages/inbox", f"messages/inbox/{ANA_FOLDER}"])
def test_a_folder_within_an_archive_is_enough(below, tmp_path):
    picture = f"{PAGE_ROOT}/messages/inbox/{ANA_FOLDER}/photos/1.jpg"
    files = made.page_files([message(SHOP, 0, photos=[{"uri": picture}])]) | {picture: made.JPEG}
    made.write_folder(tmp_path, files)
    [found], overview = read(tmp_path / PAGE_ROOT / below)
    assert (found.key, overview.kind) == (ANA_FOLDER, "page")
    assert found.messages[0].media != ("",)


def test_a_copied_folder_tells_by_its_media_that_it_is_a_persons(tmp_path):
    picture = f"your_facebook_activity/messages/inbox/{ANA_FOLDER}/photos/1.jpg"
    content = made.as_json(thread([message(ANA, 0, "x", photos=[{"uri": picture}])]))
    made.write_folder(tmp_path / "copy", {f"{ANA_FOLDER}/message_1.json": content})
    made.write_folder(tmp_path / "copy", {f"{ANA_FOLDER}/photos/1.jpg": made.JPEG})
    with Archive([tmp_path / "copy"]) as archive:
        assert archive.overview.kind == "personal"
        [found] = archive.threads([SHOP])
        with archive.open_media(found.messages[0].media[0]) as file:
            assert file.read() == made.JPEG


@pytest.mark.parametrize(
    "sign", ["instagram-ohm.zip", "followers_and_following", "instagramuser_17842000000000002"]
)
def test_instagram_before_2022_is_recognized_by_its_signs(sign, tmp_path):
    folder = sign if "user" in sign else "luna_17842000000000001"
    files = {made.path_in("", folder): made.as_json(thread([message(SHOP, 0, "x")]))}
    if sign.startswith("followers"):
        files[f"{sign}/followers.json"] = b"[]"
    path = made.write_zip(tmp_path / (sign if sign.endswith(".zip") else "x.zip"), files)
    [found], overview = read(path)
    assert (found.platform, overview.kind) == ("instagram", "instagram")


def test_encrypted_chats_are_read_without_repair(tmp_path):
    content = {
        "participants": [ANA, "Jo"],
        "threadName": "Ána Söder_3",
        "messages": [
            {
                "senderName": ANA,
                "timestamp": made.START + 3,
                "text": "É» ok",
                "type": "text",
                "isUnsent": False,
            },
            {"senderName": "Jo", "timestamp": made.START, "text": "hi", "type": "text", "isUnsent": False},
            {
                "senderName": ANA,
                "timestamp": made.START + 1,
                "text": "",
                "type": "media",
                "media": [{"uri": "./media/8d.jpeg"}, {"uri": "Failed to download media"}],
                "reactions": [{"actor": "Jo", "reaction": "❤"}],
            },
            {
                "senderName": ANA,
                "timestamp": made.START + 2,
                "text": "User unsent a message",
                "isUnsent": True,
            },
            {"senderName": ANA, "timestamp": made.START + 4, "text": "A poll", "type": "placeholder"},
        ],
    }
    empty = content | {"messages": [], "threadName": "Bo_1"}
    files = {
        "Ána Söder_3.json": json.dumps(content).encode(),
        "Bo_1.json": json.dumps(empty).encode(),
        "media/8d.jpeg": made.JPEG,
        "your_posts_1.json": b'[{"messages": 1}]',
    }
    [found], overview = read(made.write_zip(tmp_path / "messages.zip", files), names=["Jo"])
    assert (overview.kind, overview.lost, found.thread_id) == ("encrypted", 0, "Ána Söder_3")
    assert texts(found) == ["hi", "", "", "É» ok", "A poll"]
    assert [one.is_from_page for one in found.messages] == [True, False, False, False, False]
    picture, unsent, _, poll = found.messages[1:]
    assert picture.attachments == ({"type": "image", "title": "8d.jpeg"}, {"type": "file", "title": ""})
    assert picture.media == ("media/8d.jpeg", "")
    assert picture.reactions == ({"actor": "page", "reaction": "other", "emoji": "❤"},)
    assert (unsent.data, poll.is_prose) == ({"deleted": True}, True)


# -- parts -------------------------------------------------------------------------------------------------
def test_parts_are_laid_over_each_other(tmp_path):
    picture = f"{PAGE_ROOT}/messages/inbox/{ANA_FOLDER}/photos/ü.jpg"
    older = [message(ANA, 0, "a"), message(ANA, 0, "a"), message(SHOP, 1, "b")]
    newer = [message(ANA, 5, photos=[{"uri": picture}]), message(ANA, 6, "d")]
    one = {
        made.path_in(PAGE_ROOT, number=2): made.as_json(thread(older)),
        made.path_in(PAGE_ROOT, number=1): made.as_json(thread(newer)),
    }
    # The later part has one message more, and the thread in another section.
    more = made.as_json(thread([*older[1:], *newer, message(SHOP, 9, "e")]))
    two = {made.path_in(PAGE_ROOT, section="archived_threads"): more, picture: made.JPEG}
    paths = [made.write_zip(tmp_path / "a.zip", one), made.write_folder(tmp_path / "b", two)]
    [found], overview = read(*paths)
    assert (texts(found), overview.threads) == (["a", "a", "b", "", "d", "e"], 1)
    assert [each.ordinal for each in found.messages] == [0, 1, 0, 0, 0, 0]
    assert found.messages[3].media == (f"inbox/{ANA_FOLDER}/photos/ü.jpg",)
    assert read(*reversed(paths))[0] == [found]
    assert read(*paths, *paths)[0] == [found]


def test_import_keys_do_not_depend_on_names_and_parts(tmp_path):
    pair = [message(ANA, 0, "é"), message(ANA, 0, "é"), message(SHOP, 0, "é")]
    renamed = [one | {"sender_name": "Anna"} if one["sender_name"] == ANA else one for one in pair]
    renamed[0]["content"] = "e\u0301"  # the same letter in two characters
    first, second = (
        made.write_zip(tmp_path / name, {made.path_in(PAGE_ROOT, folder): made.as_json(content)})
        for name, folder, content in (
            ("1.zip", ANA_FOLDER, thread(pair)),
            ("2.zip", "anna_2717021725300001", thread(renamed, ("Anna", SHOP))),
        )
    )
    [before], [after] = read(first)[0], read(second)[0]
    keys = [one.import_key for one in before.messages]
    assert sorted(keys) == sorted(one.import_key for one in after.messages)
    assert (len(set(keys)), before.thread_id) == (3, after.thread_id)
    [both], _ = read(first, second)
    assert len(both.messages) == 3


@pytest.mark.parametrize(("numbers", "gaps"), [((1, 2, 10), range(3, 10)), ((2,), (1,)), ((1, 2), ())])
def test_missing_files_of_a_thread_are_reported(numbers, gaps, tmp_path):
    files = {
        made.path_in(PAGE_ROOT, number=number): made.as_json(thread([message(SHOP, -number, f"{number}")]))
        for number in numbers
    }
    [found], overview = read(made.write_folder(tmp_path, files))
    assert found.gaps == tuple(gaps)
    assert overview.gaps == ({ANA_FOLDER: tuple(gaps)} if gaps else {})
    assert texts(found) == [str(number) for number in sorted(numbers, reverse=True)]


def test_messages_of_one_moment_stay_in_their_order(tmp_path):
    files = {
        made.path_in(PAGE_ROOT, number=number): made.as_json(
            thread([message(SHOP, 0, word) for word in words])
        )
        for number, words in ((10, "ab"), (2, "cd"), (1, "ef"))
    }
    [found], _ = read(made.write_folder(tmp_path, files))
    assert texts(found) == list("abcdef")


def test_copies_that_a_system_has_renamed_are_the_same_file(tmp_path):
    [(name, content)] = made.page_files().items()
    copies = {name.replace("_1.json", suffix): content for suffix in ("_1.json", "_1 (2).json", "_1 3.json")}
    [found], _ = read(made.write_folder(tmp_path, copies))
    assert (len(found.messages), found.gaps) == (2, ())


# -- people ------------------------------------------------------------------------------------------------
def test_deleted_people_have_a_thread_each(tmp_path):
    names = ["Facebook user", "FACEBOOK USER", "Utilisateur Facebook", "Dune"]
    files = {
        made.path_in(PAGE_ROOT, f"facebookuser_37183087000000{number:02}"): made.as_json(
            thread([message(name, 0, "hi"), message(SHOP, 1, "yes")], (name, SHOP))
        )
        for number, name in enumerate(names)
    }
    found, _ = read(made.write_folder(tmp_path, files))
    assert [(one.customer_name, one.is_deleted_person) for one in found] == [("", True)] * 4


def test_unnamed_people_groups_and_people_who_left(tmp_path):
    files = {}
    for folder, people, fields in (
        ("1085463558100001", ("", SHOP), {}),
        ("team_1085463558100002", ("Bo", SHOP, "Cy"), {"title": "Team"}),
        ("two_1085463558100003", ("Bo", SHOP), {"thread_type": "RegularGroup", "title": "Two"}),
        ("left_1085463558100004", (SHOP,), {}),
    ):
        sender = "Bo" if "Bo" in people or folder[:4] == "left" else ""
        content = thread([message(sender, 0, "hi"), message(SHOP, 1, "yes")], people, **fields)
        files[made.path_in(PAGE_ROOT, folder)] = made.as_json(content)
    found, _ = read(made.write_folder(tmp_path, files))
    shown = {one.key[:3]: (one.customer_name, one.is_group, one.is_deleted_person) for one in found}
    assert shown == {
        "108": ("", False, False),
        "tea": ("Team", True, False),
        "two": ("Two", True, False),
        "lef": ("Bo", False, False),
    }


def test_threads_without_the_business_are_named_not_guessed(tmp_path):
    old = thread([message("Mia", 0, "hi"), message(made.OLD_SHOP, 1, "Hi Mia")], ("Mia", made.OLD_SHOP))
    files = made.page_files() | {made.path_in(PAGE_ROOT, "mia_1085463558100009"): made.as_json(old)}
    path = made.write_folder(tmp_path, files)
    found, overview = read(path)
    assert ([one.key for one in found], overview.skipped["no_business"]) == ([ANA_FOLDER], 2)
    assert "mia_1085463558100009" in overview.problems[0]
    assert (overview.former_names, overview.lost) == ([made.OLD_SHOP], 2)
    found, overview = read(path, names=[SHOP, made.OLD_SHOP.upper()])
    assert (texts(found[1]), overview.lost) == (["hi", "Hi Mia"], 0)
    assert [one.is_from_page for one in found[1].messages] == [False, True]


# -- what is refused ---------------------------------------------------------------------------------------
def test_html_is_refused_with_the_way_to_json(tmp_path):
    name = made.path_in(PAGE_ROOT).replace(".json", ".html")
    with pytest.raises(ArchiveError, match=r"in HTML.*choose the format JSON"):
        Archive([made.write_folder(tmp_path / "html", {name: b"<html>"})])
    [found], overview = read(made.write_folder(tmp_path / "both", {name: b"<html>"} | made.page_files()))
    assert (len(found.messages), overview.lost) == (2, 0)
    other = {made.path_in(PAGE_ROOT, "bo_1085463558100005").replace(".json", ".html"): b"<html>"}
    _, overview = read(made.write_folder(tmp_path / "some", other | made.page_files()))
    assert overview.skipped == {"html_only": 1}


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"a.txt": b"x"}, "no messages"),
        ({"facebook-a.zip": b"x"}, "zip files inside"),
        ({made.path_in("x"): b'{"participants": ['}, "1 not complete"),
        ({made.path_in("x"): b'{"settings": []}'}, "no messages"),
    ],
)
def test_what_holds_no_messages_is_refused(files, text, tmp_path):
    with pytest.raises(ArchiveError, match=text):
        Archive([made.write_folder(tmp_path, files)])


def test_paths_that_are_no_archive_are_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK but no zip")
    with pytest.raises(ArchiveError, match="not a zip file"):
        Archive([tmp_path / "x.zip"])
    with pytest.raises(ArchiveError, match="no file or folder"):
        Archive([tmp_path / "missing"])


def test_a_second_look_counts_the_same(tmp_path):
    messages = [message(SHOP, 0, "a"), message(SHOP, 1), 7, {"sender_name": SHOP, "timestamp_ms": "soon"}]
    with Archive([made.write_folder(tmp_path, made.page_files(messages))]) as archive:
        counts = [[list(archive.threads([SHOP])), dict(archive.overview.skipped)] for _ in range(2)]
    assert counts[0] == counts[1]
    assert counts[0][1] == {"empty": 1, "no_object": 1, "no_time": 1}


def test_the_bytes_of_all_files_are_bounded(tmp_path):
    path = made.write_folder(tmp_path, made.page_files())
    with pytest.raises(ArchiveError, match="more than"):
        Archive([path], Limits(total_bytes=100))
    with pytest.raises(ArchiveError, match="more than 0 files"):
        Archive([path], Limits(entries=0))
    for limits in (Limits(json_bytes=100), Limits(json_commas=10)):
        with pytest.raises(ArchiveError, match="1 too large"):
            Archive([path], limits)


def test_what_is_told_of_a_file_is_short(tmp_path):
    long = {made.path_in("x/" * 1900 + PAGE_ROOT): b"{"}
    with Archive([made.write_zip(tmp_path / "x.zip", made.page_files() | long)]) as archive:
        [problem] = archive.overview.problems
    assert len(problem) == 501
    assert problem.endswith("message_1.json: not complete, or no JSON.")
