"""The roles of users on Pages."""

from django.db import models

SUPERUSER = "superuser"  # not stored: superusers have every role on every Page


class Role(models.TextChoices):
    """The role of a member of a Page. Each role includes the ones before it."""

    VIEWER = "viewer"
    TAGGER = "tagger"
    MANAGER = "manager"

    @property
    def sufficient(self) -> set[str]:
        """The roles that include this one."""
        roles = list(Role)
        return {*(role.value for role in roles[roles.index(self) :]), SUPERUSER}
