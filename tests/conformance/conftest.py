"""The fixtures that every spec stands on, and what becomes of its verdict."""

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import SystemRandom
from typing import Final

import pytest
import websocket

from tests.conformance.clusters import COMMAND_SECONDS, ApiError, Cluster, fit_for_checks
from tests.conformance.options import (
    DNS_DOMAIN,
    LEFT_OUT,
    REPORT_FOLDER,
    add_options,
    are_given,
    implementation,
    opened_clusters,
)
from tests.conformance.report import Place, Result, Run, write
from tests.conformance.specs import SPECS, Spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import NonConformantError, SuiteError, Verdict
from tests.conformance.waiting import Waiting

MARKER: Final = "conformance"


@dataclass(slots=True)
class Record:
    """What a session has seen so far."""

    results: dict[str, Result] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    suite_failure: str = ""


RECORD: Final = pytest.StashKey[Record]()


@pytest.fixture(scope="session")
def clusters(pytestconfig: pytest.Config) -> Iterator[tuple[Cluster, ...]]:
    """Give the clusters of `--contexts`, all of them fit for checks, or fail every check with one sentence."""
    record = pytestconfig.stash[RECORD]
    # Without it a command in a pod could wait for a silent API server for minutes; the library offers no other way.
    websocket.setdefaulttimeout(COMMAND_SECONDS)
    with ExitStack() as opened:
        try:
            found = opened_clusters(pytestconfig)
            for cluster in found:
                opened.callback(cluster.close)
                fit_for_checks(cluster)
            record.places = tuple(_place(cluster) for cluster in found)
        except (SuiteError, ApiError) as error:
            record.suite_failure = str(error)
            pytest.fail(record.suite_failure, pytrace=False)
        yield found


@pytest.fixture
def trial(request: pytest.FixtureRequest, clusters: tuple[Cluster, ...]) -> Iterator[Trial]:
    """Give a fresh namespace in all clusters; its deletion is not waited for."""
    spec = _spec(request.node)
    if spec is not None and len(clusters) < spec.clusters:
        pytest.skip(f"takes {spec.clusters} clusters, {len(clusters)} given")
    waiting = Waiting(time.monotonic, time.sleep)
    namespace = f"mcs-conformance-{SystemRandom().getrandbits(32)}"
    made = Trial(clusters, namespace, request.config.getoption(DNS_DOMAIN), waiting)
    try:
        made.open()
        yield made
    finally:
        made.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}(number): a check of the MCS API against clusters given by {LEFT_OUT}")
    config.stash[RECORD] = Record()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the specs into the order of the table. Without clusters leave them out, and say so if they were asked for."""
    ours = [item for item in items if item.get_closest_marker(MARKER)]
    if are_given(config):
        ours.sort(key=_order)
        others = [item for item in items if item not in ours]
        items[:] = [*others, *ours]
    elif config.getoption("markexpr") and MARKER not in config.getoption("markexpr"):
        items[:] = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)
    else:
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=LEFT_OUT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.get_closest_marker(MARKER):
        results = item.config.stash[RECORD].results
        results[item.nodeid] = _joined(results.get(item.nodeid), _result(item, call, report))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    record, folder = config.stash[RECORD], config.getoption(REPORT_FOLDER, default=None)
    if folder is None or not record.results or not are_given(config):
        return
    today = datetime.now(UTC).date()  # noqa: TID251 - a door
    run = Run(
        implementation(config),
        config.getoption(DNS_DOMAIN),
        today,
        record.places,
        tuple(record.results.values()),
        record.suite_failure,
    )
    write(folder, run)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    results = [one for one in config.stash[RECORD].results.values() if one.number is not None]
    beyond = [one for one in config.stash[RECORD].results.values() if one.number is None]
    if not are_given(config):
        if results:
            terminalreporter.write_line(f"MCS API conformance: {LEFT_OUT}")
        return
    passed = sum(one.verdict is Verdict.CONFORMANT for one in results)
    if results or not beyond:
        terminalreporter.write_line(f"MCS API conformance: {passed} of {len(results)}")
    if beyond:
        passed = sum(one.verdict is Verdict.CONFORMANT for one in beyond)
        terminalreporter.write_line(f"cases beyond the suite: {passed} of {len(beyond)}")
    if folder := config.getoption(REPORT_FOLDER, default=None):
        terminalreporter.write_line(f"report: {folder}")


def _place(cluster: Cluster) -> Place:
    return Place(cluster.name, cluster.cluster_id(), cluster.version())


def _spec(item: pytest.Item) -> Spec | None:
    marker = item.get_closest_marker(MARKER)
    return SPECS[marker.args[0]] if marker and marker.args else None


def _section(item: pytest.Item) -> str:
    marker = item.get_closest_marker(MARKER)
    return str(marker.kwargs.get("section", "")) if marker else ""


def _order(item: pytest.Item) -> int:
    spec = _spec(item)
    return len(SPECS) + 1 if spec is None else spec.number


def _result(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Result:
    spec = _spec(item)
    error = call.excinfo.value if call.excinfo else None
    return Result(
        None if spec is None else spec.number,
        item.name.removeprefix("test_").replace("_", " ") if spec is None else spec.title,
        _verdict(report, error),
        "" if report.passed else _told(report, error),
        report.duration,
        _section(item),
    )


def _verdict(report: pytest.TestReport, error: BaseException | None) -> Verdict:
    if report.passed:
        return Verdict.CONFORMANT
    if report.skipped:
        return Verdict.SKIPPED
    return Verdict.NON_CONFORMANT if isinstance(error, NonConformantError) else Verdict.UNKNOWN


def _told(report: pytest.TestReport, error: BaseException | None) -> str:
    if error is None:
        return report.longreprtext
    return "; ".join([" ".join(str(error).split()), *getattr(error, "__notes__", ())])


def _joined(before: Result | None, now: Result) -> Result:
    """Join the phases of one check: the first that did not pass says what became of it, the times add up."""
    if before is None:
        return now
    decisive = before if before.verdict is not Verdict.CONFORMANT else now
    seconds = before.seconds + now.seconds
    return Result(now.number, now.title, decisive.verdict, decisive.message, seconds, now.section)
