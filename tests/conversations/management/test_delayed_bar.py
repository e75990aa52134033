from conversations.management import delayed_bar


def test_bar_is_shown_only_for_long_work(capsys, monkeypatch):
    assert list(delayed_bar.delayed_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(delayed_bar, "DELAY_SECONDS", 0)
    assert list(delayed_bar.delayed_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert "Merging" in capsys.readouterr().err
