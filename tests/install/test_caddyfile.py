"""Words and structure of a Caddyfile. What CoreDNS's own lexer makes of these texts was looked up by running it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.install.caddyfile import CaddyfileError, parse, tokens

WORDS = [
    pytest.param("a b\tc\u00a0d\u2028e", ["a", "b", "c", "d", "e"], id="white-space"),
    pytest.param("a\x1cb\u200b", ["a\x1cb\u200b"], id="no-white-space"),
    pytest.param("a\r\nb\rc", ["a", "bc"], id="carriage-returns"),
    pytest.param("\ufeffa \ufeff", ["a", "\ufeff"], id="byte-order-mark"),
    pytest.param("a # b {\nc", ["a", "c"], id="comment"),
    pytest.param("a#b c #d e\nf", ["a", "c", "f"], id="comment-that-touches-a-word"),
    pytest.param("#a b\nc", ["c"], id="comment-line"),
    pytest.param("a{ {} }b { }", ["a{", "{}", "}b", "{", "}"], id="braces-are-words-of-their-own"),
    pytest.param('a"b c"', ['a"b', 'c"'], id="quotes-within-a-word"),
    pytest.param('"a b"c "d # e"', ["a b", "c", "d # e"], id="quotes"),
    pytest.param(r'"a \"b\" \\ \n"', [r'a "b" \\ \n'], id="escapes"),
    pytest.param('"a\nb" c', ["a\nb", "c"], id="quoted-line-break"),
    pytest.param('"" a', ["", "a"], id="empty-quotes"),
]


def words(text: str) -> list[str]:
    return [token.text for token in tokens(text)]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_words_are_cut_as_coredns_cuts_them(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_every_word_knows_its_place() -> None:
    text = 'a b#c\r\n  "d\ne" f\r\n'

    assert [(text[token.start : token.end], token.line, token.last_line) for token in tokens(text)] == [
        ("a", 1, 1),
        ("b", 1, 1),
        ('"d\ne"', 2, 3),
        ("f", 3, 3),
    ]


@given(st.text(alphabet=st.sampled_from('ab{}#"\\ \t\r\n,')))
def test_words_stand_in_the_text_in_their_order(text: str) -> None:
    try:
        found = list(tokens(text))
    except CaddyfileError:
        return

    ends = [0, *(token.end for token in found)]
    assert all(before <= token.start < token.end for before, token in zip(ends, found, strict=False))
    assert all(token.quoted or text[token.start : token.end].replace("\r", "") == token.text for token in found)


def shape(text: str) -> list[tuple[list[str], list[str]]]:
    """Each server or snippet: its names, and its directives in a line each."""
    return [
        (
            [key.text for key in block.keys],
            [" ".join(token.text for token in (d.name, *d.rest)) for d in block.directives],
        )
        for block in parse(text).blocks
    ]


STRUCTURES = [
    pytest.param("", [], id="empty"),
    pytest.param(".:53", [([".:53"], [])], id="only-a-name"),
    pytest.param(".:53 {\n}", [([".:53"], [])], id="empty-server"),
    pytest.param(".\n{\nlog\n}", [(["."], ["log"])], id="brace-in-the-next-line"),
    pytest.param(". { log\nerrors }x\n}", [(["."], ["log", "errors }x"])], id="directive-beside-the-brace"),
    pytest.param("a,\n b c,\nd {\n}", [(["a,", "b", "c,", "d"], [])], id="names-over-lines"),
    pytest.param(".\nlog\ncache 30 {\nx y\n}\n", [(["."], ["log", "cache 30 { x y }"])], id="no-braces"),
    pytest.param(". {\na\n{\nb\n{\nc\n}\n}\nd\n}", [(["."], ["a { b { c } }", "d"])], id="nested"),
    pytest.param(". {\na {\nb } c\nd\n}", [(["."], ["a { b } c", "d"])], id="words-behind-a-brace"),
    pytest.param('. {\na "b\nc" d\ne\n}', [(["."], ["a b\nc d", "e"])], id="line-goes-on-behind-quotes"),
    pytest.param("(s) { a\nb { c }\n}\n.{ {\n}", [(["(s)"], ["a", "b { c }"]), ([".{"], [])], id="snippet"),
    pytest.param("(s) { a }\n", [(["(s)"], ["a"])], id="snippet-in-a-line"),
    pytest.param("a {\n} b {\n}", [(["a"], []), (["b"], [])], id="servers-in-a-line"),
    pytest.param("a {\n} import b {\n}", [(["a"], []), (["import", "b"], [])], id="import-that-begins-no-line"),
    pytest.param(". {\nimport x\nlog\n}", [(["."], ["import x", "log"])], id="import"),
]


@pytest.mark.parametrize(("text", "expected"), STRUCTURES)
def test_structure_is_that_of_coredns(text: str, expected: list[tuple[list[str], list[str]]]) -> None:
    assert shape(text) == expected


def test_imports_outside_of_servers_are_kept() -> None:
    found = parse("import a/*\n. {\n}\nimport b")

    assert [d.rest[0].text for d in found.imports] == ["a/*", "b"]
    assert len(found.blocks) == 1


MALFORMED = [
    pytest.param(". {\nlog", "line 1: a brace is opened and never closed", id="server-open"),
    pytest.param(". {\nlog {\n}", "line 1: a brace is opened and never closed", id="one-brace-for-two"),
    pytest.param(". {\nlog {\n", "line 2: a brace is opened and never closed", id="directive-open"),
    pytest.param("(s) {\nlog {\n}", "line 1: a brace is opened and never closed", id="snippet-open"),
    pytest.param(". {\n}\n}", "line 3: a closing brace has no opening brace", id="one-too-many"),
    pytest.param(".\nlog\n}", "line 3: a closing brace has no opening brace", id="closed-but-never-opened"),
    pytest.param(
        ". {\nlog }\n", "line 2: a closing brace must not stand in the line of log", id="brace-behind-a-plugin"
    ),
    pytest.param(". {\n{\n}\n}", "line 2: an opening brace has no name before it", id="braces-of-nothing"),
    pytest.param("{\n}", "line 1: the name of a server is missing", id="server-of-nothing"),
    pytest.param("a,\n{\n}", "line 2: the name of a server is missing", id="comma-too-many"),
    pytest.param("\n\na,", "line 3: the name of a server is missing", id="comma-at-the-end"),
    pytest.param("(s)\nlog", "line 1: the snippet (s) has no braces", id="snippet-without-braces"),
    pytest.param("import\n", "line 1: an import names one file, pattern or snippet", id="import-of-nothing"),
    pytest.param(". {\nimport a b\n}", "line 2: an import names one file, pattern or snippet", id="import-of-two"),
    pytest.param("a,\nimport b\n{\n}", "line 2: names of a server are imported", id="imported-names"),
    pytest.param('. {\nlog "a\n}', "line 2: a quote is never closed", id="quote"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
def test_malformed_text_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(CaddyfileError, match="^" + re.escape(message)):
        parse(text)
