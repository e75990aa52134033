from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from conversations.api.views.answering import MessageViewSet
from conversations.api.views.attachments import AttachmentContentView, AttachmentPreviewView, AttachmentView
from conversations.api.views.audit import AuditViewSet
from conversations.api.views.conversations import ConversationViewSet
from conversations.api.views.documentation import DocsView, SchemaView, UnknownRoute
from conversations.api.views.drafts import DraftView
from conversations.api.views.exports import ExportViewSet
from conversations.api.views.insight import InsightViewSet
from conversations.api.views.pages import PageViewSet
from conversations.api.views.presence import PresenceView
from conversations.api.views.refresh import FacebookView, RefreshView
from conversations.api.views.runs import RunViewSet
from conversations.api.views.saved_replies import SavedReplyViewSet
from conversations.api.views.saved_views import SavedViewViewSet
from conversations.api.views.sync import EventsView, SyncStreamView, SyncView
from conversations.api.views.tags import TagViewSet
from conversations.api.views.typed_filter import FilterViewSet
from conversations.api.views.undo import CancelView, OperationsView, OperationView, OwnChangesView, UndoView

ATTACHMENT = r"^conversations/(?P<pk>[0-9]+)/events/(?P<event>[0-9]+)/attachments/(?P<index>[0-9]+)"

router = SimpleRouter(trailing_slash=False)
router.register("audit", AuditViewSet)
router.register("conversations", ConversationViewSet)
router.register("exports", ExportViewSet)
router.register("filter", FilterViewSet, basename="filter")
router.register("insight", InsightViewSet, basename="insight")
router.register("messages", MessageViewSet, basename="message")
router.register("pages", PageViewSet)
router.register("saved-replies", SavedReplyViewSet)
router.register("sync-runs", RunViewSet)
router.register("tags", TagViewSet)
router.register("views", SavedViewViewSet)

urlpatterns = [
    path("conversations/sync", SyncView.as_view()),
    path("conversations/sync-stream", SyncStreamView.as_view()),
    re_path(r"^conversations/(?P<pk>[0-9]+)/refresh$", RefreshView.as_view()),
    re_path(r"^conversations/(?P<pk>[0-9]+)/facebook$", FacebookView.as_view()),
    re_path(r"^conversations/(?P<pk>[0-9]+)/draft$", DraftView.as_view()),
    re_path(r"^conversations/(?P<pk>[0-9]+)/presence/(?P<tab>[^/]+)$", PresenceView.as_view()),
    re_path(rf"{ATTACHMENT}$", AttachmentView.as_view(), name="attachment"),
    re_path(rf"{ATTACHMENT}/content$", AttachmentContentView.as_view(), name="attachment-content"),
    re_path(rf"{ATTACHMENT}/preview$", AttachmentPreviewView.as_view(), name="attachment-preview"),
    path("events", EventsView.as_view()),
    path("acts", OperationsView.as_view()),
    path("acts/own", OwnChangesView.as_view()),
    path("acts/<str:act>", OperationView.as_view(), name="operation"),
    path("acts/<str:act>/cancel", CancelView.as_view()),
    path("acts/<str:act>/undo", UndoView.as_view(), name="undo"),
    *router.urls,
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", DocsView.as_view(), name="docs"),
    re_path("", UnknownRoute.as_view()),
]
