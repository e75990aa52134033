from django.contrib.admin.apps import AdminConfig


class InboxAdminConfig(AdminConfig):
    default_site = "inbox.admin.AdminSite"

    def ready(self):
        super().ready()
        from inbox import people  # noqa: F401 - registers anew what the packages registered just now
