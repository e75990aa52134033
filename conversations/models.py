"""The tables: what a Page is, what Facebook lists, what we hold of it, and what was done."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Func, When
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from conversations import querysets
from conversations.forgetting import tables as forgetting_tables  # noqa: F401 - as below
from conversations.reading import insight_tables, tables  # noqa: F401 - through here Django finds them
from conversations.secrets import EncryptedTextField

TOLD = "Which columns the newest state did not tell, each with the time and thread of the state that did"


class Platform(models.TextChoices):
    MESSENGER = "messenger"
    INSTAGRAM = "instagram"


def messenger_only() -> list[str]:
    return [Platform.MESSENGER]


class Page(models.Model):
    """A Facebook Page whose conversations we hold."""

    class State(models.TextChoices):
        CONNECTED = "connected"
        RECONNECT = "reconnect"  # a person must connect it again; `state_reason` says why

    facebook_page_id = models.TextField("Facebook's id")
    name = models.TextField(blank=True)
    access_token = EncryptedTextField(blank=True, editable=False)
    platforms = models.JSONField(default=messenger_only)
    instagram_account_id = models.TextField(blank=True, default="")
    state = models.TextField(choices=State, default=State.CONNECTED)
    state_reason = models.TextField(blank=True, default="")
    learnt = models.JSONField(default=dict, blank=True, help_text="What Facebook told us about this Page")
    # By platform: everything that Facebook showed as updated up to this time is stored or accounted for.
    watermarks = models.JSONField(default=dict, blank=True)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    audited_at = models.DateTimeField(null=True, blank=True, help_text="When a full walk last ended well")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = querysets.PageQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facebook_page_id"], name="page_facebook_page_id")]

    def __str__(self):
        return self.name or self.facebook_page_id

    @property
    def connection(self) -> tuple[str, str]:
        """(state, reason): a token that cannot be read needs a person as much as one Facebook refuses."""
        if self.state == self.State.CONNECTED and not self.access_token:
            return self.State.RECONNECT, "Its access token cannot be read with today's TOKEN_ENCRYPTION_KEYS."
        return self.state, self.state_reason

    def watermark(self, platform: str) -> datetime | None:
        """Up to when all of this platform is stored or accounted for; None: never walked to its end."""
        time = self.watermarks.get(platform)
        return datetime.fromisoformat(time) if time else None

    @property
    def business_ids(self) -> set[str]:
        """The ids under which the business itself writes."""
        return {self.facebook_page_id, self.instagram_account_id} - {""}

    def reconnect(self, reason: str) -> None:
        self.state, self.state_reason = self.State.RECONNECT, reason
        self.save(update_fields=["state", "state_reason"])


class CallBudget(models.Model):
    """When the next call for a Page and platform may start, whichever of our processes makes it.

    Named by Facebook's id: a Page that is just being connected has a budget, too.
    """

    facebook_page_id = models.TextField()
    platform = models.TextField(choices=Platform)
    next_at = models.DateTimeField(null=True, blank=True)
    closed_until = models.DateTimeField(
        null=True, blank=True, help_text="Facebook asked us to wait until then"
    )
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facebook_page_id", "platform"], name="callbudget_page_platform")
        ]

    def __str__(self):
        return f"calls to {self.facebook_page_id} on {self.platform}"


class PageMember(models.Model):
    """What a person may do on a Page."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        TAGGER = "tagger"
        MANAGER = "manager"

    page = models.ForeignKey(Page, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="page_memberships")
    role = models.TextField(choices=Role, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "user"], name="pagemember_page_user")]

    def __str__(self):
        return f"{self.user} is {self.role} of {self.page}"


class Conversation(models.Model):
    """All that a Page and one person wrote to each other."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        DONE = "done"

    page = models.ForeignKey(Page, models.CASCADE, related_name="conversations", db_index=False)
    sender_id = models.TextField()
    platform = models.TextField(choices=Platform, default=Platform.MESSENGER)
    graph_id = models.TextField(blank=True, default="", help_text="Facebook's id of its newest thread")
    sender_name = models.TextField(blank=True, default="")
    last_message = models.TextField(blank=True, default="")
    last_message_time = models.DateTimeField(null=True, blank=True)
    last_message_kind = models.TextField(
        blank=True, default="", help_text="Whose it is, as of an event; empty: not known"
    )
    message_count = models.BigIntegerField(default=0, help_text="What Facebook says, an estimate")
    unread_count = models.BigIntegerField(default=0)
    can_reply = models.BooleanField(default=True)
    conversation_status = models.TextField(choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    search = models.TextField(blank=True, default="", editable=False)  # folded by text.fold()
    # What filters choose by, as one number: 1 done, 2 Instagram, 4 unread, 8 active and the customer wrote
    # last. An index serves every combination.
    facets = models.GeneratedField(
        expression=Case(When(conversation_status="done", then=1), default=0)
        + Case(When(platform="instagram", then=2), default=0)
        + Case(When(unread_count__gt=0, then=4), default=0)
        + Case(When(last_message_kind="message_received", conversation_status="active", then=8), default=0),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    told = models.JSONField(default=dict, blank=True, editable=False, help_text=TOLD)

    objects = querysets.ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "sender_id"], name="conversation_page_sender_id")
        ]
        indexes = [
            models.Index(
                "page",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                name="conversation_newest_first",
            ),
            models.Index(
                "page",
                "facets",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                name="conversation_by_facets",
            ),
            models.Index(
                "facets",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                "page",
                name="conversation_everywhere",
            ),
            # The keys come from a function of ours (sql/search_keys.sql).
            GinIndex(
                Func(F("page"), F("search"), function="conversations_search_keys"),
                name="conversation_search",
                gin_pending_list_limit=1024,
            ),
        ]

    def __str__(self):
        return self.sender_name or self.sender_id


class Thread(models.Model):
    """One thread as Facebook lists it: the ledger in which each is accounted for."""

    class State(models.TextChoices):
        STORED = "stored"
        MERGED = "merged"  # a further thread of a sender who has a newer one
        UNREADABLE = "unreadable"  # for good; asked again when it changes
        OWED = "owed"  # the next run asks again

    class History(models.TextChoices):
        PARTIAL = "partial"
        COMPLETE = "complete"
        TRUNCATED = "truncated"  # Instagram shows the newest 20 messages only

    page = models.ForeignKey(Page, models.CASCADE, related_name="threads", db_index=False)
    platform = models.TextField(choices=Platform, default=Platform.MESSENGER)
    graph_id = models.TextField()
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="threads", null=True, blank=True
    )
    updated_time = models.DateTimeField(null=True, blank=True)
    state = models.TextField(choices=State, default=State.STORED)
    reason = models.TextField(blank=True, default="")
    message_count = models.BigIntegerField(default=0, help_text="What Facebook says, an estimate")
    held_count = models.BigIntegerField(default=0, help_text="Messages of this thread that we hold")
    unreadable_count = models.BigIntegerField(default=0, help_text="Messages that could not be read")
    # What Facebook said when the thread was last read from end to end: no audit repeats that for nothing.
    audited_count = models.BigIntegerField(null=True, blank=True)
    history = models.TextField(choices=History, default=History.PARTIAL)
    # Every message up to this time is held; null until the history was once read to its beginning.
    complete_until = models.DateTimeField(null=True, blank=True)
    reading = models.JSONField(null=True, blank=True, help_text="How far its older messages are read")
    record = models.JSONField(null=True, blank=True, help_text="What came, where it could not be read")
    told = models.JSONField(default=dict, blank=True, editable=False, help_text=TOLD)

    objects = querysets.OfPageQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "graph_id"], name="thread_page_graph_id")]
        indexes = [
            models.Index("page", name="thread_owed", condition=models.Q(state="owed")),
            models.Index(
                fields=["page", "-id"], name="thread_unreadable", condition=models.Q(state="unreadable")
            ),
        ]

    def __str__(self):
        return self.graph_id


class InteractionEvent(models.Model):
    """What happened in a conversation: each message, and each thing that staff did."""

    class Kind(models.TextChoices):
        MESSAGE_RECEIVED = "message_received"
        MESSAGE_SENT = "message_sent"
        MESSAGE_UNKNOWN = "message_unknown"  # Facebook does not say who wrote it
        TAG_ADDED = "tag_added"
        TAG_REMOVED = "tag_removed"
        STATUS_CHANGED = "status_changed"

    # Found through the constraint and the index below: no index of its own.
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="events", db_index=False)
    kind = models.TextField(choices=Kind)
    graph_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: not a message; unique otherwise
    occurred_at = models.DateTimeField()
    text = models.TextField(blank=True, default="")
    attachments = models.JSONField(default=list, blank=True)
    data = models.JSONField(default=dict, blank=True)
    # Nobody of ours wrote a message: an index over all of them would be filled with nothing.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False
    )

    objects = querysets.EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "graph_id"], name="event_conversation_graph_id")
        ]
        indexes = [
            models.Index(fields=["conversation", "-occurred_at", "-id"], name="event_newest_first"),
            models.Index(
                KeyTextTransform("act", "data"),
                name="event_act",  # few events have one: messages are not in it
                condition=models.Q(kind__in=["tag_added", "tag_removed", "status_changed"]),
            ),
            models.Index(fields=["actor"], name="event_actor", condition=models.Q(actor__isnull=False)),
        ]

    def __str__(self):
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class ConversationTag(models.Model):
    """A tag on a conversation. Written by tagging.py alone; the loader keeps the copies in step."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="tag_rows", db_index=False)
    tag = models.ForeignKey("tags.Tag", models.CASCADE, related_name="conversation_rows", db_index=False)
    # Copies from the conversation: rows of a rare or old tag lead the list's query by them.
    page = models.ForeignKey(Page, models.CASCADE, related_name="+", db_index=False)
    last_message_time = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    act = models.UUIDField(help_text="Shared by all that one action tagged")

    objects = querysets.ConversationTagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "tag"], name="conversationtag_conversation_tag")
        ]
        indexes = [
            models.Index(
                "page",
                "tag",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("conversation").desc(),
                name="conversationtag_newest_first",
            ),
            models.Index(
                "tag",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("conversation").desc(),
                "page",
                name="conversationtag_everywhere",
            ),
        ]

    def __str__(self):
        return f"{self.tag} on {self.conversation}"


class SavedView(models.Model):
    """A filter of the list under a name: its owner's, or shared with all who see its Page."""

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.ForeignKey(Page, models.CASCADE, related_name="saved_views", null=True, blank=True)
    is_shared = models.BooleanField(
        default=False, help_text="With all who see the Page; without one, with everybody"
    )
    query = models.JSONField(default=dict, blank=True)  # the list's parameters, but for the Page

    objects = querysets.SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="savedview_owner_name",
                violation_error_message="You have a view of this name already.",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def parameters(self) -> dict[str, str]:
        """Those of the list, the Page among them."""
        return {**({"facebookPageId": self.page.facebook_page_id} if self.page else {}), **self.query}


class SyncRun(models.Model):
    """One execution of a sync. It ends only by sync.runs.finish() and is never opened again."""

    class Mode(models.TextChoices):
        FULL = "full"
        INCREMENTAL = "incremental"

    class Status(models.TextChoices):
        QUEUED = "queued"
        STARTING = "starting"
        FETCHING = "fetching"
        SYNCING = "syncing"
        WAITING = "waiting"
        RETRYING = "retrying"
        COMPLETE = "complete"
        COMPLETE_WITH_ERRORS = "complete_with_errors"
        ERROR = "error"
        INTERRUPTED = "interrupted"
        CANCELLED = "cancelled"

    class Blame(models.TextChoices):
        OWNER = "owner"  # a person must connect the Page again
        FACEBOOK = "facebook"
        INBOX = "inbox"

    page = models.ForeignKey(Page, models.CASCADE, related_name="runs")
    mode = models.TextField(choices=Mode)
    trigger = models.TextField(help_text="The door it was asked for at")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.TextField(choices=Status, default=Status.QUEUED)
    inserted = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    owed = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    events_created = models.IntegerField(default=0)
    requests = models.IntegerField(default=0)
    resume = models.JSONField(
        default=dict, blank=True, help_text="What the next run needs to go on from here"
    )
    notes = models.JSONField(default=list, blank=True, help_text="What was odd but harmless")
    ledger = models.JSONField(
        default=dict, blank=True, help_text="At its end: every thread that Facebook lists, accounted for"
    )
    samples = models.JSONField(
        default=list, blank=True, help_text="Where it was when, for the chart: sync.course says how"
    )
    waits = models.JSONField(default=list, blank=True, help_text="Its pauses: sync.course says how")
    error = models.TextField(blank=True, default="")
    blame = models.TextField(
        choices=Blame, blank=True, default="", help_text="Whose turn it is after an error"
    )
    waits_for = models.TextField(blank=True, default="", help_text="Why it pauses")
    waits_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    alive_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = querysets.RunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["page", "-id"], name="syncrun_newest_first")]

    def __str__(self):
        return f"run {self.pk} of {self.page}: {self.status}"

    @property
    def synced(self) -> int:
        return self.inserted + self.updated + self.unchanged

    @property
    def duration(self) -> float:
        """Seconds from start to end, or until now."""
        if self.started_at is None:
            return 0.0
        return ((self.ended_at or timezone.now()) - self.started_at).total_seconds()
