"""The measured queries: the most frequent ones and the most expensive ones."""

from tests.benchmarks_reads.build import SCRIPTS

LARGE_PAGE = {"facebookPageId": "9001"}  # has half of all conversations

FIRST_PAGES = {
    "newest": {},
    "newest of all Pages": {"facebookPageId": "all"},
    "any: popular tag": {"include_tags": "tag-1"},
    "any: rare tag": {"include_tags": "tag-49"},
    "any: old tag": {"include_tags": "tag-47"},
    "any: three tags": {"include_tags": "tag-1,tag-5,tag-49"},
    "any: old tag, all Pages": {"include_tags": "tag-47", "facebookPageId": "all"},
    "all: popular and other": {"include_tags": "tag-1,tag-7", "include_mode": "all"},
    "all: popular and old": {"include_tags": "tag-1,tag-47", "include_mode": "all"},
    "all: 50 tags": {"include_tags": ",".join(f"tag-{n}" for n in range(1, 51)), "include_mode": "all"},
    "any: 50 tags": {"include_tags": ",".join(f"tag-{n}" for n in range(1, 51))},
    "exclude three": {"exclude_tags": "tag-1,tag-2,tag-3"},
    "untagged": {"untagged": "true"},
    "untagged and unread": {"untagged": "true", "unread": "true"},
    "unread": {"unread": "true"},
    "unread, done, Instagram": {"unread": "true", "status": "done", "platform": "instagram"},
    "unread of all Pages": {"unread": "true", "facebookPageId": "all"},
    "30 days, any, exclude": {
        "startDate": "2025-06-01",
        "endDate": "2025-06-30",
        "include_tags": "tag-1",
        "exclude_tags": "tag-5",
    },
    "any popular, unread, done, dates": {
        "include_tags": "tag-1",
        "unread": "true",
        "status": "done",
        "endDate": "2024-12-31",
    },
    "work: assigned to a busy user": {"assignee": "1001"},
    "work: assigned, unread, all Pages": {"assignee": "1001", "unread": "true", "facebookPageId": "all"},
    "work: assigned to a rare user, open": {"assignee": "1020", "status": "active"},
    "work: unassigned, open": {"assignee": "none", "status": "active", "snoozed": "false"},
    "work: unassigned, unread, tag": {"assignee": "none", "unread": "true", "include_tags": "tag-1"},
    "work: snoozed": {"snoozed": "true"},
    "work: open, not snoozed, all Pages": {"status": "active", "snoozed": "false", "facebookPageId": "all"},
    "work: mentioned": {"mentioned": "1001", "facebookPageId": "all"},
    "work: with notes, unread": {"has_note": "true", "unread": "true"},
    "work: assigned, mid word": {"assignee": "1001", "search": "{mid}"},
}
SEARCHES = {
    "search: common word": {"search": "{common}"},
    "search: mid word": {"search": "{mid}"},
    "search: rare word": {"search": "{rare}"},
    "search: no match": {"search": "xyzzyx"},
    "search: two letters": {"search": "qu"},
    "search: two common signs": {"search": "{common_signs}"},
    "search: two mid signs": {"search": "{mid_signs}"},
    "search: two rare signs": {"search": "{rare_signs}"},
    "search: two mid signs, tag, unread": {
        "search": "{mid_signs}",
        "include_tags": "tag-1",
        "unread": "true",
    },
    "search: mid word, all Pages": {"search": "{mid}", "facebookPageId": "all"},
    "search: mid word, tag, exclude, unread": {
        "search": "{mid}",
        "include_tags": "tag-1",
        "exclude_tags": "tag-5",
        "unread": "true",
    },
    "messages: common word": {"search": "{common}", "search_in": "messages"},
    "messages: mid word": {"search": "{mid}", "search_in": "messages"},
    "messages: rare word": {"search": "{rare}", "search_in": "messages"},
    "messages: two common signs": {"search": "{common_signs}", "search_in": "messages"},
    "messages: two mid signs": {"search": "{mid_signs}", "search_in": "messages"},
    "messages: two rare signs": {"search": "{rare_signs}", "search_in": "messages"},
}
# A pair of signs of average frequency of each script without spaces.
for script in SCRIPTS:
    SEARCHES[f"search: two signs, {script}"] = {"search": f"{{{script}}}"}
    SEARCHES[f"messages: two signs, {script}"] = {"search": f"{{{script}}}", "search_in": "messages"}
COUNTED = {
    "page 1 with exact total": {"total": "exact"},
    "page 1, popular tag, exact total": {"total": "exact", "include_tags": "tag-1"},
    "page 1, exclude three, exact total": {"total": "exact", "exclude_tags": "tag-1,tag-2,tag-3"},
    "page 1, mid word, exact total": {"total": "exact", "search": "{mid}"},
    "estimate: exclude three": {"total": "estimate", "exclude_tags": "tag-1,tag-2,tag-3"},
    "estimate: mid word": {"total": "estimate", "search": "{mid}"},
    "deep page, by number": {"page": "{deep}", "total": "exact"},
    "10,000 rows": {"limit": "10000"},
}
GOALS = {
    "all: 50": 20,
    "all:": 60,
    "search:": 120,
    "messages:": 120,
    "work: assigned, mid": 120,
    "deep": 90,
    "10,000": 300,
}  # ms, p95; 30 for the rest


def goal(name: str) -> int | None:
    if name in COUNTED and not name.startswith(("deep", "10,000")):
        return None
    return next((ms for start, ms in GOALS.items() if name.startswith(start)), 30)


def build_parameters(parameters: dict[str, str], words: dict[str, str]) -> dict[str, str]:
    """Fill in the words, and add the parameters that all queries have unless they set them."""
    filled = {name: value.format(**words) for name, value in parameters.items()}
    return {"limit": "50", "total": "none", **LARGE_PAGE, **filled}
