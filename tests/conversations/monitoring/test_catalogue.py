"""The metrics of the code, of docs/monitoring.md and of the alert rules are the same."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

from conversations.monitoring.catalogue import COUNTER, HISTOGRAM, METRICS
from tests import metrics

RULES = settings.BASE_DIR / "deploy" / "prometheus" / "inbox-rules.yml"
SUFFIXES = {COUNTER: ("_total",), HISTOGRAM: ("_bucket", "_sum", "_count")}
EXPORTED = {
    name + suffix: metric for name, metric in METRICS.items() for suffix in SUFFIXES.get(metric.kind, ("",))
}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_table_of_metrics_is_the_codes_own():
    shown = metrics.in_page(metrics.PAGE.read_text())
    assert shown == metrics.table(), "write it anew: .venv/bin/python -m tests.metrics"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_rule_uses_what_is_exported(rule):
    names = set(re.findall(r"\binbox_\w+", rule["expr"]))
    assert names
    assert names <= EXPORTED.keys()
    known = {"le"}.union(*(EXPORTED[name].labels for name in names))
    used = set(re.findall(r"(\w+)=~?\"", rule["expr"]))
    for listed in re.findall(r"(?:by|on) \(([^)]+)\)", rule["expr"]):
        used |= set(listed.replace(" ", "").split(","))
    assert used <= known
    text = " ".join(rule["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", text)) <= used
    assert set(re.findall(r"\binbox_\w+", text)) <= EXPORTED.keys()


def test_every_rule_is_explained():
    page = metrics.PAGE.read_text()
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert {"summary", "description"} == rule["annotations"].keys()
        assert f"| `{rule['alert']}` | {rule['labels']['severity']} | {rule['for']} |" in page
    assert page.count("| `Inbox") == len(rules())


def test_states_that_rules_name_exist():
    """A label that nothing has would make a rule silent for ever."""
    from conversations.models import OutgoingMessage, Page

    states = {*OutgoingMessage.State.values, *Page.LiveState.values}
    text = " ".join(rule["expr"] for rule in rules())
    named = {one for found in re.findall(r'state=~"([^"]+)"', text) for one in found.split("|")}
    assert named <= states
    outcomes = {"throttled", "transient", "refused"} | {"succeeded", "failed", "repeated", "aborted"}
    assert set(re.findall(r'outcome="(\w+)"', text)) <= outcomes


def test_labels_hold_no_names_of_people_texts_or_paths():
    labels = {label for metric in METRICS.values() for label in metric.labels}
    known = {"act", "cause", "kind", "method", "name", "outcome", "page", "platform", "process", "queue"}
    assert labels == known | {"reason", "route", "state", "status", "table"}
    assert [metric.name for metric in METRICS.values() if "name" in metric.labels] == ["inbox_page_info"]
