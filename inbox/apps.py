from collections.abc import Sequence

from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class InboxAdminConfig(SimpleAdminConfig):
    """The admin. It is loaded with its URLs (inbox/site/admin_urls.py), which few processes need."""

    default_site = "inbox.site.admin_site.AdminSite"

    def ready(self):
        checks.register(check_admin, checks.Tags.admin)
        checks.register(check_pooler, checks.Tags.database)


def check_admin(**options) -> list[checks.CheckMessage]:
    """Run Django's checks of the admin, which know only what is loaded."""
    from inbox.site import admin_urls  # noqa: F401 - loads the admins of all apps

    return [*check_dependencies(**options), *check_admin_app(**options)]


def check_pooler(databases: Sequence[str] | None = None, **options) -> list[checks.CheckMessage]:
    """Return an error if DATABASE_POOL_URL is another database than DATABASE_URL."""
    from inbox.database import pooler  # few processes run the checks

    if "default" not in (databases or ()):
        return []
    problem = pooler.problem()
    return [checks.Error(problem, id="inbox.E001")] if problem else []
