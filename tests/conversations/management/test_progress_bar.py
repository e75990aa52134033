from conversations.management import progress_bar


def test_bar_is_shown_only_where_it_takes_long(capsys, monkeypatch):
    assert list(progress_bar.late_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress_bar, "PATIENCE_SECONDS", 0)
    assert list(progress_bar.late_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert "Merging" in capsys.readouterr().err
