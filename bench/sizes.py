"""How long the importer takes to import, and how much memory importer and watcher need."""

from __future__ import annotations

import json
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from bench.ground import Ground
from bench.numbers import spread
from bench.programs import functions, usage
from bench.standing import export_until
from bench.tables import Table, verdict
from infra.bundle import bundle
from infra.cache import cache_folder
from infra.wheels import host_target
from sandbox.aws.venv import ministack_python

IMPORT_GOAL: Final = 0.9
"""CPU seconds."""
IMPORTER_GOAL: Final = 160.0
WATCHER_GOAL: Final = 110.0
"""MB."""

_PROGRAM: Final = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
before = time.process_time(), time.perf_counter()
import lambdas.importer.handler
after = time.process_time(), time.perf_counter()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
memory = int(status["VmHWM"].split()[0]) * 1024 / 1_000_000
print(json.dumps([after[0] - before[0], after[1] - before[1], memory]))
"""


def measure(ground: Ground) -> list[Table]:
    """Measure importing first, then memory after all the work, with many exports."""
    imported = _imported(ground)
    ground.say(f"  {ground.effort.starts} imports: done")
    ground.set_delay(min(ground.effort.delays))
    export_until(ground, ground.effort.exports)
    cpu, wall, peak = (spread(samples) for samples in imported)
    importers = _importer_peaks(ground)
    watcher = usage(ground.pid(f"watcher-{ground.route.exporting}"))
    count = ground.effort.exports
    rows = (
        _seconds("import of the handler, CPU", cpu.median, IMPORT_GOAL),
        _seconds("import of the handler, wall clock", wall.median, None),
        _megabytes("memory after the import", peak.median, None),
        _megabytes(
            f"highest memory of an importer's process ({len(importers)} looked at)", max(importers), IMPORTER_GOAL
        ),
        _megabytes(f"memory of the watcher with {count} exports", watcher.resident, WATCHER_GOAL),
        _megabytes(f"highest memory of the watcher with {count} exports", watcher.peak, None),
    )
    note = (
        f"Import: median of {cpu.count} fresh processes (CPU at most {cpu.worst:.2f} s) from the bundle made for this "
        "host, with bytecode; boto3 is the runtime's, as in Lambda. Importers: after everything this run sent them."
    )
    return [Table("Size", ("what", "measured", "goal", "goal met"), rows, (note,))]


def _imported(ground: Ground) -> list[list[float]]:
    cache = cache_folder(ground.environ)
    python = ministack_python(ground.root, cache=cache, say=ground.say)
    made = bundle(ground.root, host_target(), cache=cache, say=ground.say)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(made.path) as archive:
            archive.extractall(folder)
        samples = [_start(python, folder) for _ in range(ground.effort.starts)]
    return [list(column) for column in zip(*samples, strict=True)]


def _start(python: Path, folder: str) -> list[float]:
    """Import in a fresh process; returns CPU seconds, seconds, MB."""
    command = [str(python), "-c", _PROGRAM, folder]
    environment = {"PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "us-east-1"}
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    numbers: list[float] = json.loads(answer.stdout)
    return numbers


def _importer_peaks(ground: Ground) -> list[float]:
    aws = ground.pid("local-aws")
    names = [member.importer for member in ground.sandbox.deployed.members.values()]
    return [usage(pid).peak for name in names for pid in functions(aws, name)]


def _seconds(what: str, measured: float, goal: float | None) -> tuple[str, ...]:
    return what, f"{measured:.2f} s", *_goal(measured, goal, "s")


def _megabytes(what: str, measured: float, goal: float | None) -> tuple[str, ...]:
    return what, f"{measured:.0f} MB", *_goal(measured, goal, "MB")


def _goal(measured: float, goal: float | None, unit: str) -> tuple[str, str]:
    return ("-", "-") if goal is None else (f"≤ {goal:g} {unit}", verdict(is_met=measured <= goal))
