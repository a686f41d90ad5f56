from bench.tables import Table, as_markdown, page

TABLE = Table("Times", ("change", "median"), (("export | first", "1 ms"), ("unexport", "2 ms")), ("A note.",))


def test_a_table_in_markdown_has_its_numbers_on_the_right_and_its_notes_below() -> None:
    assert as_markdown(TABLE).splitlines() == [
        "## Times",
        "",
        "| change | median |",
        "|---|---:|",
        "| export / first | 1 ms |",
        "| unexport | 2 ms |",
        "",
        "A note.",
    ]


def test_a_page_begins_with_its_title_and_ends_with_one_line_end() -> None:
    written = page(("How it came to be.",), (TABLE, TABLE))

    assert written.startswith("# Benchmarks\n\nHow it came to be.\n\n## Times\n")
    assert written.endswith("A note.\n")
    assert not written.endswith("\n\n")
