"""The admin paths from the other side: for tests, benchmarks and the demo."""

import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sandbox.cloudmap.admin import PREFIX
from sandbox.cloudmap.settings import SettingsError

_TIMEOUT_SECONDS = 10


class SimulatorAdmin:
    """Reads and changes the simulator at `url`."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def settings(self) -> dict[str, Any]:
        return self._ask("GET", "settings")

    def change(self, **settings: Any) -> dict[str, Any]:
        """Replace some settings, e.g. `lag="200ms"`; returns all. SettingsError names the bad fields."""
        return self._ask("PUT", "settings", settings)

    def stats(self) -> dict[str, Any]:
        return self._ask("GET", "stats")

    def reset_stats(self) -> None:
        self._ask("DELETE", "stats")

    def state(self) -> dict[str, Any]:
        return self._ask("GET", "state")

    def share(self, name: str, namespaces: Sequence[str], accounts: Sequence[str]) -> None:
        """Share namespaces, by their ARNs, with accounts; replaces the share of that name."""
        self._ask("PUT", "share", {"name": name, "namespaces": list(namespaces), "accounts": list(accounts)})

    def unshare(self, name: str) -> None:
        self._ask("DELETE", "share", {"name": name})

    def reset(self) -> None:
        """Forget every resource, every share and all statistics; the settings stay."""
        self._ask("POST", "reset")

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, PREFIX + path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            answer: dict[str, Any] = json.load(response)
        finally:
            connection.close()
        if response.status == http.client.BAD_REQUEST:
            raise SettingsError(tuple(answer["problems"]))
        return answer
