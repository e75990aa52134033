from conversations.management import late_bar


def test_bar_is_shown_only_where_it_takes_long(capsys, monkeypatch):
    assert list(late_bar.late_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(late_bar, "PATIENCE_SECONDS", 0)
    assert list(late_bar.late_bar([1, 2, 3], "Merging")) == [1, 2, 3]
    assert "Merging" in capsys.readouterr().err
