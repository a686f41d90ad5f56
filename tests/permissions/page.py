"""docs/permissions.md, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.permissions.principals import WILDCARDS, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from infra.grants import Grant
    from infra.grants.trust import Trust
    from tests.permissions.principals import Rows


def page(head: str, sections: Sequence[Section]) -> str:
    """Write the page, which begins with `head`.

    ValueError if the same words stand for different ARNs, or if nobody says why an ARN has a wildcard.
    """
    parts = [head, *map(_section, sections), _words(section.grants for section in sections)]
    return "\n".join(parts)


def _section(section: Section) -> str:
    lines = [f"## {section.title}", "", section.what, ""]
    if section.role:
        lines += [f"Its role `{section.role}` is given to", "", *map(_trust, section.trusts), ""]
    if section.grants:
        lines += [*_actions(section.grants), ""]
    for rows in section.rows:
        lines += [f"In the cluster, {rows.where}:", ""]
        lines += [*_verbs(rows), ""]
    if section.more:
        lines += [section.more, ""]
    return "\n".join(lines)


def _trust(trust: Trust) -> str:
    conditions = "; ".join(_conditions(trust.conditions))
    return f"- {trust.who}: `{trust.name}`{f' if {conditions}' if conditions else ''}"


def _conditions(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for operator, keys in conditions.items():
        sign = "is like" if operator.endswith("Like") else "is"
        for key, value in keys.items():
            values = [value] if isinstance(value, str) else value
            yield f"`{key}` {sign} {' or '.join(f'`{each}`' for each in values)}"


def _actions(grants: Iterable[Grant]) -> Iterator[str]:
    rows = sorted(
        (action, grant.on, why, "; ".join(_conditions(grant.conditions)))
        for grant in grants
        for action, why in grant.rights.items()
    )
    heads = ("action", "on", "why", "if") if any(row[3] for row in rows) else ("action", "on", "why")
    yield from _table(heads, ((f"`{action}`", *rest) for action, *rest in rows))


def _verbs(rows: Rows) -> Iterator[str]:
    yield from _table(
        ("verbs", "on", "API group", "why"),
        (
            (
                ", ".join(sorted(grant.verbs)),
                f"`{grant.resource}`",
                f"`{grant.group}`" if grant.group else "core",
                grant.why,
            )
            for grant in rows.grants
        ),
    )


def _words(grants: Iterable[Iterable[Grant]]) -> str:
    """Write down which ARNs the words under "on" stand for."""
    known: dict[str, tuple[str, ...]] = {}
    for grant in (each for some in grants for each in some):
        if known.setdefault(grant.on, grant.resources) != grant.resources:
            raise ValueError(f"{grant.on!r} stands for {known[grant.on]} and for {grant.resources}")
    lines = ["## What the words stand for", ""]
    rows = ((on, "<br>".join(f"`{arn}`" for arn in known[on])) for on in sorted(known))
    lines += [*_table(("on", "ARN"), rows), ""]
    wild = dict.fromkeys(arn for arns in known.values() for arn in arns if "*" in arn)
    if missing := wild.keys() - WILDCARDS.keys():
        raise ValueError(f"nobody says why these have a wildcard: {', '.join(sorted(missing))}")
    reasons = ((f"`{arn}`", WILDCARDS[arn]) for arn in sorted(wild))
    return "\n".join([*lines, "Why some have a wildcard:", "", *_table(("ARN", "why"), reasons), ""])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _line(heads)
    yield _line(["---"] * len(heads))
    for row in rows:
        yield _line(row[: len(heads)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
