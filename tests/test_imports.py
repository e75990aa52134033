"""The direction of imports between packages, as in docs/architecture.md, and the arrangement of modules."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("inbox", "conversations", "tags")

# What each package may import, from top to bottom. The longest prefix of a module's name decides; a package
# may always import itself.
SERVICES = [
    "conversations.actions",
    "conversations.alerts",
    "conversations.connections",
    "conversations.exports",
    "conversations.graph.errors",
    "conversations.graph.error_table",
    "conversations.imports",
    "conversations.lib",
    "conversations.media",
    "conversations.models",
    "conversations.monitoring",
    "conversations.permissions",
    "conversations.privacy",
    "conversations.realtime",
    "conversations.reporting",
    "conversations.search",
    "conversations.sending",
    "conversations.sync.coverage",
    "conversations.sync.progress",
    "conversations.sync.run_lifecycle",
    "conversations.sync.service",
    "conversations.tasks",
    "tags",
]
ALLOWED = {
    "inbox": [
        "conversations.admin",
        "conversations.lib",
        "conversations.models",
        "conversations.monitoring",
        "conversations.permissions",
        "conversations.privacy",
        "conversations.realtime",
        "conversations.tasks",
        "conversations.webhooks",
    ],
    "inbox.locations": [],
    "inbox.settings": ["inbox.locations", "inbox.setting_values"],
    "inbox.setting_values": [],
    "inbox.sync_settings": ["inbox.settings"],
    "inbox.install": [],
    "inbox.postgres": ["inbox.locations"],
    "conversations": [],
    "conversations.api": SERVICES,
    "conversations.admin": [*SERVICES, "conversations.sync.timeline"],
    "conversations.management": [
        *SERVICES,
        "conversations.sandbox",
        "inbox.database.capacity",
        "conversations.sync.load.joining",
        "conversations.sync.load.reconcile",
        "conversations.sync.load.transform",
        "conversations.upgrade",
        "conversations.webhooks",
    ],
    "conversations.upgrade": ["conversations.lib"],
    "conversations.templatetags": ["conversations.permissions"],
    "conversations.apps": ["conversations.checks"],
    "conversations.checks": ["conversations.models"],
    "conversations.tasks": [
        "conversations.connections",
        "conversations.lib",
        "conversations.models",
        "conversations.search.index",
        "conversations.sync",
    ],
    "conversations.actions": [
        "conversations.connections",
        "conversations.graph",
        "conversations.lib",
        "conversations.media",
        "conversations.models",
        "conversations.search",
        "conversations.sync",
        "tags",
    ],
    "conversations.alerts": [
        "conversations.graph.http",
        "conversations.lib",
        "conversations.models",
        "conversations.webhooks.signature",
    ],
    "conversations.exports": [
        "conversations.lib",
        "conversations.models",
        "conversations.permissions",
        "conversations.search",
    ],
    "conversations.imports": [
        "conversations.actions.tagging",
        "conversations.lib",
        "conversations.media",
        "conversations.models",
        "conversations.search.sql",
        "conversations.sync",
        "tags",
    ],
    "conversations.imports.archives": ["conversations.graph.decoding", "conversations.lib"],
    "conversations.media": [
        "conversations.connections",
        "conversations.graph",
        "conversations.lib",
        "conversations.models",
    ],
    "conversations.monitoring": ["conversations.lib", "conversations.models"],
    "conversations.privacy": [
        "conversations.lib",
        "conversations.media",
        "conversations.models",
        "conversations.search.index",
        "conversations.sync",
        "conversations.webhooks.blanking",
    ],
    "conversations.reporting": ["conversations.lib", "conversations.models"],
    "conversations.sending": [
        "conversations.connections",
        "conversations.graph",
        "conversations.lib",
        "conversations.media",
        "conversations.models",
        "conversations.sync",
    ],
    "conversations.webhooks": [
        "conversations.connections",
        "conversations.graph",
        "conversations.lib",
        "conversations.models",
        "conversations.sync",
    ],
    "conversations.realtime": [
        "conversations.lib",
        "conversations.models",
        "conversations.search",
        "conversations.sync.progress",
    ],
    "conversations.sync": [
        "conversations.connections",
        "conversations.graph",
        "conversations.lib",
        "conversations.models",
    ],
    "conversations.connections": ["conversations.graph", "conversations.lib", "conversations.models"],
    "conversations.search": ["conversations.lib", "conversations.models", "tags"],
    "conversations.permissions": ["conversations.lib", "conversations.models"],
    "conversations.models": ["conversations.lib"],
    "conversations.graph": [],
    "conversations.lib": [],
    "conversations.sandbox": [],
    "tags": ["conversations.lib"],
}
# The modules at the root of the app: Django's own, and two that every package above the models uses.
ROOT_MODULES = {"__init__", "apps", "checks", "permissions", "tasks"}
# Names that stand in two packages, where the package makes the meaning clear: a table and its REST view, our
# client and the sandbox, and so on. No name stands in three.
REPEATED = {
    "accounts",
    "archive",
    "attachments",
    "audit",
    "base",
    "changes",
    "client",
    "conversations",
    "drafts",
    "exports",
    "fields",
    "folders",
    "insight",
    "media",
    "models",
    "outbox",
    "pages",
    "permissions",
    "presence",
    "privacy",
    "refresh",
    "roles",
    "runs",
    "saved_replies",
    "saved_views",
    "server",
    "staging",
    "tasks",
    "urls",
    "usage",
    "windows",
    "work",
    "webhooks",
}
MAX_FILES = 23


@cache
def modules() -> dict[str, Path]:
    """The path of each module by its name."""
    paths = (
        path for top in OURS for path in sorted((ROOT / top).rglob("*.py")) if "migrations" not in path.parts
    )
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


@cache
def imports(name: str) -> tuple[str, ...]:
    """The names that a module imports; `from a import b` gives a.b."""
    return tuple(read_imports(name))


def read_imports(name: str) -> Iterator[str]:
    path = modules()[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def own_imports(name: str) -> list[str]:
    return [imported for imported in imports(name) if imported.split(".")[0] in OURS]


def module_of(name: str) -> str:
    """The module that an imported name is, or is in."""
    while name not in modules():
        name = name.rpartition(".")[0]
    return name


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def package_of(name: str) -> str:
    return max((package for package in ALLOWED if is_in(name, package)), key=len)


def forbidden_imports(name: str) -> list[str]:
    package = package_of(name)
    allowed = [package, *ALLOWED[package]]
    return [one for one in own_imports(name) if not any(is_in(one, target) for target in allowed)]


def test_imports_point_downward():
    found = {name: forbidden_imports(name) for name in sorted(modules())}
    wrong = [
        f"{name} (in {package_of(name)}) may not import {', '.join(f)}" for name, f in found.items() if f
    ]
    assert wrong == []


def test_packages_do_not_import_each_other_in_a_circle():
    graph = {
        package: {package_of(one) for one in allowed} - {package} for package, allowed in ALLOWED.items()
    }
    TopologicalSorter(graph).prepare()


def test_modules_do_not_import_each_other_in_a_circle():
    graph = {name: {module_of(one) for one in own_imports(name)} - {name} for name in modules()}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("package", ["conversations.graph", "conversations.sandbox", "inbox.postgres"])
def test_package_does_not_use_django(package):
    names = [imported for name in modules() if is_in(name, package) for imported in imports(name)]
    assert not [imported for imported in names if is_in(imported, "django")]


def test_the_root_of_the_app_has_no_other_modules():
    assert {path.stem for path in (ROOT / "conversations").glob("*.py")} == ROOT_MODULES


def test_no_package_has_too_many_files():
    counts = Counter(path.parent.relative_to(ROOT) for path in modules().values())
    assert {str(folder): count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_names_of_modules_are_unique_but_for_these():
    own = [path for path in modules().values() if path.stem not in ("__init__", "apps")]
    counts = Counter(path.stem for path in own)
    assert {stem for stem, count in counts.items() if count > 1} == REPEATED
    assert max(counts.values()) == 2
