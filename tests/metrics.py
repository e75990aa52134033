"""Updates the table of metrics in docs/monitoring.md from the code: python -m tests.metrics"""

from pathlib import Path

from conversations.monitoring.catalogue import COUNTER, METRICS, Metric

PAGE = Path(__file__).parent.parent / "docs" / "monitoring.md"
BEGIN, END = "<!-- metrics -->\n", "<!-- /metrics -->\n"
HEAD = "| metric | type | labels | meaning |\n|---|---|---|---|\n"


def table() -> str:
    """Return the table as Markdown, one line for each metric."""
    return HEAD + "".join(map(row, METRICS.values()))


def row(metric: Metric) -> str:
    name = f"{metric.name}_total" if metric.kind == COUNTER else metric.name
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{name}` | {metric.kind} | {labels} | {metric.text} |\n"


def in_page(text: str) -> str:
    """Return the part of the document between the two markers."""
    return text.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    page = PAGE.read_text()
    PAGE.write_text(page.replace(BEGIN + in_page(page) + END, BEGIN + table() + END))
