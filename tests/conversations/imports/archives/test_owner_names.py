"""Finding the name of the business."""

import pytest

from conversations.imports.archives.archive import Archive
from conversations.imports.archives.owner_names import proven_name, threads_named
from tests.conversations.imports.archives import made
from tests.conversations.imports.archives.made import OLD_SHOP, PAGE_ROOT, SHOP, message, thread

FACEBOOK = ("profile_information/profile_information.json", {"profile_v2": {"name": {"full_name": SHOP}}})
INSTAGRAM = (
    "personal_information/personal_information/personal_information.json",
    {
        "profile_user": [
            {"string_map_data": {"Benutzername": {"value": SHOP}, "E-Mail": {"value": "a@x.example"}}}
        ]
    },
)


def overview(tmp_path, people, profile=None):
    files = {
        made.path_in(PAGE_ROOT, f"x_10854635581000{number:02}"): made.as_json(
            thread([message(one[1], 0, "x")], one)
        )
        for number, one in enumerate(people)
    }
    if profile:
        files[profile[0]] = made.as_json(profile[1])
    with Archive([made.write_folder(tmp_path, files)]) as archive:
        return archive.overview


PEOPLE = [("Ana", SHOP), ("Bo", SHOP), ("Ana", SHOP), ("Facebook user", SHOP), ("Mia", OLD_SHOP)]


@pytest.mark.parametrize("profile", [FACEBOOK, INSTAGRAM])
def test_the_profile_and_most_threads_prove_a_name(profile, tmp_path):
    found = overview(tmp_path, PEOPLE, profile)
    assert found.business_names[0] == SHOP
    assert found.named_in[SHOP] == 4
    assert (found.profile_names, found.former_names) == ([SHOP], [OLD_SHOP])
    assert proven_name(found, [SHOP.upper()]) == SHOP
    assert proven_name(found, []) == SHOP
    assert proven_name(found, ["Another shop"]) == ""
    assert threads_named(found, [SHOP, OLD_SHOP]) == 5


def test_without_a_profile_nearly_all_threads_and_the_page_prove_it(tmp_path):
    found = overview(tmp_path, PEOPLE[:4])
    assert found.business_names[0] == SHOP
    assert proven_name(found, [SHOP]) == SHOP
    assert proven_name(found, []) == ""
    assert proven_name(overview(tmp_path / "2", PEOPLE), [SHOP]) == ""


def test_one_thread_with_two_people_proves_nothing_by_itself(tmp_path):
    found = overview(tmp_path, PEOPLE[:1])
    assert found.business_names == [SHOP, "Ana"]  # the thread has the name of the other
    assert proven_name(found, []) == ""


def test_threads_with_one_name_tell_nothing(tmp_path):
    found = overview(tmp_path, [("Ana", SHOP), ("x", "x"), ("", "")])
    assert (found.threads, found.compared) == (3, 3)
    odd = made.path_in(PAGE_ROOT, "odd_1085463558100099")
    made.write_folder(tmp_path, {odd: made.as_json(thread([message("x", 0, "x")], ("x",)))})
    with Archive([tmp_path]) as archive:
        assert (archive.overview.threads, archive.overview.compared) == (4, 3)
