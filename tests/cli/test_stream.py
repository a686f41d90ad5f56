from typing import Any

import pytest
import yaml

from cloudmap_mcs.cli.stream import stream


def documents(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text))


def test_manifests_come_in_their_order_below_the_header() -> None:
    text = stream([{"spec": 1, "kind": [True, None]}, {"data": {}}], header=("one", "two"))

    assert text.startswith("# one\n# two\n---\n")
    assert documents(text) == [{"spec": 1, "kind": [True, None]}, {"data": {}}]
    assert text.index("spec:") < text.index("kind:")


@pytest.mark.parametrize(
    "value", ["1e3", "08", "0o7", "y", "N", "yes", "off", "null", "~", "", "12:30", "1_000", ".5", "-1", "a: b", "# c"]
)
def test_a_text_that_some_reader_takes_for_something_else_is_quoted(value: str) -> None:
    text = stream([{"value": value}], header=())

    assert documents(text) == [{"value": value}]
    assert text.removeprefix("---\nvalue: ")[0] in "'\""


def test_equal_parts_are_written_out_and_lines_are_never_folded() -> None:
    part = {"words": "word " * 100 + "end"}
    text = stream([{"one": part, "two": part}], header=())

    assert documents(text) == [{"one": part, "two": part}]
    assert text.count(part["words"]) == 2


def test_a_script_is_readable_and_exact() -> None:
    script = "import sys\n\nif sys.argv:\n    print(1)\n"
    text = stream([{"command": ["python3", "-c", script]}], header=())

    assert documents(text) == [{"command": ["python3", "-c", script]}]
    assert "    print(1)\n" in text


def test_the_text_is_ascii_whatever_is_in_the_manifests() -> None:
    text = stream([{"name": "Grüße\nund mehr"}], header=())

    assert text.isascii()
    assert documents(text) == [{"name": "Grüße\nund mehr"}]
