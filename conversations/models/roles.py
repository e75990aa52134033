"""The roles of users on Pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

SUPERUSER = "superuser"  # not stored: superusers have every role on every Page


class Role(models.TextChoices):
    """The role of a member of a Page. Each role includes the ones before it."""

    VIEWER = "viewer", _("Viewer")
    TAGGER = "tagger", _("Tagger")
    AGENT = "agent", _("Agent")
    MANAGER = "manager", _("Manager")

    @property
    def sufficient(self) -> set[str]:
        """The roles that include this one."""
        roles = list(Role)
        return {*(role.value for role in roles[roles.index(self) :]), SUPERUSER}
