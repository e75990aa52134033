"""Pages, their members and alerts, those that are being connected, and the budget of calls for each Page."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.encryption import EncryptedTextField
from conversations.lib.notify import notify_changes
from conversations.models import querysets
from conversations.models.roles import Role

# Of what is kept between the form of a token and the choice of Pages: a job each minute deletes it, so that
# no token is kept for 15 minutes.
CONNECTING = timedelta(minutes=14)
ALERTS_KEPT = timedelta(days=90)  # after their end


class Platform(models.TextChoices):
    MESSENGER = "messenger"
    INSTAGRAM = "instagram"


def messenger_only() -> list[str]:
    return [Platform.MESSENGER]


class Page(models.Model):
    """A Facebook Page whose conversations are stored."""

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        RECONNECT = "reconnect", _("Reconnect")  # somebody must reconnect it; `state_reason` says why

    class LiveState(models.TextChoices):
        """Whether Facebook sends webhooks of this Page."""

        OFF = "off", _("Off")  # it is not subscribed
        SUBSCRIBED = "subscribed", _("Subscribed")
        SILENT = "silent", _("Silent")  # subscribed, but a sync brought a message that no webhook had brought
        LOST = "lost", _("Lost")  # it was subscribed, and is not any more

    facebook_page_id = models.TextField(_("Facebook ID"))
    name = models.TextField(blank=True)
    access_token = EncryptedTextField(blank=True, editable=False)
    platforms = models.JSONField(default=messenger_only)
    instagram_account_id = models.TextField(blank=True, default="")
    instagram_username = models.TextField(blank=True, default="", db_default="")
    # Further IDs under which the business appears, as {id: {"source": how it was found, "applied": whether
    # the stored messages of that ID are marked as sent}}. With the source "person" the ID was taken for one
    # of them, and its messages are marked as received. Written while the row is locked.
    business_aliases = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    state = models.TextField(choices=State, default=State.CONNECTED)
    state_reason = models.TextField(blank=True, default="")
    state_details = models.TextField(
        blank=True, default="", db_default="", help_text=_("What Facebook says about it, for managers")
    )
    migrated_to = models.TextField(
        blank=True, default="", db_default="", help_text=_("Facebook ID of the Page into which it was merged")
    )
    probe_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When to ask Facebook again whether it accepts the token")
    )
    capabilities = models.JSONField(
        default=dict, blank=True, help_text=_("What Facebook allows for this Page")
    )
    # By platform, as an ISO time: every thread updated up to then is stored, or marked as not readable.
    watermarks = models.JSONField(default=dict, blank=True)
    # Lists that never ended, by list, with the reason and where the next run reads on: see
    # `sync.stored_state.UnfinishedList`.
    unfinished_lists = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    last_delivery_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When the newest webhook arrived")
    )
    # Written by connections.subscription, and where webhooks are noticed to be missing, or to come again.
    live_state = models.TextField(choices=LiveState, default=LiveState.OFF, db_default="off")
    live_reason = models.TextField(
        blank=True, default="", db_default="", help_text=_("What is wrong with the webhooks, for managers")
    )
    subscribed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Since when it is subscribed without a break")
    )
    silent_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When a message without a webhook was noticed")
    )
    next_subscription_check = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When to check the subscription again")
    )
    last_full_sync_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a full sync last completed")
    )
    # Whose login gave the token: the ID of a person in our app, which is none of a customer. Empty: unknown.
    connected_by = models.TextField(blank=True, default="", db_default="", editable=False)
    access_ends_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the token or its access to data expires; empty: never, or unknown"),
    )
    access_checked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When Facebook was asked when the access ends")
    )
    # What the token was given, as Facebook tells daily. Null: it does not tell.
    permissions = models.JSONField(null=True, blank=True, editable=False)
    sending_blocked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When Facebook last let this Page send nothing")
    )
    history_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Instead of HISTORY_DONE_BEFORE: of which age on a first sync inserts as done; 0: none",
    )
    kept_from = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Messages of before then were erased: RETENTION_DAYS"),
    )
    # Whether rows of an archive may be here, so that a sync has to look for them. Never taken back.
    has_imports = models.BooleanField(default=False, db_default=False, editable=False)
    # By month that has messages of archives alone ("2021-05"): their number, and that of Facebook's.
    import_months = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = querysets.PageQuerySet.as_manager()

    LIVE_FIELDS = ("live_state", "live_reason", "subscribed_at", "silent_at", "next_subscription_check")
    STATE_FIELDS = ("state", "state_reason", "state_details", "migrated_to", "probe_at")
    CONFIRM_AFTER = timedelta(minutes=2)  # until Facebook is asked again about a refused token
    PROBE_EVERY = timedelta(hours=1)  # how often Facebook is asked while a person must act

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facebook_page_id"], name="page_facebook_page_id")]

    def __str__(self):
        return self.name or self.facebook_page_id

    @property
    def connection(self) -> tuple[str, str]:
        """Return (state, reason). A token that cannot be decrypted needs a reconnect, like a refused one."""
        if self.state == self.State.CONNECTED and not self.access_token:
            return (
                self.State.RECONNECT,
                gettext("The access token cannot be decrypted with the present TOKEN_ENCRYPTION_KEYS."),
            )
        return self.state, self.state_reason

    def watermark(self, platform: str) -> datetime | None:
        """Return the platform's watermark; None if its list was never read to the end."""
        time = self.watermarks.get(platform)
        return datetime.fromisoformat(time) if time else None

    def done_before(self) -> datetime | None:
        """Return before which time a sync that starts now inserts conversations as done; None: it does not.

        Runs up to the first complete one bring the past, which is no work; later ones, and webhooks, do.
        """
        days = settings.HISTORY_DONE_BEFORE if self.history_days is None else self.history_days
        if not days or (self.last_synced_at and self.runs.filter(status="complete").exists()):
            return None
        return timezone.now() - timedelta(days=days)

    @property
    def business_ids(self) -> set[str]:
        """The IDs under which the business itself writes."""
        return {self.facebook_page_id, self.instagram_account_id, *self.business_aliases} - {
            "",
            *self.known_people,
        }

    @property
    def known_people(self) -> set[str]:
        """The IDs that were taken for the business's and are persons'."""
        return {key for key, value in self.business_aliases.items() if value["source"] == "person"}

    def reason_for(self, role: str) -> str:
        """Return the reason of `connection`; managers and superusers also read what Facebook says."""
        is_manager = role in (PageMember.Role.MANAGER, "superuser")
        return f"{self.connection[1]} {self.state_details}".strip() if is_manager else self.connection[1]

    @property
    def is_live(self) -> bool:
        """Whether webhooks bring its messages: some have come, and none is known to be missing."""
        return self.live_state == self.LiveState.SUBSCRIBED and self.last_delivery_at is not None

    def live_reason_for(self, role: str) -> str | None:
        """Return what is wrong with the webhooks; None below manager."""
        return self.live_reason if role in (PageMember.Role.MANAGER, "superuser") else None

    @property
    def needs_probe(self) -> bool:
        return self.state == self.State.RECONNECT or self.probe_at is not None

    def mark_connected(self) -> None:
        """Set the state after Facebook has accepted the token. The caller saves STATE_FIELDS."""
        self.state, self.probe_at = self.State.CONNECTED, None
        self.state_reason = self.state_details = self.migrated_to = ""

    def set_reconnect(self, reason: str, *, details: str = "", migrated_to: str = "") -> None:
        """Set that somebody must act, and why. The caller saves STATE_FIELDS."""
        self.state, self.state_reason = self.State.RECONNECT, reason
        self.state_details, self.migrated_to = details, migrated_to
        self.probe_at = timezone.now() + self.PROBE_EVERY

    def reconnect(self, reason: str, *, details: str = "", migrated_to: str = "") -> None:
        """Save that somebody must act, and why. `details` is for managers only."""
        self.set_reconnect(reason, details=details, migrated_to=migrated_to)
        self.save(update_fields=self.STATE_FIELDS)
        notify_changes([self.pk])

    def schedule_probe(self) -> None:
        """Save that Facebook is to be asked again, unless that is planned already."""
        unplanned = Page.objects.filter(pk=self.pk, state=self.State.CONNECTED, probe_at=None)
        unplanned.update(probe_at=timezone.now() + self.CONFIRM_AFTER)


class PageMember(models.Model):
    """A user's role on a Page."""

    Role = Role

    page = models.ForeignKey(Page, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="page_memberships")
    role = models.TextField(choices=Role, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "user"], name="pagemember_page_user")]

    def __str__(self):
        return gettext("%(user)s is %(role)s of %(page)s") % {
            "user": self.user,
            "role": self.role,
            "page": self.page,
        }


class CallBudget(models.Model):
    """When any of our processes may make the next call for a Page and platform.

    The key is the Facebook ID, because a Page that is being connected needs a budget before it has a row.
    """

    facebook_page_id = models.TextField()
    platform = models.TextField(choices=Platform)
    next_at = models.DateTimeField(null=True, blank=True)
    closed_until = models.DateTimeField(
        null=True, blank=True, help_text=_("Facebook accepts no calls until then")
    )
    reason = models.TextField(blank=True, default="")
    # Since this row exists; conversations.monitoring shows them.
    calls = models.BigIntegerField(default=0, db_default=0, help_text=_("Starts that were given out"))
    waited_seconds = models.FloatField(
        default=0, db_default=0, help_text=_("How long the calls waited for their starts, in all")
    )
    throttled = models.BigIntegerField(default=0, db_default=0, help_text=_("Calls that were too many"))
    transient = models.BigIntegerField(
        default=0, db_default=0, help_text=_("Calls that failed for the moment, or without an answer")
    )
    refused = models.BigIntegerField(default=0, db_default=0, help_text=_("Calls that Facebook refused"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facebook_page_id", "platform"], name="callbudget_page_platform")
        ]

    def __str__(self):
        return gettext("calls to %(page)s on %(platform)s") % {
            "page": self.facebook_page_id,
            "platform": self.platform,
        }


class PendingConnection(models.Model):
    """The scope of a token whose user has not chosen Pages, as encrypted JSON. The session has its ID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = EncryptedTextField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"begun at {self.created_at:%H:%M}"


class Alert(models.Model):
    """A problem of a Page, from when it was noticed until it is over. Each cause is open at most once.

    Only `conversations.alerts` writes alerts and their notices.
    """

    class Cause(models.TextChoices):
        TOKEN = "token", _("Access refused")
        EXPIRY = "expiry", _("Access expires soon")
        SUBSCRIPTION = "subscription", _("Webhooks lost")
        AUDIT = "audit", _("Full sync failed")
        SYNC = "sync", _("No complete sync for a day")
        SENDING = "sending", _("Sending blocked")

    page = models.ForeignKey(Page, models.CASCADE, related_name="alerts", db_index=False)
    cause = models.TextField(choices=Cause)
    sentence = models.TextField(help_text=_("What is wrong, for everybody who sees the Page"))
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = querysets.NewestByIdQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["page", "cause"], name="alert_open_once", condition=models.Q(closed_at=None)
            )
        ]
        indexes = [models.Index(fields=["page", "-id"], name="alert_newest_first")]

    def __str__(self):
        return f"{self.get_cause_display()}: {self.page}"


class AlertNotice(models.Model):
    """A message about an alert to one user, or to ALERT_URL. What is due has `next_at`."""

    class Phase(models.TextChoices):
        OPENED = "opened"
        CLOSED = "closed"

    class Channel(models.TextChoices):
        MAIL = "mail"
        POST = "post"

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notices")
    phase = models.TextField(choices=Phase)
    channel = models.TextField(choices=Channel)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(
        null=True, default=timezone.now, help_text=_("null: not to be sent any more")
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="", help_text=_("Why the last attempt failed"))

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"], name="alertnotice_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self):
        return f"{self.channel}: {self.phase}"


def delete_expired() -> None:
    now = timezone.now()
    PendingConnection.objects.filter(created_at__lt=now - CONNECTING).delete()
    Alert.objects.filter(closed_at__lt=now - ALERTS_KEPT).delete()
