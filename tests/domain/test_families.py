"""IP families of a merged service: KEP-1645 leaves the rule open, so it is ours."""

import pytest

from cloudmap_mcs.domain import verdicts
from cloudmap_mcs.domain.merge import merge
from cloudmap_mcs.domain.model import Family
from tests.builders import an_export

V4, V6 = Family.IPV4, Family.IPV6


@pytest.mark.parametrize(
    ("families", "common", "losers"),
    [
        pytest.param([(V4,), (V4,)], (V4,), "", id="same"),
        pytest.param([(V6, V4), (V4, V6)], (V6, V4), "", id="oldest-decides-the-order"),
        pytest.param([(V4, V6), (V6,)], (V6,), "", id="intersection"),
        pytest.param([(V4,), (V4, V6)], (V4,), "", id="younger-has-more"),
        pytest.param([(V4,), (V6,)], (V4,), "b", id="nothing-in-common-is-skipped"),
        pytest.param([(V4, V6), (V4,), (V6,)], (V4,), "c", id="nothing-left-by-elders"),
        pytest.param([(V4,), (V6,), (V4, V6)], (V4,), "b", id="skipped-in-the-middle"),
        pytest.param([(), (V6,)], (V6,), "", id="oldest-names-none"),
        pytest.param([(V6,), ()], (V6,), "", id="younger-names-none"),
        pytest.param([()], (V4, V6), "", id="nobody-names-any"),
    ],
)
def test_families_are_intersected_so_that_each_reaches_every_backend(
    families: list[tuple[Family, ...]], common: tuple[Family, ...], losers: str
) -> None:
    """KEP-1645 wants a conflict where traffic could reach only some backends: only where a cluster was skipped."""
    exports = [
        an_export(name, created=at, families=held) for at, (name, held) in enumerate(zip("abc", families, strict=False))
    ]

    merged = merge(exports)

    assert merged.families == common
    assert [loser.cluster for conflict in merged.conflicts for loser in conflict.losers] == list(losers)


@pytest.mark.parametrize(
    ("families", "told"),
    [
        pytest.param([(V4,), (V6,)], "IPv4", id="all-of-the-oldest"),
        pytest.param([(V4, V6), (V4,), (V6,)], "IPv4 (what others leave of IPv4, IPv6)", id="less-than-the-oldest"),
        pytest.param([(), (V6,), (V4,)], "IPv6 (what others leave of IPv4, IPv6)", id="oldest-names-none"),
    ],
)
def test_a_conflict_claims_no_more_of_the_oldest_export_than_is_true(
    families: list[tuple[Family, ...]], told: str
) -> None:
    exports = [
        an_export(name, created=at, families=held) for at, (name, held) in enumerate(zip("abc", families, strict=False))
    ]

    (conflict,) = merge(exports).conflicts

    assert (conflict.held, conflict.holder) == (told, "a")
    assert verdicts.conflict([conflict], clusters=len(families), generation=1).message.startswith(
        f"ipFamilies: {told} of the oldest export (cluster a) holds, 1 of {len(families)} clusters disagree: "
    )
