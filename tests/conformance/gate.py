"""Whether a run shows what it should: pytest is content with a check that was left out, a gate is not."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import yaml

from tests.conformance.report import RUN
from tests.conformance.verdicts import Verdict

NO_REPORT: Final = "there is no report"


def unmet(report: Path, specs: Collection[int], *, may_skip: bool = False) -> list[str]:
    """Say what is missing for a pass: a check that was not made or did not pass, or the report itself.

    `specs` are the numbers of those that must have been made; whatever else is in the report must have passed too,
    or with `may_skip` have said that these clusters cannot show it.
    """
    file = report / RUN
    if not file.exists():
        return [NO_REPORT]
    run: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    made = {one["number"] for one in run["specs"]}
    absent = [f"spec {number} was not made" for number in sorted(set(specs) - made)]
    judged = [(f"spec {one['number']}", one) for one in run["specs"]]
    judged += [(str(one["title"]), one) for one in run["beyond"]]
    if not judged:
        return [*absent, "no check was made"]
    fine = {Verdict.CONFORMANT.value, *([Verdict.SKIPPED.value] if may_skip else [])}
    return absent + [f"{name}: {one['conformant']}" for name, one in judged if one["conformant"] not in fine]
