"""`make audit`: known vulnerabilities in what is deployed and in what deploys it.

The answer of a service that does not know the packages, as many a mirror's, is no clean bill: it counts as not checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOCKS = ("requirements/bundle.txt", "requirements.txt")
CLEAN, VULNERABLE, NOT_CHECKED = 0, 1, 2
"""Exit statuses."""

_ROOT = Path(__file__).resolve().parents[1]
_AUDIT = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--desc", "off", "--format", "json")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """An exit status and the lines that say why."""

    status: int
    lines: tuple[str, ...]


def verdict(report: str, complaint: str) -> Verdict:
    """Judge by pip-audit's JSON report; without one, by the last line of what it complained of."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines() or ["it says nothing"]
        return Verdict(NOT_CHECKED, (f"NOT CHECKED: the advisory service gave no answer: {last[-1]}",))
    found = tuple(_findings(packages))
    skipped = [f"{package['name']}: {package['skip_reason']}" for package in packages if "skip_reason" in package]
    unchecked = _unchecked(skipped, len(packages)) if skipped or not packages else ()
    if found:
        return Verdict(VULNERABLE, (*found, *unchecked))
    if unchecked:
        return Verdict(NOT_CHECKED, unchecked)
    return Verdict(CLEAN, (f"no known vulnerability in {len(packages)} packages",))


def _findings(packages: Iterable[dict[str, Any]]) -> Iterable[str]:
    for package in packages:
        for each in package.get("vulns", ()):
            fixed = ", ".join(each["fix_versions"]) or "no version yet"
            names = ", ".join((each["id"], *each.get("aliases", ())))
            yield f"VULNERABLE: {package['name']} {package['version']}: {names}; fixed in {fixed}"


def _unchecked(skipped: Sequence[str], count: int) -> tuple[str, ...]:
    more = (f"  and {len(skipped) - _SHOWN} more",) if len(skipped) > _SHOWN else ()
    title = f"NOT CHECKED: the advisory service does not know {len(skipped)} of {count} packages"
    return (title, *(f"  {line}" for line in skipped[:_SHOWN]), *more)


def main() -> int:
    """Audit every lock; prints the verdicts and returns the worst of their statuses, findings first."""
    statuses = set[int]()
    for lock in LOCKS:
        command = [sys.executable, "-m", "pip_audit", *_AUDIT, "--requirement", lock]
        answer = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
        found = verdict(answer.stdout, answer.stderr)
        statuses.add(found.status)
        print("\n".join((f"{lock}:", *(f"  {line}" for line in found.lines))))  # noqa: T201 -- for a person
    return next(status for status in (VULNERABLE, NOT_CHECKED, CLEAN) if status in statuses)


if __name__ == "__main__":
    sys.exit(main())
