"""Whose token is it: asked of the API server that issued it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

AUDIENCE: Final = "pods.eks.amazonaws.com"
_PREFIX: Final = "system:serviceaccount:"


class Reviewer(Protocol):
    """An API server, as somebody who may create TokenReviews."""

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]: ...


class TokenRefusedError(Exception):
    """Nobody's token, another audience's, or one of somebody who is no ServiceAccount."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The owner of a token; pod is empty for a token that is not bound to one."""

    namespace: str
    name: str
    pod: str = ""
    pod_uid: str = ""


def review(reviewer: Reviewer, token: str) -> ServiceAccount:
    """Return the owner of a token for pods.eks.amazonaws.com; TokenRefusedError if the API server does not vouch."""
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [AUDIENCE]},
    }
    status = reviewer.create("/apis/authentication.k8s.io/v1/tokenreviews", body)["status"]
    if not status.get("authenticated"):
        raise TokenRefusedError(status.get("error", "the API server does not know this token"))
    if AUDIENCE not in status.get("audiences", []):
        raise TokenRefusedError(f"the token is not for the audience {AUDIENCE}")
    user = status["user"]
    namespace, _, name = user["username"].removeprefix(_PREFIX).partition(":")
    if not user["username"].startswith(_PREFIX) or not name:
        raise TokenRefusedError(f"{user['username']} is no ServiceAccount")
    extra = user.get("extra", {})

    def first(key: str) -> str:
        return next(iter(extra.get(f"authentication.kubernetes.io/{key}", [])), "")

    return ServiceAccount(namespace, name, first("pod-name"), first("pod-uid"))
