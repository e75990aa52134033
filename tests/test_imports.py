"""Who may import whom: the arrows of docs/architecture.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("inbox", "conversations", "tags")

# The longest prefix of a module's name decides; a room may always import itself.
LEAVES = ["conversations.text", "conversations.pieces", "conversations.secrets", "conversations.locks"]
TABLES = ["conversations.models", "conversations.querysets", "tags.models", *LEAVES]
DOORS = [
    *TABLES,
    "conversations.reading",
    "conversations.choosing",
    "conversations.tagging",
    "conversations.status",
    "conversations.connecting",
    "conversations.accounts",
    "conversations.facebook_login",
    "conversations.checking",
    "conversations.asking",
    "conversations.refreshing",
    "conversations.forgetting",
    "conversations.sync.service",
    "conversations.sync.ledger",
    "conversations.sync.progress",
    "conversations.sync.live",
    "conversations.jobs",
    "conversations.graph.errors",
]
REPAIR = ["conversations.repair", "conversations.schema_repair", "conversations.sync.takeover"]
ALLOWED = {
    "inbox.postgres": [],
    "inbox.install": [],
    "inbox.settings": [],
    "inbox.asgi": ["inbox.lifespan"],
    "inbox": ["conversations", "tags"],
    "conversations": [],
    "conversations.apps": ["conversations.checks"],
    "conversations.checks": ["conversations.schema_repair", "conversations.sync.takeover"],
    "conversations.schema_repair": ["conversations.sql", "conversations.sync.takeover"],
    "conversations.sql": [],
    "conversations.repair": [*TABLES, "conversations.sync.takeover", "conversations.sync.transform"],
    "conversations.sync.takeover": ["conversations.models"],
    "conversations.changes": [],
    "conversations.text": [],
    "conversations.pieces": [],
    "conversations.secrets": [],
    "conversations.locks": [],
    "conversations.querysets": [],
    "conversations.models": [
        "conversations.querysets",
        "conversations.secrets",
        "conversations.reading.tables",
        "conversations.reading.insight_tables",
        "conversations.forgetting.tables",
    ],
    "conversations.reading.tables": [],
    "conversations.reading.insight_tables": [],
    "conversations.forgetting.tables": [],
    "conversations.forgetting": [*TABLES, "conversations.reading.messages", "conversations.sync.runs"],
    "conversations.templatetags": ["conversations.admin.access"],
    "conversations.reading": [*TABLES],
    "conversations.graph": [],
    "conversations.sandbox": [],
    "conversations.tagging": [
        *TABLES,
        "conversations.changes",
        "conversations.choosing",
        "conversations.reading",
        "conversations.status",
    ],
    "conversations.budget": ["conversations.graph", "conversations.models"],
    "conversations.clients": ["conversations.budget", "conversations.graph", "conversations.models"],
    "conversations.connecting": ["conversations.clients", "conversations.graph", "conversations.models"],
    "conversations.accounts": [
        "conversations.clients",
        "conversations.connecting",
        "conversations.facebook_login",
        "conversations.graph",
        "conversations.models",
    ],
    "conversations.facebook_login": ["conversations.connecting", "conversations.graph"],
    "conversations.asking": ["conversations.clients", "conversations.graph", "conversations.models"],
    "conversations.refreshing": [
        *TABLES,
        "conversations.asking",
        "conversations.graph",
        "conversations.sync.forgotten",
        "conversations.sync.histories",
        "conversations.sync.loader",
        "conversations.sync.merge",
        "conversations.sync.takeover",
        "conversations.sync.transform",
    ],
    "conversations.checking": [
        "conversations.clients",
        "conversations.connecting",
        "conversations.graph",
        "conversations.models",
    ],
    "conversations.choosing": ["conversations.reading"],
    "conversations.status": [
        *TABLES,
        "conversations.changes",
        "conversations.choosing",
        "conversations.reading.sql",
    ],
    "conversations.sync.events": [],
    "conversations.sync.transform": [
        "conversations.graph.records",
        "conversations.models",
        "conversations.sync.events",
        "conversations.text",
    ],
    "conversations.sync.merge": [
        "conversations.models",
        "conversations.sync.events",
        "conversations.sync.transform",
    ],
    "conversations.sync.copying": ["conversations.sync.events", "conversations.text"],
    "conversations.sync.history": [
        "conversations.models",
        "conversations.sync.copying",
        "conversations.sync.events",
        "conversations.sync.transform",
    ],
    "conversations.sync.stored": ["conversations.models", "conversations.text"],
    "conversations.sync.writing": ["conversations.models", "conversations.sync.merge", "conversations.text"],
    "conversations.sync.loader": [
        "conversations.models",
        "conversations.sync.copying",
        "conversations.sync.history",
        "conversations.sync.merge",
        "conversations.sync.stored",
        "conversations.sync.transform",
        "conversations.sync.writing",
    ],
    "conversations.sync.tally": ["conversations.models"],
    "conversations.sync.ledger": ["conversations.models"],
    "conversations.sync.course": ["conversations.models"],
    "conversations.sync.cancelling": ["conversations.models", "conversations.sync.runs"],
    "conversations.sync.runs": [
        "conversations.models",
        "conversations.sync.course",
        "conversations.sync.ledger",
        "conversations.sync.progress",
    ],
    "conversations.sync.live": [
        "conversations.changes",
        "conversations.models",
        "conversations.sync.progress",
    ],
    "conversations.jobs": [
        "conversations.budget",
        "conversations.locks",
        "conversations.models",
        "conversations.reading.messages",
        "conversations.reading.shares",
        "conversations.sync.runs",
        "conversations.sync.service",
    ],
    "conversations.sync.progress": ["conversations.models"],
    "conversations.sync.forgotten": [
        "conversations.forgetting.people",
        "conversations.forgetting.tables",
        "conversations.locks",
        "conversations.models",
        "conversations.sync.transform",
    ],
    "conversations.sync.place": [],
    "conversations.sync.python_pace": [],
    "conversations.sync.windows": ["conversations.graph.records"],
    "conversations.sync.fetch": ["conversations.graph"],
    "conversations.sync": ["conversations.clients", "conversations.graph", *TABLES],
    "conversations.api": DOORS,
    "conversations.admin": [*DOORS, "conversations.jobs", "tags.colors"],
    "conversations.management": [*DOORS, *REPAIR, "conversations.sandbox"],
    "tags": [],
}


def modules() -> Iterator[tuple[str, Path]]:
    for top in OURS:
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Names of our modules that this one imports; `from a import b` counts as a.b."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def is_in(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def room_of(name: str) -> str:
    return max((room for room in ALLOWED if is_in(name, room)), key=len)


@pytest.mark.parametrize("name", sorted(dict(modules())))
def test_imports_follow_the_arrows(name):
    room = room_of(name)
    allowed = [room, *ALLOWED[room]]
    ours = [imported for imported in imports(name, dict(modules())[name]) if imported.split(".")[0] in OURS]
    forbidden = [imported for imported in ours if not any(is_in(imported, target) for target in allowed)]
    assert not forbidden, f"{name} (room {room}) may not import {', '.join(forbidden)}"


@pytest.mark.parametrize("room", ["conversations.graph", "conversations.sandbox", "inbox.postgres"])
def test_room_knows_no_django(room):
    names = [imported for name, path in modules() if is_in(name, room) for imported in imports(name, path)]
    assert not [imported for imported in names if is_in(imported, "django")]
