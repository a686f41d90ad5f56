"""The limits of Cloud Map, written down a second time: from the API reference, not from the code under test."""

import re
from collections.abc import Iterable

from cloudmap_mcs.cloudmap.instances import Encoded, Instance

_ID = re.compile(r"[0-9a-zA-Z_/:.@-]{1,64}")
_NAME = re.compile(r"[!-~]{1,255}")
_VALUE = re.compile(r"[!-~]([\t -~]{0,1022}[!-~])?")


def all_of(encoded: Encoded) -> list[Instance]:
    return [encoded.head, *encoded.parts]


def parts_of(encoded: Encoded) -> dict[str, Instance]:
    return {part.id: part for part in encoded.parts}


def assert_within_limits(instances: Iterable[Instance]) -> None:
    for instance in instances:
        assert _ID.fullmatch(instance.id)
        assert len(instance.attributes) <= 29, "one is left for a signature"
        assert sum(len(name) + len(value) for name, value in instance.attributes.items()) <= 5_000 - 150
        for name, value in instance.attributes.items():
            assert _NAME.fullmatch(name)
            assert _VALUE.fullmatch(value), value
