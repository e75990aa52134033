"""Template tags of the pages that delete personal data."""

from django import template

from conversations.permissions import MANAGER, has_role

register = template.Library()


@register.inclusion_tag("admin/conversations/erasure/person_link.html", takes_context=True)
def delete_person_link(context, conversation) -> dict:
    """Show the link to delete the person of this conversation, for managers of the Page only."""
    is_manager = has_role(context["request"].user, [conversation.page_id], MANAGER)
    return {"conversation": conversation if is_manager else None}
