"""The flows of docs/api.md in a page of ours: by the session, under its policy."""

from tests.live.test_spa_examples import check, examples, inbox, with_names

__all__ = ["inbox"]  # a fixture


def test_the_flows_run_in_a_browser_by_the_session(log_in, page, inbox):
    tab = log_in("manager")
    tab.goto("/login")  # any page of ours that does nothing itself
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    script = with_names(examples(), "", "", page.facebook_page_id)
    tab.evaluate(f"async () => {{ {script} }}")
    check(said)
