from pathlib import Path
from typing import Any

import pytest

from bench.tally import Call, LogTail, audited, is_write


def an_entry(agent: str, verb: str, **reference: str) -> dict[str, Any]:
    return {"userAgent": agent, "verb": verb, "objectRef": reference}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            an_entry("cloudmap-mcs/0.1.0 importer", "update", resource="endpointslices"),
            Call("west importer", "update endpointslices"),
        ),
        (
            an_entry("cloudmap-mcs/0.1.0 watcher", "patch", resource="serviceexports", subresource="status"),
            Call("west watcher", "patch serviceexports/status"),
        ),
        (an_entry("kube-controller-manager/v1.35.4", "update", resource="endpointslices"), None),
        ({"verb": "get"}, None),
    ],
    ids=["importer", "subresource", "kubernetes", "nobody"],
)
def test_only_our_own_components_are_counted(entry: dict[str, Any], expected: Call | None) -> None:
    assert audited("west", entry) == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("update endpointslices", True), ("delete services", True), ("get services", False), ("watch services", False)],
)
def test_writes_are_told_from_reads(operation: str, expected: bool) -> None:
    assert is_write(Call("west importer", operation)) is expected


def test_a_log_is_read_from_now_on_and_by_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    tail = LogTail(log)

    with log.open("a") as stream:
        stream.write("one\ntw")
        stream.flush()
        first = tail.lines()
        stream.write("o\n")
        stream.flush()
        second = tail.lines()

    assert (first, second) == (["one"], ["two"])
