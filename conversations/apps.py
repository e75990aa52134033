from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Inbox")

    def ready(self):
        from conversations import checks  # noqa: F401 - registers the checks
