"""The form of a saved view: its name, who sees it, and a field for each part of its filter."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from conversations.admin.conversations.filter_words import (
    ATTACHMENT_WORDS,
    FLAG_WORDS,
    SENDER_WORDS,
    flag_text,
    tag_keys,
)
from conversations.admin.formatting import CONVERSATION_STATUS_LABELS, SEARCH_PLACES
from conversations.lib.labels import InvalidName, clean_name, name_key
from conversations.models import Platform, SavedView
from conversations.models.saved_views import MAX_VIEWS, MAY_NOT_SHARE, NAME_TAKEN, TOO_MANY
from conversations.search.filters import spelled_out
from conversations.search.stored_filters import InvalidFilter, as_parameters, normalize
from tags.models import Tag

TAG_FIELDS = ("include_tags", "exclude_tags")
FLAG_FIELDS = (*FLAG_WORDS, "has_attachment")
ANY = _("Any")


def text_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        required=False, label=label, help_text=help_text, widget=UnfoldAdminTextInputWidget
    )


def choice_field(label: Any, choices, absent: Any = ANY) -> forms.ChoiceField:
    options = [("", absent), *choices]
    return forms.ChoiceField(required=False, label=label, choices=options, widget=UnfoldAdminSelectWidget)


def flag_field(label: Any, name: str) -> forms.ChoiceField:
    return choice_field(label, zip(("true", "false"), FLAG_WORDS[name], strict=True))


def tags_field(label: Any) -> forms.MultipleChoiceField:
    widget = UnfoldAdminSelectMultipleWidget({"size": 6})
    help_text = gettext("Hold Ctrl or ⌘ to select several.")
    return forms.MultipleChoiceField(required=False, label=label, help_text=help_text, widget=widget)


class SavedViewForm(forms.ModelForm):
    """The fields of the filter are called as the parameters of the list."""

    view_owner: Any  # whose view it is: the admin sets it

    search = text_field(_("Search"))
    search_in = choice_field(_("Search in"), SEARCH_PLACES.items(), _("Names and last messages"))
    include_tags = tags_field(_("Tags"))
    include_mode = choice_field(_("Of these tags"), [("all", _("All of them"))], _("Any of them"))
    exclude_tags = tags_field(_("Without the tags"))
    untagged = flag_field(_("Tagged"), "untagged")
    unread = flag_field(_("Unread"), "unread")
    waiting = flag_field(_("Needs reply"), "waiting")
    status = choice_field(_("Status"), CONVERSATION_STATUS_LABELS.items())
    assignee = text_field(_("Assignee"), _("me, none or the ID of a user"))
    mentioned = text_field(_("Mentions"), _("me or the ID of a user"))
    snoozed = flag_field(_("Snoozed"), "snoozed")
    has_note = flag_field(_("Notes"), "has_note")
    platform = choice_field(_("Platform"), Platform.choices)
    ad_id = text_field(_("Ad"), _("The ID of the Facebook ad that brought the customer"))
    last_message_from = choice_field(_("Newest message"), SENDER_WORDS.items())
    has_attachment = choice_field(_("Attachments"), ATTACHMENT_WORDS.items())
    startDate = text_field(_("Last message from"), _("A day such as 2024-01-31"))
    endDate = text_field(_("Last message until"), _("A day such as 2024-12-31, which is included"))
    tz = text_field(_("Time zone of the days"), _("Such as Europe/Berlin; empty: that of each reader"))

    class Meta:
        model = SavedView
        fields = ("name", "page", "is_shared")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial = {**filter_initial(self.instance.query), **self.initial}
        tags = list(Tag.objects.all())
        slugs = {str(tag.pk): tag.slug for tag in tags}
        for name in TAG_FIELDS:
            keys = [slugs.get(key, key) for key in self.initial.get(name, ())]
            deleted = [
                (key, gettext("%(key)s (deleted tag)") % {"key": key})
                for key in keys
                if key not in slugs.values()
            ]
            self.initial[name] = keys
            field = cast(forms.MultipleChoiceField, self.fields[name])
            field.choices = [*((tag.slug, tag.name) for tag in tags), *deleted]

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except InvalidName as error:
            raise ValidationError(str(error)) from None

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        self._clean_filter(cleaned)
        self._clean_owner(cleaned)
        return cleaned

    def _clean_filter(self, cleaned: dict) -> None:
        parts = {name: cleaned.get(name) for name in FILTER_FIELDS}
        query = {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in parts.items()
            if value
        }
        try:
            self.instance.query = normalize(query)
        except InvalidFilter as error:
            self.add_error(error.parameter or None, error.message)

    def _clean_owner(self, cleaned: dict) -> None:
        """Check who shares with whom, and how many views a user has."""
        view = SavedView(owner=self.view_owner, page=cleaned.get("page"))
        if cleaned.get("is_shared") and not view.has_sharing_owner:
            self.add_error("is_shared", MAY_NOT_SHARE)
        same_name = view.owner.saved_views.filter(name_key=name_key(cleaned.get("name") or ""))
        if same_name.exclude(pk=self.instance.pk).exists():
            self.add_error("name", NAME_TAKEN)
        if self.instance.pk is None and view.owner.saved_views.count() >= MAX_VIEWS:
            self.add_error("name", TOO_MANY % {"number": MAX_VIEWS})


FILTER_FIELDS = tuple(SavedViewForm.declared_fields)


def filter_initial(query: object) -> dict[str, Any]:
    """Return what the fields show of a stored filter; nothing of one that cannot be read."""
    try:
        parameters = spelled_out(as_parameters(query))
    except ValueError:
        return {}
    if parameters.get("include_mode") == "any":
        del parameters["include_mode"]
    flags = {name: flag_text(value) for name, value in parameters.items() if name in FLAG_FIELDS}
    tags = {name: tag_keys(value) for name, value in parameters.items() if name in TAG_FIELDS}
    return {**parameters, **flags, **tags}
