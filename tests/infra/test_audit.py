import json
from collections.abc import Mapping

from infra.audit import CLEAN, NOT_CHECKED, VULNERABLE, verdict


def report(*packages: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


CHECKED = {"name": "urllib3", "version": "2.8.0", "vulns": []}
SKIPPED = {"name": "idna", "skip_reason": "Dependency not found on PyPI"}
BAD = {
    "name": "yaml",
    "version": "5.1",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["5.4"], "description": ""}],
}


def test_packages_that_were_all_looked_up_and_have_no_advisory_are_clean() -> None:
    assert verdict(report(CHECKED), "").status == CLEAN


def test_an_advisory_is_told_with_the_version_that_has_the_fix() -> None:
    found = verdict(report(CHECKED, BAD), "")

    assert found.status == VULNERABLE
    assert found.lines == ("VULNERABLE: yaml 5.1: PYSEC-1, CVE-1; fixed in 5.4",)


def test_a_package_that_the_service_does_not_know_is_not_checked() -> None:
    found = verdict(report(CHECKED, SKIPPED), "No known vulnerabilities found")

    assert found.status == NOT_CHECKED
    assert "1 of 2" in found.lines[0]
    assert "idna" in found.lines[1]


def test_findings_weigh_more_than_gaps_and_hide_none() -> None:
    found = verdict(report(SKIPPED, BAD), "")

    assert found.status == VULNERABLE
    assert any("idna" in line for line in found.lines)


def test_without_a_report_nothing_was_checked_and_the_last_line_says_why() -> None:
    found = verdict("", "Traceback\n  …\nConnectionError: no route to pypi.org\n")

    assert found.status == NOT_CHECKED
    assert "no route to pypi.org" in found.lines[0]


def test_a_report_about_nothing_is_no_clean_bill() -> None:
    assert verdict(report(), "").status == NOT_CHECKED
