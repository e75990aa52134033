from conversations.management import delayed_bar


def test_bar_is_shown_only_for_long_work(capsys, monkeypatch):
    assert list(delayed_bar.delayed_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(delayed_bar, "DELAY_SECONDS", 0)
    assert list(delayed_bar.delayed_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert "Merging" in capsys.readouterr().err


def test_steps_are_shown_only_for_long_work(capsys, monkeypatch):
    with delayed_bar.delayed_steps() as show:
        show("Reading", 1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(delayed_bar, "DELAY_SECONDS", -1)
    with delayed_bar.delayed_steps() as show:
        show("Reading", 1, 2)
        show("Writing", 2, 2)
    assert "Writing" in capsys.readouterr().err
