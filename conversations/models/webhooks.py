"""What Facebook has delivered: the queue of webhooks, and for a while what became of them."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.models import querysets
from conversations.models.pages import Page

KEPT = timedelta(days=7)  # bodies of deliveries that need nothing more
KEPT_FOR_RETRY = timedelta(days=30)  # bodies of all others
CHANNEL = "inbox_webhooks"  # of the notification that there is a new delivery


class WebhookDelivery(models.Model):
    """The raw body of one request. One that names several Pages is split into one for each of them."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")  # all items are applied
        PARTIAL = "partial", _("Partial")  # some items are unknown or failed
        FAILED = "failed", _("Failed")  # nothing of it could be read
        IGNORED = "ignored", _("Ignored")  # nothing in it is for a connected Page

    # Null: nobody has looked yet, or the Page is not connected.
    page = models.ForeignKey(Page, models.SET_NULL, null=True, blank=True, related_name="deliveries")
    body = models.BinaryField(editable=False)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.TextField(choices=State, default=State.PENDING)
    attempts = models.IntegerField(default=0)
    error = models.TextField(blank=True, default="")
    items = models.IntegerField(default=0)
    failed_items = models.IntegerField(default=0, help_text=_("Items that are unknown or failed"))
    # Those whom the body names, so that it is found when one of them is deleted or takes a message back.
    people = ArrayField(models.TextField(), default=list, editable=False)

    objects = querysets.PageScopedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("webhook deliveries")
        indexes = [
            models.Index("page", "received_at", "id", name="delivery_pending", condition=Q(state="pending")),
            models.Index("received_at", name="delivery_received_at"),
            GinIndex(fields=["people"], name="delivery_people", condition=~Q(people=[])),
        ]

    def __str__(self):
        return f"{self.state} {self.received_at:%Y-%m-%d %H:%M:%S}"


# Applications of Facebook's own, whose names Graph does not tell.
FACEBOOKS_OWN = {"263902037430900": _("Facebook's inbox"), "1217981644879628": _("Facebook's inbox")}


class SendingApp(models.Model):
    """An application that has sent messages of a Page, as echoes tell."""

    app_id = models.TextField(unique=True)
    name = models.TextField(blank=True, default="", help_text=_("Empty: Facebook does not tell it"))
    page = models.ForeignKey(Page, models.SET_NULL, null=True, related_name="+")  # whose token may ask
    asked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return self.name or self.app_id


def names_of_apps(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these applications as far as they are known. Without any, nothing is asked."""
    wanted = set(ids)
    names = {app_id: str(FACEBOOKS_OWN[app_id]) for app_id in wanted & FACEBOOKS_OWN.keys()}
    if others := wanted - FACEBOOKS_OWN.keys():
        rows = SendingApp.objects.filter(app_id__in=others).exclude(name="")
        names |= dict(rows.values_list("app_id", "name"))
    return names


def delete_expired() -> None:
    """Delete deliveries with their bodies: those that need nothing more sooner than the others."""
    now, State = timezone.now(), WebhookDelivery.State
    WebhookDelivery.objects.filter(received_at__lt=now - KEPT, state__in=[State.DONE, State.IGNORED]).delete()
    WebhookDelivery.objects.filter(received_at__lt=now - KEPT_FOR_RETRY).exclude(state=State.PENDING).delete()
