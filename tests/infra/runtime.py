"""What Lambda's Python runtime has beside the standard library, and what of it imports what."""

from __future__ import annotations

import ast
from importlib.metadata import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "awslambdaric",
    "simplejson",
    "snapshot-restore-py",
)
"""Distributions; urllib3 is there, too, but ours is found first."""


def located(distribution: str) -> Iterator[Path]:
    """Yield the files of an installed distribution."""
    found = files(distribution)
    assert found is not None, distribution
    return (Path(str(file.locate())) for file in found if ".." not in file.parts)


def top_level(distribution: str) -> set[Path]:
    """Return the modules and folders that a distribution puts beside the others."""
    found = files(distribution)
    assert found is not None, distribution
    return {
        Path(str(file.locate())).parents[len(file.parts) - 2] if len(file.parts) > 1 else Path(str(file.locate()))
        for file in found
        if ".." not in file.parts
    }


def imported(distribution: str) -> set[str]:
    """Return the top-level names that any module of a distribution may import, also those it only tries to."""
    names = set[str]()
    for path in located(distribution):
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names |= set(_named(node))
    return names


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]
