import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudmap_mcs.cloudmap import text
from cloudmap_mcs.errors import MalformedRecordError
from tests.cloudmap.strategies import hostile_text


@given(hostile_text | st.text(st.characters(codec=None), max_size=30), st.text(" ,;=", max_size=4))
def test_any_text_is_escaped_to_printable_ascii_and_back(value: str, reserved: str) -> None:
    escaped = text.escape(value, reserved)

    assert escaped.isascii()
    assert escaped.isprintable()
    assert not set(escaped) & set(reserved)
    assert text.unescape(escaped) == value


@given(st.text("ab %2", max_size=5_000))
@example(" " * 3_000)
@example("a" * 1_023 + " b")
@example("a" * 1_024 + " ")
@example("a" * 1_024 + " b")
def test_long_text_is_cut_into_values_that_neither_start_nor_end_with_a_space(value: str) -> None:
    escaped = text.escape(value, "")
    attributes: dict[str, str] = {}

    text.write_text(attributes, "name", escaped)

    assert all(0 < len(piece) <= 1_024 and piece == piece.strip(" ") for piece in attributes.values())
    assert text.unescape(text.read_text(attributes, "name")) == value


@pytest.mark.parametrize("value", [None, "", "-", "--", "a", "%2D"])
def test_nothing_differs_from_every_text(value: str | None) -> None:
    assert text.unescape_optional(text.escape_optional(value, "")) == value


@pytest.mark.parametrize("value", ["", "-1", "1.0", " 1", "1_0", "\u0661", "0x1", "1e3", "9" * 14, "9" * 5_000])
def test_what_is_not_a_plain_number_is_malformed(value: str) -> None:
    with pytest.raises(MalformedRecordError, match="generation"):
        text.number(value, "generation")


def test_foreign_text_is_shown_cut_and_without_control_characters() -> None:
    assert text.quoted("a\x1b[31m\n" + "x" * 1_000) == ascii("a\x1b[31m\n" + "x" * 53)
