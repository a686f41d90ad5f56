"""The admin paths from the other side: for tests, benchmarks and the demo."""

import http.client
import json
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

    def reset(self) -> None:
        """Forget every resource and all statistics; the settings stay."""
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
