"""What a new password ends, by whichever way it is set."""

from django.contrib.auth import get_user_model
from django.utils.translation import gettext

from conversations.models.audit import Action, record
from inbox.accounts.models import ApiKey

KEEPS_KEYS = "keeps_api_keys"  # an attribute of the user object whose password is set


class EndApiKeys:
    """Ends all API keys of a user with the password.

    One of AUTH_PASSWORD_VALIDATORS: Django calls password_changed() after a new password was saved, also by
    the admin and by `manage.py changepassword`, but not when it only hashes the same password again.
    """

    def validate(self, password, user=None) -> None:
        pass

    def get_help_text(self) -> str:
        return gettext("The API keys of the account end with the old password, unless they are kept.")

    def password_changed(self, password, user=None) -> None:
        if isinstance(user, get_user_model()) and not getattr(user, KEEPS_KEYS, False):
            end_keys(user)


def end_keys(user) -> int:
    ended, _ = ApiKey.objects.filter(user=user).delete()
    if ended:
        record(Action.KEY_ENDED, actor=None, target=user, keys=ended, reason="password")
    return ended
