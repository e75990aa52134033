from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class InboxAdminConfig(SimpleAdminConfig):
    """The admin. It is loaded with its URLs (inbox/site/admin_urls.py), which few processes need."""

    default_site = "inbox.site.admin_site.AdminSite"

    def ready(self):
        checks.register(check_admin, checks.Tags.admin)


def check_admin(**options) -> list[checks.CheckMessage]:
    """Run Django's checks of the admin, which know only what is loaded."""
    from inbox.site import admin_urls  # noqa: F401 - loads the admins of all apps

    return [*check_dependencies(**options), *check_admin_app(**options)]
