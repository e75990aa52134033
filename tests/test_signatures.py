"""Constructors that a reader understands, and types that are checked instead of asserted."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAX_ARGUMENTS = 6


PRODUCT, TESTS = ("conversations", "inbox", "tags"), ("tests",)


def modules(word: str, *tops: str) -> Iterator[tuple[str, ast.Module]]:
    """Parse each module below these folders whose text has the word: parsing all of them takes seconds.

    One after the other: their million nodes would make every later collection of garbage slow.
    """
    for path in sorted(path for top in tops for path in (ROOT / top).rglob("*.py")):
        if "migrations" not in path.parts and word in (text := path.read_text()):
            yield str(path.relative_to(ROOT)), ast.parse(text)


def constructors(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each class with an `__init__` of its own, and the number of its arguments besides self.

    The constructors of dataclasses and structs are generated from their fields: those are data, and are
    created with the names of the fields.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    arguments = part.args
                    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
                    yield node.name, len(named) - 1


def has_assert(module: ast.Module) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(module))


def test_constructors_have_few_arguments():
    """Options are passed as one value instead: see conversations/graph/options.py."""
    counts = {
        f"{path}: {name}": count
        for path, module in modules("__init__", *PRODUCT, *TESTS)
        for name, count in constructors(module)
    }
    assert {name: count for name, count in counts.items() if count > MAX_ARGUMENTS} == {}


def test_client_of_graph_is_made_of_token_options_and_hooks():
    [(name, count)] = constructors(
        dict(modules("class GraphClient", *PRODUCT))["conversations/graph/client.py"]
    )
    assert (name, count) == ("GraphClient", 5)  # and, by their names, the budget and the capabilities


def test_no_module_silences_a_type_with_an_assert():
    assert {path for path, module in modules("assert", *PRODUCT) if has_assert(module)} == set()
