"""Tables in a terminal."""

from services.admin.table import table, width


def test_chinese_characters_take_two_columns() -> None:
    assert width("青禾 a") == 6


def test_columns_line_up_whatever_the_script() -> None:
    lines = table(("name", "n"), [("青禾县", "1"), ("ab", "2")]).splitlines()
    assert lines == ["name    n", "------  -", "青禾县  1", "ab      2"]
