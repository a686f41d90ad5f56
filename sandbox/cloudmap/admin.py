"""The paths under `/_simulator/` by which a test reads and changes the simulator while it runs."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cloudmap.settings import SettingsError, to_mapping
from sandbox.cloudmap.sharing import read_share
from sandbox.cloudmap.simulator import Simulator

PREFIX = "/_simulator/"

Answer = tuple[int, Any]


def _get_settings(simulator: Simulator, _body: bytes) -> Answer:
    return 200, to_mapping(simulator.settings)


def _put_settings(simulator: Simulator, body: bytes) -> Answer:
    try:
        return 200, to_mapping(simulator.change_settings(json.loads(body)))
    except SettingsError as error:
        return 400, {"problems": list(error.problems)}
    except ValueError as error:
        return 400, {"problems": [f"body: not JSON: {error}"]}


def _get_stats(simulator: Simulator, _body: bytes) -> Answer:
    return 200, {**simulator.stats.dump(), "cpuSeconds": time.process_time()}


def _delete_stats(simulator: Simulator, _body: bytes) -> Answer:
    simulator.stats.reset()
    return 200, {}


def _get_state(simulator: Simulator, _body: bytes) -> Answer:
    return 200, simulator.dump()


def _put_share(simulator: Simulator, body: bytes) -> Answer:
    try:
        simulator.share(read_share(json.loads(body)))
    except SettingsError as error:
        return 400, {"problems": list(error.problems)}
    except ValueError as error:
        return 400, {"problems": [f"body: not JSON: {error}"]}
    return 200, {}


def _delete_share(simulator: Simulator, body: bytes) -> Answer:
    return 200, {"removed": simulator.unshare(json.loads(body)["name"])}


def _reset(simulator: Simulator, _body: bytes) -> Answer:
    simulator.reset()
    return 200, {}


ROUTES: Mapping[tuple[str, str], Callable[[Simulator, bytes], Answer]] = {
    ("GET", "settings"): _get_settings,
    ("PUT", "settings"): _put_settings,
    ("GET", "stats"): _get_stats,
    ("DELETE", "stats"): _delete_stats,
    ("GET", "state"): _get_state,
    ("POST", "reset"): _reset,
    ("PUT", "share"): _put_share,
    ("DELETE", "share"): _delete_share,
}


def answer_admin(simulator: Simulator, method: str, path: str, body: bytes) -> Answer:
    """Return status and JSON answer of one admin request; 404 lists what there is."""
    route = ROUTES.get((method, path.removeprefix(PREFIX)))
    if route is None:
        return 404, {
            "problems": [f"{method} {path}: there is only " + ", ".join(f"{m} {PREFIX}{p}" for m, p in ROUTES)]
        }
    return route(simulator, body)
