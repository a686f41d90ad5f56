"""What the four files of a report say of a run."""

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import yaml

from tests.conformance.report import PAGE, REPORT, RUN, TIMINGS, Implementation, Place, Result, Run, summary, write
from tests.conformance.verdicts import Verdict

CONFORMANT = Result(9, "ports", Verdict.CONFORMANT, "", 1.26)
NON_CONFORMANT = Result(4, "type", Verdict.NON_CONFORMANT, "it is <Headless>", 2.0)
UNKNOWN = Result(16, "slices", Verdict.UNKNOWN, "500 Internal Error", 3.0)
SKIPPED = Result(3, "labels", Verdict.SKIPPED, "takes 2 clusters, 1 given", 0.0)
FURTHER = Result(None, "three clusters", Verdict.CONFORMANT, "", 7.04)
RUN_OF_ALL = Run(
    Implementation("org", "project", "v1", "https://example.org/?a=1&b=2"),
    "clusterset.local",
    date(2026, 11, 23),
    (Place("a", "east", "v1.35.4"), Place("b", "west", "v1.34.1")),
    (CONFORMANT, UNKNOWN, NON_CONFORMANT, SKIPPED, FURTHER),
)


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def test_the_summary_has_the_shape_of_the_upstream_report() -> None:
    told = summary(RUN_OF_ALL)

    assert list(told) == ["groups", "suitefailure", "dnsdomain", "passed", "total", "implementation"]
    assert [group["name"] for group in told["groups"]] == ["Required", "Optional"]
    assert (told["passed"], told["total"]) == (1, 4)
    assert told["implementation"] == {
        "organization": "org",
        "project": "project",
        "version": "v1",
        "url": "https://example.org/?a=1&b=2",
    }


def test_only_a_demand_that_is_not_met_is_non_conformant() -> None:
    tests = {one["desc"].partition(".")[0]: one for group in summary(RUN_OF_ALL)["groups"] for one in group["tests"]}

    flags = {
        number: [one[flag] for flag in ("passed", "failed", "skipped", "conformant")] for number, one in tests.items()
    }
    assert flags == {
        "9": [True, False, False, True],
        "4": [False, False, False, False],
        "16": [False, True, False, True],
        "3": [False, False, True, True],
    }
    assert tests["4"]["message"] == "it is <Headless>"
    assert tests["4"]["labels"] == ["ClusterIP"]
    assert tests["4"]["ref"].endswith("/1645-multi-cluster-services-api#importing-services")


def test_specs_are_in_the_order_of_the_table_and_cases_beyond_it_are_not_among_them() -> None:
    told = [[one["desc"].partition(".")[0] for one in group["tests"]] for group in summary(RUN_OF_ALL)["groups"]]

    assert told == [["4", "9"], ["3", "16"]]


def test_all_files_are_written_and_can_be_read(tmp_path: Path) -> None:
    written = write(tmp_path / "new" / "folder", RUN_OF_ALL)

    assert [path.name for path in written] == [PAGE, REPORT, RUN, TIMINGS]
    assert yaml.safe_load(written[1].read_text()) == summary(RUN_OF_ALL)
    told = yaml.safe_load(written[2].read_text())
    assert told["date"] == "2026-11-23"
    assert told["clusters"][0] == {"name": "a", "cluster_id": "east", "version": "v1.35.4"}
    assert [one["number"] for one in told["specs"]] == [3, 4, 9, 16]
    assert told["beyond"] == [{"title": "three clusters", "conformant": "Yes", "message": "", "seconds": 7.0}]


def test_the_page_tells_every_verdict_and_quotes_what_is_foreign(tmp_path: Path) -> None:
    page = write(tmp_path, RUN_OF_ALL)[0].read_text()

    cells = _Cells()
    cells.feed(page)
    verdicts = [row[0] for row in cells.rows if row]
    assert verdicts == [
        "No: it is <Headless>",
        "Yes",
        "Skipped: takes 2 clusters, 1 given",
        "Unknown: 500 Internal Error",
    ]
    assert "https://example.org/?a=1&b=2" in cells.links
    assert "1 of 4 conformant" in page


def test_the_page_says_why_nothing_could_begin(tmp_path: Path) -> None:
    failed = replace(RUN_OF_ALL, suite_failure="no context 'c' & no cluster")

    assert "no context &#x27;c&#x27; &amp; no cluster" in write(tmp_path, failed)[0].read_text()


def test_timings_have_every_check_and_their_sum(tmp_path: Path) -> None:
    lines = write(tmp_path, RUN_OF_ALL)[3].read_text().splitlines()

    assert [line.split("|")[-2].strip() for line in lines[4:]] == ["0.0", "2.0", "1.3", "3.0", "7.0", "13.3"]
