from conversations.graph.errors import redact


def test_text_about_a_missing_token_is_not_redacted():
    assert redact("An access token is required.", "") == "An access token is required."
