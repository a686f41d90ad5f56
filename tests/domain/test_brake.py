import pytest

from cloudmap_mcs.domain.brake import holds


@pytest.mark.parametrize(
    ("removals", "total", "is_held"),
    [
        pytest.param(0, 0, False, id="nothing"),
        pytest.param(10, 10, False, id="all-of-ten"),
        pytest.param(11, 11, True, id="all-of-eleven"),
        pytest.param(11, 43, True, id="just-over-a-quarter"),
        pytest.param(11, 44, False, id="exactly-a-quarter"),
        pytest.param(11, 45, False, id="just-under-a-quarter"),
        pytest.param(250, 1_000, False, id="many-but-a-quarter"),
        pytest.param(251, 1_000, True, id="many-and-more"),
    ],
)
def test_the_brake_holds_above_ten_and_above_a_quarter(removals: int, total: int, is_held: bool) -> None:
    assert holds(removals, total) is is_held
