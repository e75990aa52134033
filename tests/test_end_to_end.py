"""Facebook's side → command → tables → REST, twice."""

from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.sandbox import seed_page, truth

SEED = 20261123


def tables() -> dict[str, list]:
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Conversation, InteractionEvent, Thread)
    }


def test_everything_at_facebook_is_in_the_tables_and_on_rest(manage, world, shop, admin_user, client):
    seed_page(world, shop, conversations=120, seed=SEED)
    true = list(truth(world, shop))
    assert manage("connectpage", shop.id, PAGE_ACCESS_TOKEN=shop.token).returncode == 0
    done = manage("syncconversations")
    assert done.returncode == 0, done.stderr

    assert {thread.graph_id for thread in Thread.objects.all()} == {thread.id for thread in true}
    held = set(InteractionEvent.objects.values_list("conversation__graph_id", "graph_id", "text"))
    assert held == {
        (thread.id, message.id, message.message or "") for thread in true for message in thread.messages
    }

    client.force_login(admin_user)
    answer = client.get("/api/conversations", {"limit": 100, "facebookPageId": shop.id}).json()
    assert answer["pagination"]["total"] == Conversation.objects.count()
    newest = answer["conversations"][0]
    assert newest["last_message_time"] == max(
        row["last_message_time"] for row in answer["conversations"] if row["last_message_time"]
    )
    events = client.get(f"/api/conversations/{newest['id']}/events", {"limit": 1000}).json()["events"]
    assert len(events) == InteractionEvent.objects.filter(conversation=newest["id"]).count()

    before = tables()
    again = manage("syncconversations", "--full")
    assert again.returncode == 0, again.stderr
    assert tables() == before
    assert Page.objects.get().last_synced_at is not None
