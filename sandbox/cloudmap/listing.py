"""Pages and filters of the List operations: Cloud Map takes a page first and filters it then."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.limits import LIST_PAGE

_VALUES_OF = {"EQ": 1, "BEGINS_WITH": 1, "BETWEEN": 2}


class _Numbered(Protocol):
    @property
    def sequence(self) -> int: ...


N = TypeVar("N", bound=_Numbered)


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter of a request."""

    name: str
    operator: str
    values: tuple[str, ...]

    def holds(self, value: Any) -> bool:
        """Tell whether a value satisfies the filter; times are compared as numbers."""
        if self.operator == "BEGINS_WITH":
            return isinstance(value, str) and value.startswith(self.values[0])
        if self.operator == "BETWEEN":
            return bool(float(self.values[0]) <= value <= float(self.values[1]))
        return value in self.values


def page_of(
    kind: str,
    params: Mapping[str, Any],
    items: Iterable[N],
    *,
    filters: Mapping[str, frozenset[str]] | None = None,
    holds: Callable[[N, Condition], bool] | None = None,
) -> tuple[list[N], dict[str, str]]:
    """Return one page of `items`, which come in their order, and the NextToken member if there is more.

    A token continues after the last item seen, so that what is created or deleted meanwhile neither repeats nor hides
    anything else.
    """
    conditions = _conditions(params.get("Filters", ()), filters or {})
    after = _decode(kind, params["NextToken"]) if "NextToken" in params else 0
    size = params.get("MaxResults", LIST_PAGE)
    ahead = list(islice((item for item in items if item.sequence > after), size + 1))
    page = ahead[:size]
    rest = {"NextToken": _encode(kind, page[-1].sequence)} if len(ahead) > size else {}
    if holds is None:
        return page, rest
    return [item for item in page if all(holds(item, condition) for condition in conditions)], rest


def _conditions(given: Iterable[Mapping[str, Any]], known: Mapping[str, frozenset[str]]) -> list[Condition]:
    conditions = []
    for entry in given:
        condition = Condition(entry["Name"], entry.get("Condition", "EQ"), tuple(entry["Values"]))
        if condition.operator not in known[condition.name]:
            allowed = ", ".join(sorted(known[condition.name]))
            raise ApiError("InvalidInput", f"Filter {condition.name} supports {allowed}, not {condition.operator}.")
        wanted = _VALUES_OF.get(condition.operator, len(condition.values))
        if len(condition.values) != wanted or not condition.values:
            raise ApiError("InvalidInput", f"Filter {condition.name} with {condition.operator} wants {wanted} values.")
        if condition.operator == "BETWEEN" and not all(_is_number(value) for value in condition.values):
            raise ApiError("InvalidInput", f"Filter {condition.name} wants times as seconds since 1970.")
        conditions.append(condition)
    return conditions


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and text.isascii()


def _encode(kind: str, after: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([kind, after]).encode()).decode()


def _decode(kind: str, token: str) -> int:
    try:
        found, after = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        found, after = None, None
    if found != kind or not isinstance(after, int):
        raise ApiError("InvalidInput", "NextToken is not one that this request was answered with.")
    return after
