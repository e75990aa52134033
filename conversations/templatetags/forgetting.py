"""The way to what takes out for good, for those who may."""

from django import template

register = template.Library()


@register.inclusion_tag("admin/conversations/erasure/person_link.html", takes_context=True)
def forget_link(context, conversation) -> dict:
    from conversations.admin.access import MANAGER, has_role  # tags are loaded before the admin is

    may = has_role(context["request"], [conversation.page_id], MANAGER)
    return {"conversation": conversation if may else None}
