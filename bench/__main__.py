"""`python -m bench`: what `make bench` calls. Starts a sandbox of its own, measures, stops it again."""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.conditions import Load, conditions
from bench.ground import Effort, Ground, opened
from bench.measures import MEASURES, run
from bench.tables import Table, on_terminal, page
from sandbox.binaries.progress import Progress
from sandbox.errors import SandboxError
from sandbox.process import Processes, interruptible
from sandbox.starting import Site, start

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / ".sandbox" / "bench"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_WIDTH: Final = 150
INTRODUCTION: Final = (
    (
        "Written by `make bench`, which starts a sandbox of its own, measures for about 25 minutes and stops it again. "
        "Numbers are reported as they came out; nothing fails because of them."
    ),
)


def main(arguments: list[str]) -> int:
    """Measure; returns the exit status."""
    options = _options(arguments)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    try:
        with interruptible(), Processes(options.folder) as processes:
            return _measured(console, processes, options)
    except SandboxError as error:
        console.print(str(error), style="red", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130


def _options(arguments: list[str]) -> argparse.Namespace:
    effort = Effort()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=tuple(MEASURES), help="a measure; may be repeated")
    parser.add_argument("--samples", type=_positive, default=effort.samples, help="of each change (%(default)s)")
    parser.add_argument("--rounds", type=_positive, default=effort.rounds, help="of bursts and calls (%(default)s)")
    parser.add_argument("--delay", type=_positive, action="append", help="of Cloud Map's operations, in ms; repeatable")
    parser.add_argument("--idle", type=_positive, default=effort.idle_seconds, help="seconds (%(default)g)")
    parser.add_argument("--exports", type=_positive, default=effort.exports, help="for memory (%(default)s)")
    parser.add_argument("--date", type=_date, help="written into the page (today)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="state of the sandbox (%(default)s)")
    parser.add_argument("--output", type=Path, help=f"the page to write ({PAGE}, if everything is measured in full)")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def _date(text: str) -> str:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()


def _effort(options: argparse.Namespace) -> Effort:
    effort = replace(Effort(), samples=options.samples, rounds=options.rounds, exports=options.exports)
    effort = replace(effort, idle_seconds=options.idle)
    return replace(effort, delays=tuple(options.delay)) if options.delay else effort


def _measured(console: Console, processes: Processes, options: argparse.Namespace) -> int:
    effort = _effort(options)
    progress = Progress(console)
    environ = dict(os.environ)  # noqa: TID251 - a door: here the environment comes in
    date = options.date or datetime.now(UTC).date().isoformat()  # noqa: TID251 - the same for the time
    before = os.getloadavg()[0]
    sandbox = start(Site(ROOT, options.folder, environ, processes, progress))
    names = options.only or tuple(MEASURES)
    with opened(sandbox) as route:
        ground = Ground(ROOT, environ, sandbox, route, effort, progress.say)
        results = run(ground, names, lambda table: console.print(on_terminal(table)))
        stated = conditions(ground, date, Load(before, os.getloadavg()[0]), results.took)
    console.print(on_terminal(stated))
    is_whole = effort == Effort() and set(names) == set(MEASURES)
    if target := options.output or (PAGE if is_whole else None):
        _write(target, [stated, *results.tables])
        console.print(f"written to {target}", markup=False, highlight=False)
    return 0


def _write(target: Path, tables: list[Table]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(INTRODUCTION, tables), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
