"""The report in the shape that the upstream suite writes, and beside it what ours also knows: when, where, how long."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from string import Template
from typing import Any, Final

import yaml

from tests.conformance.specs import KEP, SPECS, STANDINGS, Spec
from tests.conformance.verdicts import Verdict

REPORT: Final = "report.yaml"
RUN: Final = "run.yaml"
PAGE: Final = "report.html"
TIMINGS: Final = "timings.md"

_TEMPLATE: Final = Path(__file__).with_name("report.template.html")
_COLOURS: Final = {
    Verdict.CONFORMANT: "green",
    Verdict.NON_CONFORMANT: "red",
    Verdict.UNKNOWN: "gray",
    Verdict.SKIPPED: "gray",
}


@dataclass(frozen=True, slots=True)
class Implementation:
    """Who is reported about."""

    organization: str
    project: str
    version: str
    url: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one check. `number` is its row in the table, None for cases that go beyond the suite."""

    number: int | None
    title: str
    verdict: Verdict
    message: str
    seconds: float
    section: str = ""
    """The anchor in KEP-1645 of a case that is in no table."""


@dataclass(frozen=True, slots=True)
class Place:
    """One of the clusters that were looked at."""

    name: str
    cluster_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the suite. `suite_failure` says why no check could begin."""

    implementation: Implementation
    dns_domain: str
    day: date
    places: tuple[Place, ...]
    results: tuple[Result, ...]
    suite_failure: str = ""

    def of_specs(self) -> list[tuple[Spec, Result]]:
        numbered = [(SPECS[one.number], one) for one in self.results if one.number is not None]
        return sorted(numbered, key=lambda pair: pair[0].number)

    def beyond(self) -> list[Result]:
        return [one for one in self.results if one.number is None]


def write(folder: Path, run: Run) -> list[Path]:
    """Write all four files and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        PAGE: page(run),
        REPORT: yaml.safe_dump(summary(run), sort_keys=False, allow_unicode=True, width=120),
        RUN: yaml.safe_dump(circumstances(run), sort_keys=False, allow_unicode=True, width=120),
        TIMINGS: timings(run),
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in contents]


def summary(run: Run) -> dict[str, Any]:
    """Give report.yaml: the keys of the upstream report and no others."""
    judged = run.of_specs()
    return {
        "groups": [
            {"name": standing, "tests": [_test(spec, one) for spec, one in judged if spec.standing == standing]}
            for standing in STANDINGS
        ],
        "suitefailure": run.suite_failure,
        "dnsdomain": run.dns_domain,
        "passed": sum(one.verdict is Verdict.CONFORMANT for _, one in judged),
        "total": len(judged),
        "implementation": asdict(run.implementation),
    }


def circumstances(run: Run) -> dict[str, Any]:
    """Give run.yaml: what the upstream report has no place for."""
    return {
        "date": run.day.isoformat(),
        "clusters": [asdict(place) for place in run.places],
        "specs": [{"number": spec.number, **_outcome(one)} for spec, one in run.of_specs()],
        "beyond": [{"title": one.title, **_reference(one), **_outcome(one)} for one in run.beyond()],
    }


def timings(run: Run) -> str:
    """Give timings.md: seconds per check, from the making of its namespace to the order to delete it."""
    rows = [(f"{spec.number}. {spec.title}", one) for spec, one in run.of_specs()]
    rows += [(one.title, one) for one in run.beyond()]
    lines = ["# Time per spec", "", "| spec | conformant | seconds |", "|---|---|---:|"]
    lines += [f"| {title} | {one.verdict.value} | {one.seconds:.1f} |" for title, one in rows]
    return "\n".join([*lines, f"| all | | {sum(one.seconds for _, one in rows):.1f} |", ""])


def page(run: Run) -> str:
    """Give report.html, one self-contained page."""
    told = summary(run)
    failure = f'<p class="red">{html.escape(run.suite_failure)}</p>' if run.suite_failure else ""
    groups = (
        _group(standing, [pair for pair in run.of_specs() if pair[0].standing == standing]) for standing in STANDINGS
    )
    template = Template(_TEMPLATE.read_text(encoding="utf-8"))
    ours = run.implementation
    return template.substitute(
        project=html.escape(" ".join(filter(None, (ours.organization, ours.project, ours.version)))),
        url=html.escape(ours.url),
        passed=told["passed"],
        total=told["total"],
        domain=html.escape(run.dns_domain),
        day=run.day.isoformat(),
        clusters=html.escape(", ".join(f"{place.name} ({place.version})" for place in run.places)),
        failure=failure,
        groups="\n".join(groups),
    )


def _test(spec: Spec, result: Result) -> dict[str, Any]:
    """Say of a spec what the upstream report says; `failed` is for errors that leave its conformance unknown."""
    return {
        "desc": f"{spec.number}. {spec.title}",
        "ref": spec.reference,
        "labels": sorted(spec.labels),
        "passed": result.verdict is Verdict.CONFORMANT,
        "failed": result.verdict is Verdict.UNKNOWN,
        "skipped": result.verdict is Verdict.SKIPPED,
        "conformant": result.verdict is not Verdict.NON_CONFORMANT,
        "message": result.message,
    }


def _outcome(result: Result) -> dict[str, Any]:
    return {"conformant": result.verdict.value, "message": result.message, "seconds": round(result.seconds, 1)}


def _reference(result: Result) -> dict[str, str]:
    return {"ref": f"{KEP}#{result.section}"} if result.section else {}


def _group(standing: str, judged: Sequence[tuple[Spec, Result]]) -> str:
    passed = sum(one.verdict is Verdict.CONFORMANT for _, one in judged)
    head = _row("th", (("", name) for name in ("Conformant", "Labels", "Description")))
    rows = "\n".join(_row("td", _cells(spec, one)) for spec, one in judged)
    return f"<h2>{standing}: {passed} of {len(judged)}</h2>\n<table>\n{head}\n{rows}\n</table>"


def _cells(spec: Spec, result: Result) -> Iterable[tuple[str, str]]:
    told = f"{result.verdict.value}: {result.message}" if result.message else result.verdict.value
    yield _COLOURS[result.verdict], html.escape(told)
    yield "", html.escape(", ".join(sorted(spec.labels)))
    yield "", f'<a href="{html.escape(spec.reference)}">{spec.number}. {html.escape(spec.title)}</a>'


def _row(tag: str, cells: Iterable[tuple[str, str]]) -> str:
    return "<tr>" + "".join(f'<{tag} class="{kind}">{content}</{tag}>' for kind, content in cells) + "</tr>"
