from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.tally import CLOUD_MAP, LOOKS, Call, LogTail, audited, discovered, is_write, looked_at


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


def test_what_a_resync_asks_about_other_services_is_not_counted_for_this_one() -> None:
    calls = Counter({Call(CLOUD_MAP, "DiscoverInstances"): 7, Call(LOOKS, "web"): 4, Call(LOOKS, "other"): 3})

    assert discovered(calls, "web") == 4


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (an_entry("cloudmap-mcs/0.1.0 importer", "get", resource="serviceimports", name="web"), "web"),
        (an_entry("cloudmap-mcs/0.1.0 importer", "list", resource="serviceimports"), None),
        (an_entry("cloudmap-mcs/0.1.0 importer", "get", resource="services", name="web"), None),
        (an_entry("kubectl/v1.35.4", "get", resource="serviceimports", name="web"), None),
    ],
    ids=["look", "list", "another-part-of-the-look", "a-person"],
)
def test_a_look_of_an_importer_is_seen_once(entry: dict[str, Any], expected: str | None) -> None:
    assert looked_at(entry) == expected
