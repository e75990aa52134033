"""Tags as chips: in their colour, with an ink that can be read on it."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tags.colors import ink_on
from tags.models import Tag


def chip(tag: Tag) -> SafeString:
    template = '<span class="inbox-chip" style="--tag: {}; --ink: {}">{}</span>'
    return format_html(template, tag.color, ink_on(tag.color), tag.name)


def chips(tags: Iterable[Tag]) -> SafeString:
    return format_html_join(" ", "{}", ((chip(tag),) for tag in tags))
