"""How big the functions' zip is, how long their handlers take to import, what memory importer and watcher need."""

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
from infra.wheels import host_target, lambda_target
from sandbox.aws.venv import ministack_python

IMPORT_GOAL: Final = 0.9
"""CPU seconds."""
IMPORTER_GOAL: Final = 160.0
WATCHER_GOAL: Final = 110.0
"""MB."""
ZIP_GOAL: Final = 12.0
"""MB, for the functions' default architecture."""

_ARCHITECTURE: Final = "arm64"
_HANDLERS: Final = ("importer", "installer")

_PROGRAM: Final = """
import importlib, json, sys, time
sys.path.insert(0, sys.argv[1])
before = time.process_time(), time.perf_counter()
importlib.import_module(f"lambdas.{sys.argv[2]}.handler")
after = time.process_time(), time.perf_counter()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
memory = int(status["VmHWM"].split()[0]) * 1024 / 1_000_000
print(json.dumps([after[0] - before[0], after[1] - before[1], memory]))
"""


def measure(ground: Ground) -> list[Table]:
    """Measure importing first, then memory after all the work, with many exports."""
    imported = _imported(ground)
    ground.say(f"  {ground.effort.starts} imports of each handler: done")
    ground.set_delay(min(ground.effort.delays))
    export_until(ground, ground.effort.exports)
    importers = _importer_peaks(ground)
    watcher = usage(ground.pid(f"watcher-{ground.route.exporting}"))
    count = ground.effort.exports
    rows = (
        _megabytes(f"zip for Lambda on {_ARCHITECTURE}", _zipped(ground), ZIP_GOAL),
        *(row for name, columns in imported.items() for row in _import_rows(name, columns)),
        _megabytes(
            f"highest memory of an importer's process ({len(importers)} looked at)", max(importers), IMPORTER_GOAL
        ),
        _megabytes(f"memory of the watcher with {count} exports", watcher.resident, WATCHER_GOAL),
        _megabytes(f"highest memory of the watcher with {count} exports", watcher.peak, None),
    )
    note = (
        f"Import: medians of {ground.effort.starts} fresh processes each, from the bundle made for this host, with "
        "bytecode; boto3 is the runtime's, as in Lambda. Importers: after everything this run sent them."
    )
    return [Table("Size", ("what", "measured", "goal", "goal met"), rows, (note,))]


def _import_rows(handler: str, columns: list[list[float]]) -> list[tuple[str, ...]]:
    cpu, wall, peak = (spread(samples) for samples in columns)
    return [
        _seconds(f"import of the {handler}'s handler, CPU (at most {cpu.worst:.2f} s)", cpu.median, IMPORT_GOAL),
        _seconds(f"import of the {handler}'s handler, wall clock", wall.median, None),
        _megabytes(f"memory after the import of the {handler}'s handler", peak.median, None),
    ]


def _zipped(ground: Ground) -> float:
    """Return the MB that a deploy to AWS uploads for its functions."""
    made = bundle(ground.root, lambda_target(_ARCHITECTURE), cache=cache_folder(ground.environ), say=ground.say)
    return made.path.stat().st_size / 1_000_000


def _imported(ground: Ground) -> dict[str, list[list[float]]]:
    """Import each handler in fresh processes; returns by handler the samples of CPU seconds, of seconds and of MB."""
    cache = cache_folder(ground.environ)
    python = ministack_python(ground.root, cache=cache, say=ground.say)
    made = bundle(ground.root, host_target(), cache=cache, say=ground.say)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(made.path) as archive:
            archive.extractall(folder)
        samples = {name: [_start(python, folder, name) for _ in range(ground.effort.starts)] for name in _HANDLERS}
    return {name: [list(column) for column in zip(*starts, strict=True)] for name, starts in samples.items()}


def _start(python: Path, folder: str, handler: str) -> list[float]:
    """Import a handler in a fresh process; returns CPU seconds, seconds, MB."""
    command = [str(python), "-c", _PROGRAM, folder, handler]
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
