"""Managers decide about imported threads in the browser."""

import re

from playwright.sync_api import expect

from conversations.imports.staged_rows import time_of
from conversations.models import Conversation, ImportedThread
from tests.browser.accessibility import load_axe, serious_violations
from tests.conversations.imports.in_memory import said, store, thread_of
from tests.factories import ConversationFactory, EventFactory


def test_manager_decides_whose_a_thread_is(page, log_in):
    ana = ConversationFactory(page=page, sender_name="Ana")
    shared = said(9, "hello again")
    EventFactory(conversation=ana, text=shared.text, graph_id="m_1", occurred_at=time_of(shared))
    store(page, thread_of("77", said(1, "Something before"), shared, name="Ben"))
    thread = ImportedThread.objects.get()
    tab = log_in("manager", at="/admin/conversations/importedthread/")
    tab.get_by_role("link", name="Ben").first.click()
    expect(tab).to_have_url(re.compile(f"/importedthread/{thread.pk}/change/"))
    expect(tab.get_by_role("row", name=re.compile("hello again.*hello again.*proof"))).to_be_visible()
    load_axe(tab)
    assert serious_violations(tab) == []
    tab.get_by_role("button", name="It is the same person").click()
    expect(tab.get_by_text("The thread is in this conversation now.")).to_be_visible()
    assert Conversation.objects.count() == 1
    tab.get_by_role("button", name="Take it out").click()
    expect(tab.get_by_text("The thread is on its own again.")).to_be_visible()
    assert Conversation.objects.count() == 2
