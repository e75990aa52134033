"""The examples of docs/api.md in a page of this site: with its session and its Content-Security-Policy."""

from tests.live.test_spa_examples import check, examples, inbox, with_names

__all__ = ["inbox"]  # a fixture


def test_the_examples_run_in_a_browser_with_a_session(log_in, page, inbox):
    tab = log_in("manager")
    tab.goto("/login")  # any page of this site that does nothing itself
    lines: list[str] = []
    tab.on("console", lambda message: lines.append(message.text))
    script = with_names(examples(), "", "", page.facebook_page_id)
    tab.evaluate(f"async () => {{ {script} }}")
    check(lines)
