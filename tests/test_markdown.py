"""The one writer of Markdown tables."""

from ali_keras import markdown


def test_a_table_has_a_line_for_each_row():
    assert markdown.table(("name", ""), [["z", 64], ("x", None)]) == (
        "| name |  |\n| --- | --- |\n| z | 64 |\n| x | None |"
    )


def test_rows_may_come_from_a_generator():
    rows = ([n] for n in range(2))
    assert markdown.table(["n"], rows).endswith("| 0 |\n| 1 |")


def test_a_compact_table_has_no_spaces_below_its_titles():
    assert markdown.table(["", "a b"], [["x", ""]], compact=True) == (
        "| | a b |\n|---|---|\n| x |  |"
    )
