"""What a user has begun and not finished: tokens between the form and the choice of Pages."""

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

from conversations.lib.encryption import EncryptedTextField

LIFETIME = timedelta(minutes=14)  # a job each minute deletes it, so that no token is kept for 15


class PendingConnection(models.Model):
    """The scope of a token, as encrypted JSON. The session of the user has only its ID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = EncryptedTextField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"begun at {self.created_at:%H:%M}"


def delete_expired() -> int:
    return PendingConnection.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()[0]
