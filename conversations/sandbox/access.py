"""Access control: tokens, proofs, and which nodes a token can see."""

import hmac

from .data.ids import place_of
from .data.people import Person, Token, User
from .data.world import Page, Thread, World
from .request import Request
from .responses.error_responses import (
    UNAUTHENTICATED,
    GraphFailure,
    app_off,
    bad_token,
    no_such_alias,
    not_visible,
    page_migrated,
)
from .switches import Switches

# The tuple is a message, by its position from the newest; the person has written to the Page.
Node = Page | User | Thread | tuple[Thread, int] | Person


def admit(request: Request, world: World, switches: Switches) -> Token:
    if not request.token:
        raise GraphFailure(104, UNAUTHENTICATED)
    token = world.tokens.get(request.token)
    if token is None:
        raise bad_token(status=switches.token_error_status)
    problem = token.problem(world.clock.now())
    if problem is not None:
        raise bad_token(problem or None, switches.token_error_status)
    _check_proof(request, switches)
    if switches.app != "live":
        raise app_off(switches.app)
    return token


def _check_proof(request: Request, switches: Switches) -> None:
    proof = request.params.get("appsecret_proof")
    if proof is None:
        if switches.require_proof:
            message = "API calls from the server require an appsecret_proof argument"
            raise GraphFailure(100, message, type="GraphMethodException")
        return
    if switches.app_secret is None:
        return
    right = hmac.new(switches.app_secret.encode(), (request.token or "").encode(), "sha256").hexdigest()
    if not hmac.compare_digest(proof.encode(), right.encode()):
        message = "Invalid appsecret_proof provided in the API argument"
        raise GraphFailure(100, message, type="GraphMethodException")


def find_node(node_id: str, token: Token, world: World) -> Node:
    holder = world.pages.get(token.holder_id) or world.users[token.holder_id]
    check_page(holder)
    if node_id in ("me", holder.id):
        return holder
    if isinstance(holder, User):
        page = world.pages.get(node_id)
        node: Node | None = page if page and {page.id, page.migrated_to} & set(holder.page_ids) else None
    else:
        node = holder.threads.get(node_id) or _message(node_id, holder) or _person(node_id, holder)
    if node is None:
        raise not_visible(node_id) if _is_id(node_id) else no_such_alias(node_id)
    check_page(node)
    return node


def check_page(node: Node) -> None:
    """Refuse a Page that is at Facebook no longer, or under another id."""
    if isinstance(node, Page) and node.is_gone:
        raise not_visible(node.id)
    if isinstance(node, Page) and node.migrated_to:
        raise page_migrated(node.id, node.migrated_to)


def _message(id: str, page: Page) -> tuple[Thread, int] | None:
    thread_id, index = place_of(id) or ("", None)
    thread = page.added_messages.get(id) or page.threads.get(thread_id)
    position = thread.history.position_of(id, index) if thread else None
    return None if thread is None or position is None else (thread, position)


def _person(id: str, page: Page) -> Person | None:
    people = (thread.customer for thread in page.threads.values())
    return next((person for person in people if person and person.id == id), None)


def _is_id(text: str) -> bool:
    return not text or text.isdecimal() or text.startswith(("t_", "m_", "aWdf"))
