import pytest

from conversations.lib.names import display_name, is_placeholder


@pytest.mark.parametrize(
    "name", ["", " ", "\u3164", "\u200b\u200d", "\ufeff", "\u2800", "\u0301", "\u3164 \u3164"]
)
def test_name_that_shows_nothing_is_displayed_as_the_id(name):
    assert display_name(name, "700") == "No name (700)"
    assert is_placeholder(name, "700")


@pytest.mark.parametrize("name", ["Ana Test", "ㅋ", "🎉", ".", "\u200bAna"])
def test_visible_name_is_displayed_as_it_is(name):
    assert display_name(name, "700") == name
    assert not is_placeholder(name, "700")


@pytest.mark.parametrize(
    "name",
    [
        "Facebook User",
        "Instagram User",
        "facebook user",
        "Facebook-Nutzer",
        "Instagram-Nutzer",
        "Utilisateur Facebook",
        "Utilisateur Instagram",
        "Usuario de Facebook",
        "Usuário do Instagram",
        "Użytkownik Facebooka",
        "Facebook-käyttäjä",
        "Пользователь Facebook",
        "مستخدم فيسبوك",
        "مستخدم انستغرام",
        "Người dùng Facebook",
        "Facebookユーザー",
        "Instagram 用户",
        "700",
    ],
)
def test_general_name_or_id_is_no_name(name):
    assert is_placeholder(name, "700")


@pytest.mark.parametrize("name", ["Facebook", "Ana Facebook", "User", "Nutzer", "Facebook User Group", "701"])
def test_similar_names_are_names(name):
    assert not is_placeholder(name, "700")
