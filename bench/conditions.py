"""The conditions under which the numbers were taken: machine, load, versions, what is local."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass

from bench.ground import Effort, Ground
from bench.tables import Table
from cloudmap_mcs import VERSION
from sandbox.aws.launcher import VERSION as MINISTACK


@dataclass(frozen=True, slots=True)
class Load:
    """The machine's load averages over one minute, before and after."""

    before: float
    after: float


def conditions(ground: Ground, date: str, load: Load, took: Mapping[str, float]) -> Table:
    """Say under which conditions everything ran; `took` has the seconds of each measure."""
    minutes = sum(took.values()) / 60
    rows = (
        ("date", date),
        ("machine", f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}"),
        ("load average over one minute", f"{load.before:.1f} before, {load.after:.1f} after"),
        ("took", f"{minutes:.0f} minutes: {', '.join(f'{name} {seconds:.0f} s' for name, seconds in took.items())}"),
        ("cloudmap-mcs", VERSION),
        ("Python", platform.python_version()),
        ("packages", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("boto3", "kubernetes"))),
        ("Kubernetes", str(ground.route.source.client.get("/version")["gitVersion"])),
        ("local AWS", f"ministack {MINISTACK}"),
        ("operation delay D of Cloud Map", ", ".join(f"{delay:,} ms" for delay in ground.effort.delays)),
        ("samples", _effort(ground.effort)),
    )
    return Table("Conditions", ("what", "value"), rows, (_LOCAL,))


_LOCAL = (
    "Everything runs on this one machine: both control planes, the Cloud Map simulator, the local AWS, both watchers, "
    "the importer functions and the bench. Bus and queue take 6 to 8 ms; networks, TLS to AWS and cold starts are not "
    "in the numbers, and all programs share the cores."
)


def _effort(effort: Effort) -> str:
    return (
        f"{effort.samples} of each change, {effort.rounds} rounds, {effort.idle_seconds:.0f} s idle, "
        f"{effort.starts} imports, {effort.exports} exports; functions and watchers warm"
    )
