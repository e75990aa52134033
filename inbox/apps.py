from django.contrib.admin.apps import AdminConfig


class InboxAdminConfig(AdminConfig):
    default_site = "inbox.site.admin_site.AdminSite"

    def ready(self):
        super().ready()
        from inbox.site import user_admin  # noqa: F401 - replaces admins that packages have registered
