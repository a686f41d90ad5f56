"""Whose EKS token is it: asked of the local AWS, as an API server with a token webhook asks."""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE_SECONDS: Final = 2.0
"""As long as the sandbox's own API servers keep an answer."""
_ANSWER_SECONDS: Final = 10.0
_KEPT: Final = 1000


class TokenRefusedError(Exception):
    """Nobody vouches for the token."""


@dataclass(frozen=True, slots=True)
class User:
    """A Kubernetes user as a TokenReview names it."""

    name: str
    groups: tuple[str, ...]


def ask_webhook(url: str, token: str) -> User:
    """Put a token to a TokenReview webhook; TokenRefusedError if it is not vouched for, or nobody answers."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - the local AWS
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - the same
            status = json.load(answer)["status"]
    except (OSError, ValueError, KeyError) as error:
        raise TokenRefusedError(f"the local AWS gave no review: {error}") from error
    name = status.get("user", {}).get("username", "")
    if not status.get("authenticated") or not name:
        raise TokenRefusedError(status.get("error") or "the local AWS does not know this token")
    return User(name, tuple(status["user"].get("groups") or ()))


class Reviews:
    """Remembers for two seconds whom a token belongs to; refusals are asked again every time. Threads share it."""

    def __init__(self, ask: Callable[[str], User], monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, User]] = {}
        self._lock = threading.Lock()

    def user(self, token: str) -> User:
        """Return the token's owner; TokenRefusedError."""
        now = self._monotonic()
        with self._lock:
            until, user = self._known.get(token, (now, None))
        if user is not None and now < until:
            return user
        user = self._ask(token)
        with self._lock:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[token] = (now + CACHE_SECONDS, user)
        return user
