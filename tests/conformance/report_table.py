"""`python -m tests.conformance.report_table NAME=FOLDER …`: put the results of runs into docs/conformance.md.

Each folder is what `--report-folder` of one run wrote, each name the heading of its column (`IPv4=/tmp/report`).
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.conformance.report import REPORT, RUN
from tests.conformance.specs import SPECS, Spec
from tests.conformance.verdicts import Verdict

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
BEGIN: Final = "<!-- results: written by python -m tests.conformance.report_table -->"
END: Final = "<!-- end of results -->"
NOT_RUN: Final = "not run"


@dataclass(frozen=True, slots=True)
class Column:
    """One run: its heading, the verdict and seconds of each spec by number and of each case beyond, circumstances."""

    name: str
    verdicts: Mapping[int, str]
    beyond: Mapping[str, str]
    seconds: float
    passed: str
    circumstances: str


class TableError(Exception):
    """What was asked for cannot be put into the page."""


def main(arguments: Sequence[str]) -> int:
    """Rewrite the part of the page between its markers; returns the exit status."""
    try:
        columns = [_column(argument) for argument in arguments]
        PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), columns), encoding="utf-8")
    except (TableError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - its user interface
        return 1
    return 0


def placed(page: str, columns: Sequence[Column]) -> str:
    """Give the page with the results of these runs in place of whatever stood there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise TableError(f"{PAGE.name} has no part between {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{results(columns)}\n{END}{after}"


def results(columns: Sequence[Column]) -> str:
    """Give the table of all specs, run or not, one of the cases beyond that were run, and a line about each run."""
    runs = [column for column in columns if column.verdicts or not column.beyond]
    heads = ["#", "what it demands", "KEP-1645", "labels", *(column.name for column in runs)]
    lines = [_line(heads), _line(["---:", "---", "---", "---", *("---" for _ in runs)])]
    lines += [_line([*_about(spec), *_verdicts(spec, runs)]) for spec in SPECS.values()]
    for column in columns:
        if column.beyond:
            lines += ["", _line(["beyond the suite", column.name]), _line(["---", "---"])]
            lines += [_line([title[0].upper() + title[1:], verdict]) for title, verdict in column.beyond.items()]
    return "\n".join([*lines, "", *_told(columns)])


def read(name: str, folder: Path) -> Column:
    """Give the run whose report lies in a folder; raises TableError when it is none."""
    try:
        report: dict[str, Any] = yaml.safe_load((folder / REPORT).read_text(encoding="utf-8"))
        run: dict[str, Any] = yaml.safe_load((folder / RUN).read_text(encoding="utf-8"))
        clusters = ", ".join(f"{place['name']} {place['version']}" for place in run["clusters"])
        ours = report["implementation"]
        made = [*run["specs"], *run["beyond"]]
        passed = sum(one["conformant"] == Verdict.CONFORMANT.value for one in made)
        return Column(
            name,
            {one["number"]: _judged(one) for one in run["specs"]},
            {one["title"]: _judged(one) for one in run["beyond"]},
            sum(one["seconds"] for one in made),
            f"{passed} of {len(made)}",
            f"{run['date']}, {ours['project']} {ours['version']}, {clusters}",
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise TableError(f"{folder} holds no report of a run: {error!r}") from error


def _judged(one: Mapping[str, Any]) -> str:
    return f"{one['conformant']}, {one['seconds']:.0f} s"


def _column(argument: str) -> Column:
    name, equals, folder = argument.partition("=")
    if not (name and equals and folder):
        raise TableError(f"{argument!r}: write NAME=FOLDER")
    return read(name, Path(folder))


def _about(spec: Spec) -> Iterable[str]:
    yield str(spec.number)
    yield f"**{spec.title}.** {spec.demands}"
    yield f"[{spec.section}]({spec.reference})"
    yield ", ".join((spec.standing, *spec.labels))


def _verdicts(spec: Spec, columns: Sequence[Column]) -> Iterable[str]:
    return (column.verdicts.get(spec.number, NOT_RUN) for column in columns)


def _told(columns: Sequence[Column]) -> Iterable[str]:
    for column in columns:
        yield f"- {column.name}: {column.passed}, {column.seconds:.0f} s; {column.circumstances}"
    if columns:
        yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
