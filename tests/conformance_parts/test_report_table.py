"""The results in docs/conformance.md."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.report import write
from tests.conformance.report_table import BEGIN, END, PAGE, TableError, placed, read
from tests.conformance.specs import SPECS
from tests.conformance_parts.test_report import RUN_OF_ALL

EMPTY = f"# Page\n\n{BEGIN}\n{END}\n\nwhat follows\n"


def _rows(page: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    return {row[0]: row for row in cells if row[0].isdigit()}


def test_each_run_is_a_column_and_specs_without_result_were_not_run(tmp_path: Path) -> None:
    write(tmp_path / "4", RUN_OF_ALL)
    write(tmp_path / "46", replace(RUN_OF_ALL, results=RUN_OF_ALL.results[:1]))

    page = placed(EMPTY, [read("IPv4", tmp_path / "4"), read("dual stack", tmp_path / "46")])

    rows = _rows(page)
    verdicts = [[cell.partition(",")[0] for cell in row[-2:]] for row in rows.values()]
    assert verdicts[:4] == [["not run", "not run"], ["not run", "not run"], ["Skipped", "not run"], ["No", "not run"]]
    assert verdicts[8] == ["Yes", "Yes"]
    assert "| Three clusters | Yes, 7 s |" in page
    assert "- IPv4: 2 of 5, 13 s; 2026-11-23, project v1, a v1.35.4, b v1.34.1" in page
    assert page.endswith(f"{END}\n\nwhat follows\n")


def test_placing_again_replaces_what_stood_there(tmp_path: Path) -> None:
    write(tmp_path, RUN_OF_ALL)
    columns = [read("IPv4", tmp_path)]

    assert placed(placed(EMPTY, []), columns) == placed(EMPTY, columns)


def test_a_folder_without_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="holds no report of a run"):
        read("IPv4", tmp_path)


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(TableError, match="has no part between"):
        placed("# Page\n", [])


def test_the_page_in_docs_tells_every_spec_in_the_words_of_the_table() -> None:
    rows = _rows(PAGE.read_text(encoding="utf-8"))

    told = {number: row[1] for number, row in rows.items()}
    assert told == {str(spec.number): f"**{spec.title}.** {spec.demands}" for spec in SPECS.values()}
