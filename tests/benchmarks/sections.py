"""Writes parts of a document that is otherwise written by hand: what stands between two marks."""

from pathlib import Path


def write_section(path: Path, name: str, text: str) -> None:
    """Replace the section, or add it at the end where the document, or the file, does not have it."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before = path.read_text() if path.exists() else ""
    if begin not in before:
        before = f"{before.rstrip()}\n\n{begin}{end}".lstrip()
    head, _, rest = before.partition(begin)
    tail = rest.partition(end)[2]
    path.write_text(f"{head}{begin}\n{text.strip()}\n\n{end}{tail}")
