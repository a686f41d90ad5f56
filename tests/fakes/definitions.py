"""What an API server does with a CustomResourceDefinition."""

from collections.abc import Iterator
from typing import Any

Raw = dict[str, Any]


def established(raw: Raw) -> bool:
    conditions = (raw.get("status") or {}).get("conditions") or ()
    return any(item["type"] == "Established" and item["status"] == "True" for item in conditions)


def served_by(raw: Raw) -> Iterator[tuple[str, tuple[str, str, bool]]]:
    spec = raw["spec"]
    for version in spec["versions"]:
        if version["served"]:
            entry = (spec["names"]["plural"], spec["names"]["kind"], spec["scope"] == "Namespaced")
            yield f"{spec['group']}/{version['name']}", entry


def storage_of(raw: Raw) -> str:
    return str(next(version["name"] for version in raw["spec"]["versions"] if version["storage"]))


def with_stored_versions(raw: Raw) -> str | None:
    """Note the storage version among those ever stored; return why the definition is refused, if it is."""
    status = raw.setdefault("status", {})
    stored = status.setdefault("storedVersions", [])
    if storage_of(raw) not in stored:
        stored.append(storage_of(raw))
    missing = set(stored) - {version["name"] for version in raw["spec"]["versions"]}
    return f"must appear in spec.versions: {', '.join(sorted(missing))}" if missing else None
