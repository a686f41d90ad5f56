"""`python -m sandbox.cloudmap`: run the simulator in the foreground until SIGTERM or SIGINT."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sandbox.cloudmap.server import LOOPBACK, start
from sandbox.cloudmap.settings import Settings, SettingsError, change

_OPTIONS = {
    "operation_delay": "time until an accepted operation succeeds, e.g. 100ms",
    "lag": "age of what DiscoverInstances shows",
    "health_delay": "time until a custom health status counts",
    "throttle": "aws: the token buckets of a real account",
    "default_account": "account of callers whose access key is not 12 digits",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.cloudmap", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="IPv4 address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port there; 0 (the default) takes a free one")
    parser.add_argument("--seed", type=int, help="seed of everything random")
    parser.add_argument("--settings", type=Path, help="JSON file of settings; GET /_simulator/settings shows them all")
    for name, text in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=text)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    given: Any = json.loads(arguments.settings.read_text()) if arguments.settings else {}
    options = {name: getattr(arguments, name) for name in _OPTIONS if getattr(arguments, name) is not None}
    return change(change(Settings(), given), options)


def main(argv: list[str]) -> int:
    """Start, print one JSON line with the address, wait for a signal, stop."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    stops = {signal.SIGTERM, signal.SIGINT}
    # Blocked before any thread starts, so that the signal reaches sigwait and nothing else.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        running = start(_settings(arguments), host=arguments.host, port=arguments.port, seed=arguments.seed)
    except (SettingsError, ValueError, OSError) as error:
        parser.error(str(error))
    print(json.dumps({"url": running.url, "port": running.port, "pid": os.getpid()}), flush=True)
    signal.sigwait(stops)
    running.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
