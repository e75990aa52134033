from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = "Inbox"

    def ready(self):
        from conversations import checks  # noqa: F401 - registers the checks
