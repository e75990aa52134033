"""The content of a Page: conversations, the threads that Facebook lists, events and tags."""

from datetime import UTC

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Func, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import MD5, Cast
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.names import display_name
from conversations.models import querysets
from conversations.models.facets import Facet
from conversations.models.message_headers import MessageHeader
from conversations.models.pages import Page, Platform

GRAPH_TIME = "%Y-%m-%dT%H:%M:%S+0000"  # as Facebook writes times
# The kinds of events that have an act and can be undone, in the words of their index.
UNDOABLE_KINDS = ["tag_added", "tag_removed", "status_changed", "assignee_changed", "snoozed", "snooze_ended"]
TOLD = _("Which columns the newest state did not tell, each with the time and thread of the state that did")


def _facet(facet: Facet, **condition: object) -> Case:
    """Return the value of the facet in rows that meet the condition, 0 in others."""
    return Case(When(**condition, then=facet.value), default=0)


class Conversation(models.Model):
    """All messages between a Page and one person."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Open")
        DONE = "done", _("Done")

    page = models.ForeignKey(Page, models.CASCADE, related_name="conversations", db_index=False)
    sender_id = models.TextField()
    platform = models.TextField(choices=Platform, default=Platform.MESSENGER)
    graph_id = models.TextField(blank=True, default="", help_text=_("Facebook ID of the newest thread"))
    sender_name = models.TextField(blank=True, default="")
    last_message = models.TextField(blank=True, default="")
    last_message_time = models.DateTimeField(null=True, blank=True)
    last_message_kind = models.TextField(
        blank=True, default="", help_text=_("The kind of the newest message's event; empty: unknown")
    )
    message_count = models.BigIntegerField(default=0, help_text=_("As reported by Facebook, an estimate"))
    # Ours: Graph's until a user marks the conversation, see sync.load.read_state.
    unread_count = models.BigIntegerField(default=0)
    graph_unread_count = models.BigIntegerField(
        default=0, db_default=0, help_text=_("As Facebook last showed")
    )
    can_reply = models.BooleanField(default=True)
    conversation_status = models.TextField(choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    search = models.TextField(blank=True, default="", editable=False)  # by lib.folding.search_text()
    facets = models.GeneratedField(
        expression=_facet(Facet.DONE, conversation_status="done")
        + _facet(Facet.INSTAGRAM, platform="instagram")
        + _facet(Facet.UNREAD, unread_count__gt=0)
        + _facet(Facet.UNANSWERED, last_message_kind="message_received", conversation_status="active"),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    told = models.JSONField(default=dict, blank=True, editable=False, help_text=TOLD)
    # What only webhooks tell.
    seen_until = models.DateTimeField(
        null=True, blank=True, help_text=_("The customer has seen our messages up to then")
    )
    delivered_until = models.DateTimeField(null=True, blank=True)
    unsent_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Time of the newest message that was taken back")
    )
    referral = models.JSONField(
        null=True, blank=True, help_text=_("The newest advertisement or link that brought the customer")
    )
    referred_at = models.DateTimeField(null=True, blank=True, editable=False)
    name_asked_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When Facebook was asked for the name of the person"),
    )
    # That of `referral`, for the index. It has no facet: each doubles the branches of a list.
    ad_id = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001 - null: no advertisement
    # Of all messages, as lib.attachment_kinds.AttachmentKind. search.index.attachment_index writes it.
    attachment_kinds = models.SmallIntegerField(default=0, db_default=0, editable=False)
    # The mark of a user: messages from `read_until` on that were stored after the event `read_event_id` are
    # unread; `is_marked_unread`: at least one is, even if we hold none. Null: nobody has marked it.
    read_until = models.DateTimeField(null=True, blank=True, editable=False)
    read_event_id = models.BigIntegerField(null=True, blank=True, editable=False)
    is_marked_unread = models.BooleanField(default=False, db_default=False, editable=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_conversations",
        db_index=False,
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)

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
            # People whom only webhooks have shown, which tell no name.
            models.Index(
                "page", "id", name="conversation_nameless", condition=models.Q(sender_name="", graph_id="")
            ),
            models.Index(
                "ad_id",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                "page",
                name="conversation_by_ad",
                condition=models.Q(ad_id__isnull=False),
            ),
            models.Index(
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                "page",
                "attachment_kinds",
                name="conversation_with_attachments",
                condition=models.Q(attachment_kinds__gt=0),
            ),
            models.Index(
                "assignee",
                "facets",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                "page",
                name="conversation_by_assignee",
                condition=models.Q(assignee__isnull=False),
            ),
            models.Index(
                models.F("last_message_time").desc(nulls_last=True),
                models.F("id").desc(),
                "page",
                name="conversation_snoozed",
                condition=models.Q(snoozed_until__isnull=False),
            ),
            models.Index(
                "snoozed_until",
                name="conversation_snooze_end",
                condition=models.Q(snoozed_until__isnull=False),
            ),
            # The keys come from a function of ours (models/sql/search_keys.sql).
            GinIndex(
                Func(F("page"), F("search"), function="conversations_search_keys"),
                name="conversation_search",
                gin_pending_list_limit=1024,
            ),
        ]

    def __str__(self):
        return display_name(self.sender_name, self.sender_id)


class Thread(models.Model):
    """A thread that Facebook lists, and what became of it. Every listed thread has a row."""

    class State(models.TextChoices):
        STORED = "stored", _("Stored")
        MERGED = "merged", _("Duplicate")  # its sender has a newer thread
        UNREADABLE = "unreadable", _("Unreadable")  # not requested again until it changes
        OWED = "owed", _("Pending")  # the next run requests it

    class History(models.TextChoices):
        PARTIAL = "partial", _("Partial")
        COMPLETE = "complete", _("Complete")
        TRUNCATED = "truncated", _("Truncated")  # Instagram shows only the newest 20 messages

    page = models.ForeignKey(Page, models.CASCADE, related_name="threads", db_index=False)
    platform = models.TextField(choices=Platform, default=Platform.MESSENGER)
    graph_id = models.TextField()
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="threads", null=True, blank=True
    )
    updated_time = models.DateTimeField(null=True, blank=True)
    state = models.TextField(choices=State, default=State.STORED)
    reason = models.TextField(blank=True, default="")
    message_count = models.BigIntegerField(default=0, help_text=_("As reported by Facebook, an estimate"))
    held_count = models.BigIntegerField(default=0, help_text=_("Stored messages of this thread"))
    unreadable_count = models.BigIntegerField(default=0, help_text=_("Messages that could not be read"))
    # Facebook's message count when the whole thread was last read. An audit skips one with the same count.
    audited_count = models.BigIntegerField(null=True, blank=True)
    history = models.TextField(choices=History, default=History.PARTIAL)
    # Every message up to this time is stored; null until the thread was read to its beginning once.
    complete_until = models.DateTimeField(null=True, blank=True)
    backfill = models.JSONField(
        null=True, blank=True, help_text=_("Position of the backfill of older messages")
    )
    gap_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_(
            "Messages before this one are missing: Instagram showed only newer ones at the next sync"
        ),
    )
    record = models.JSONField(
        null=True, blank=True, help_text=_("What Facebook sent, if it could not be read")
    )
    told = models.JSONField(default=dict, blank=True, editable=False, help_text=TOLD)
    # Who stands in the thread, if that does not tell for sure who is the customer: see sync.load.customer.
    people = models.JSONField(null=True, blank=True, editable=False)

    objects = querysets.NewestByIdQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "graph_id"], name="thread_page_graph_id")]
        indexes = [
            models.Index("page", name="thread_pending", condition=models.Q(state="owed")),
            models.Index(
                fields=["page", "-id"], name="thread_unreadable", condition=models.Q(state="unreadable")
            ),
            GinIndex(
                fields=["people"],
                name="thread_people",
                condition=models.Q(people__isnull=False),
                fastupdate=False,
            ),
        ]

    def __str__(self):
        return self.graph_id


class InteractionEvent(models.Model):
    """An event of a conversation: a message, or something that staff did."""

    class Kind(models.TextChoices):
        MESSAGE_RECEIVED = "message_received", _("Message Received")
        MESSAGE_SENT = "message_sent", _("Message Sent")
        MESSAGE_UNKNOWN = "message_unknown", _("Message Unknown")  # Facebook does not name the sender
        TAG_ADDED = "tag_added", _("Tag Added")
        TAG_REMOVED = "tag_removed", _("Tag Removed")
        STATUS_CHANGED = "status_changed", _("Status Changed")
        CONTENT_UPDATED = "content_updated", _("Content Updated")  # Facebook shows a newer state of a message
        REFERRAL_RECEIVED = (
            "referral_received",
            _("Referral Received"),
        )  # an advertisement or a link brought the customer
        ASSIGNEE_CHANGED = "assignee_changed", _("Assignee Changed")
        SNOOZED = "snoozed", _("Snoozed")
        SNOOZE_ENDED = "snooze_ended", _("Snooze Ended")
        NOTE_ADDED = "note_added", _("Note Added")  # a note of staff, which no customer sees
        ARCHIVE_JOINED = "archive_joined", _("Archive Joined")  # a thread of an archive belongs here
        ARCHIVE_SEPARATED = "archive_separated", _("Archive Separated")  # it does not, any more

    # The constraint and the index below serve this foreign key.
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="events", db_index=False)
    kind = models.TextField(choices=Kind)
    # Null: no message, or one that only an archive has. Unique otherwise.
    graph_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: Facebook has given none
    occurred_at = models.DateTimeField()
    text = models.TextField(blank=True, default="")
    attachments = models.JSONField(default=list, blank=True)
    data = models.JSONField(default=dict, blank=True)  # without what `header` holds: see full_data
    fingerprint = models.IntegerField(
        null=True, editable=False, help_text=_("Of a message's content, to find newer states")
    )
    # Of equal times, the higher rank is the newer: Facebook shows seconds, and the order within them.
    rank = models.IntegerField(default=0, db_default=0, editable=False)
    header = models.BigIntegerField(
        null=True,
        editable=False,
        help_text=_("The key of the MessageHeader that holds a part of `data`; null: none does"),
    )
    # Messages have no actor. A full index would contain little but nulls.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False
    )

    objects = querysets.EventQuerySet.as_manager()

    class Meta:
        constraints = [
            # Facebook's IDs have 88 characters: the index holds 16 bytes for each.
            models.UniqueConstraint(
                F("conversation"),
                Cast(MD5("graph_id"), models.UUIDField()),
                name="event_conversation_graph_digest",
            )
        ]
        indexes = [
            models.Index(fields=["conversation", "-occurred_at", "-rank"], name="event_newest_first"),
            models.Index(
                KeyTextTransform("act", "data"),
                name="event_act",  # without messages, which have no act
                condition=models.Q(kind__in=UNDOABLE_KINDS),
            ),
            models.Index(fields=["conversation"], name="event_notes", condition=models.Q(kind="note_added")),
            GinIndex(
                KeyTransform("mentions", "data"),
                name="event_mentions",
                condition=models.Q(kind="note_added"),
                fastupdate=False,
            ),
            # What a user did, newest first.
            models.Index(
                fields=["actor", "-occurred_at", "-id"],
                name="event_of_actor",
                condition=models.Q(actor__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_quotable(self) -> bool:
        """Whether an answer may quote it: Facebook has to know it by its ID, which archives do not tell."""
        is_message = self.kind.startswith("message_") and bool(self.graph_id)
        return is_message and not self.data.get("deleted") and self.data.get("source") != "archive"

    @property
    def full_data(self) -> dict:
        """`data` with what the header holds: all that Facebook sent beside ID, text and attachments.

        Where many events are read, `objects.with_headers()` reads their headers along.
        """
        if self.header is None:
            return self.data
        created_time = f"{self.occurred_at.astimezone(UTC):{GRAPH_TIME}}"
        return (self.header_data or {}) | {"created_time": created_time} | self.data

    @cached_property
    def header_data(self) -> dict | None:
        header = MessageHeader.objects.filter(pk=(self.conversation_id, self.header)).first()
        return header.data if header else None


class ConversationTag(models.Model):
    """A tag on a conversation. Only `actions.tagging` writes it; the loader updates the copies."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="tag_rows", db_index=False)
    tag = models.ForeignKey("tags.Tag", models.CASCADE, related_name="conversation_rows", db_index=False)
    # Copies of the conversation's columns: the list starts from these rows if the tag is rare or old.
    page = models.ForeignKey(Page, models.CASCADE, related_name="+", db_index=False)
    last_message_time = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    act = models.UUIDField(help_text=_("The operation that added the tag"))

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
        return gettext("%(tag)s on %(conversation)s") % {"tag": self.tag, "conversation": self.conversation}
