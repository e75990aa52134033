"""What Facebook shows in place of a name: of deactivated or deleted people, and names that show nothing.

customer.hidden_as = "Facebook User"     # truth(world) keeps the name
customer.hidden_as = None                # no name at all
"""

FACEBOOK_USERS = (
    "Facebook User",
    "Facebook user",
    "Instagram User",
    "Instagram user",
    "Facebook-Nutzer",
    "Facebook-Nutzer/in",
    "Instagram-Nutzer",
    "Utilisateur de Facebook",
    "Utilisateur Facebook",
    "Usuario de Facebook",
    "Utente di Facebook",
    "Usuário do Facebook",
    "Utilizador do Facebook",
    "Facebook-gebruiker",
    "Facebookbruger",
    "Użytkownik Facebooka",
    "Uživatel Facebooku",
    "Facebook Kullanıcısı",  # noqa: RUF001 - Turkish has a dotless i
    "Пользователь Facebook",
    "Користувач Facebook",
    "Người dùng Facebook",
    "Pengguna Facebook",
    "ผู้ใช้ Facebook",
    "مستخدم فيسبوك",
    "Facebookユーザー",
    "Facebook 사용자",
    "Facebook 用户",
    "Facebook 用戶",
)
INVISIBLE = ("", " ", "\u3164", "\u200b", "\u200e\u200f", "\u2060", "\ufeff", "\u00ad", "\u115f\u1160")


def placeholders(person_id: str) -> tuple[str | None, ...]:
    """All of them, with the id itself and no name."""
    return (*FACEBOOK_USERS, *INVISIBLE, person_id, f"User {person_id}", None)
