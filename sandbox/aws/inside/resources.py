"""What every CloudFormation type that ministack is given has in common."""

from __future__ import annotations

import json
from typing import Any

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]
"""Physical id and attributes."""


class Resource:
    """A CloudFormation type; ValueError fails the resource, as the real one would with the same words."""

    replaced_by: tuple[str, ...] = ()
    """Properties of which a change makes a new resource."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        raise NotImplementedError

    def change(self, physical_id: str, properties: Properties) -> Made:
        raise NotImplementedError

    def delete(self, physical_id: str, properties: Properties) -> None:
        raise NotImplementedError

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
        if all(old.get(name) == new.get(name) for name in self.replaced_by):
            return self.change(physical_id, new)
        made = self.create(physical_id, new, stack)
        self.delete(physical_id, old)
        return made


def answered(response: tuple[int, Any, bytes], what: str, *, missing_is_fine: bool = False) -> dict[str, Any]:
    """Return the body of ministack's own answer, or raise what it says."""
    status, _, body = response
    if status == 404 and missing_is_fine:  # noqa: PLR2004 -- HTTP
        return {}
    if status >= 400:  # noqa: PLR2004 -- HTTP
        raise ValueError(f"{what}: {body!r}")
    return dict(json.loads(body or b"{}"))


def selected(properties: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


def lower_keys(properties: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the named properties as the EKS API spells them."""
    return {name[0].lower() + name[1:]: properties[name] for name in names if name in properties}
