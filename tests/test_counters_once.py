"""The counters of a run are listed once, in models/run_counters.py, and its statuses in models/runs.py.

Everything else derives from them, or is compared with them here.
"""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from conversations.api.serializers.run import RunSerializer
from conversations.models import SyncRun
from conversations.models.run_counters import ALL, CounterColumns, RunCounters, rest_name
from conversations.sync.progress import SyncProgress
from conversations.sync.service import SyncResult

ROOT = Path(__file__).parent.parent
OURS = ("conversations", "inbox")
HOME = ROOT / "conversations/models/run_counters.py"
NAMES = {*ALL, *map(rest_name, ALL)}
MAX_NAMES = 3  # in one place: some results of threads have an order of their own


def names_in(node: ast.AST) -> set[str]:
    """The counters that a list, a call or the body of a class names one after the other."""
    named: list[ast.expr]
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            named = parts
        case ast.Dict(keys=keys):
            named = [key for key in keys if key]
        case ast.Call(args=args, keywords=keywords):
            named = [*args, *(ast.Constant(keyword.arg) for keyword in keywords)]
        case ast.ClassDef(body=body):
            named = [part.target for part in body if isinstance(part, ast.AnnAssign)]
            named += [target for part in body if isinstance(part, ast.Assign) for target in part.targets]
        case _:
            return set()
    return {name_of(part) for part in named} & NAMES


def name_of(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(name)) | ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def modules() -> list[Path]:
    paths = [path for top in OURS for path in sorted((ROOT / top).rglob("*.py"))]
    return [path for path in paths if "migrations" not in path.parts and path != HOME]


def lists_in(tree: ast.AST) -> list[int]:
    """The lines where counters are listed."""
    return [node.lineno for node in ast.walk(tree) if len(names_in(node)) > MAX_NAMES]  # type: ignore[attr-defined]  # only nodes with a line have names


def test_no_other_module_lists_the_counters():
    lists = {str(path.relative_to(ROOT)): lists_in(ast.parse(path.read_text())) for path in modules()}
    assert {path: lines for path, lines in lists.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        'COUNTERS = ("synced", "inserted", "updated", "skipped")',
        'LABELS = {"inserted": "new", "updated": "changed", "total": "listed", "eventsCreated": "messages"}',
        "Result(run.inserted, run.updated, run.unchanged, run.skipped)",
        "Result(inserted=0, updated=0, unchanged=0, skipped=0)",
        "class Result:\n  inserted: int\n  updated: int\n  unchanged: int\n  skipped: int",
        "class Result:\n  inserted = 1\n  updated = 1\n  unchanged = 1\n  skipped = 1",
    ],
)
def test_a_second_list_is_found(source):
    assert lists_in(ast.parse(source)) == [1]


def test_browser_has_the_labels_of_statuses_once_and_names_no_counters():
    state = (ROOT / "inbox/frontend/core/run-state.mjs").read_text()
    labels = dict(re.findall(r'^\t(\w+): gettext\("(.+)"\),$', state, re.MULTILINE))
    assert labels == {status.value: str(status.label) for status in SyncRun.Status}
    panel = (ROOT / "conversations/static/conversations/sync-panel.js").read_text()
    assert not re.findall(r"inserted|eventsCreated|unchanged", panel)


def test_columns_are_the_counters():
    columns = [field.name for field in CounterColumns._meta.get_fields()]
    assert columns == [field.name for field in fields(RunCounters)]


@pytest.mark.parametrize("kind", [SyncProgress, SyncResult])
def test_states_and_results_have_all_counters(kind):
    assert {field.name for field in fields(RunCounters)} <= {field.name for field in fields(kind)}


def test_rest_shows_all_counters_of_a_run():
    counters = {rest_name(name) for name in ALL}
    assert counters == {name for name in RunSerializer(SyncRun()).fields if name in NAMES}
