"""One synth of a clusterset over three accounts and two Regions, with cdk-nag on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cloudmap_mcs.clusterset import parse
from infra.cache import made_once
from tests.infra.conftest import Synthesized, synthesize
from tests.infra.several.world import EXAMPLE, World

if TYPE_CHECKING:
    from collections.abc import Mapping


def synthesized_once(factory: pytest.TempPathFactory, worker_id: str, name: str, text: str) -> Synthesized:
    """Synthesize once, also for all workers of a parallel run."""
    base = factory.getbasetemp()
    finished = (base if worker_id == "master" else base.parent) / name
    with made_once(finished) as folder:
        if folder is not None:
            synthesize(parse(text, source="example"), folder)
    report: Mapping[str, Any] = json.loads((finished / "out" / "validation-report.json").read_text())
    return Synthesized(finished / "out", dict(report))


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesized:
    return synthesized_once(tmp_path_factory, worker_id, "several", EXAMPLE)


@pytest.fixture(scope="session")
def world(several: Synthesized) -> World:
    return World(several)


@pytest.fixture(scope="session")
def silent(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> World:
    """Make the same without CloudTrail."""
    return World(synthesized_once(tmp_path_factory, worker_id, "silent", EXAMPLE.replace("existing", "off")))
