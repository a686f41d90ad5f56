"""What of an export's labels and annotations a ServiceImport can have (pitfalls: reserved keys, free text)."""

import pytest

from cloudmap_mcs.domain.carried import annotations_taken, labels_taken, left_out


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("team", "web", True),
        ("example.com/team", "", True),
        ("a" * 63, "v" * 63, True),
        ("a" * 64, "v", False),
        ("team", "v" * 64, False),
        ("team", "-v", False),
        ("-team", "v", False),
        ("team\n", "v", False),
        ("team", "v\n", False),
        ("", "v", False),
        ("/team", "v", False),
        ("Example.com/team", "v", False),
        (f"{'a.' * 127}a/team", "v", False),
        ("a/b/team", "v", False),
        ("app.kubernetes.io/managed-by", "Helm", False),
        ("multicluster.kubernetes.io/service-name", "v", False),
        ("cloudmap-mcs/exported", "v", False),
        ("endpointslice.kubernetes.io/managed-by", "v", False),
    ],
)
def test_labels_are_taken_over_only_where_kubernetes_takes_them(key: str, value: str, fits: bool) -> None:
    pairs = ((key, value),)

    assert labels_taken(pairs) == (pairs if fits else ())
    assert left_out(pairs, ()) == (() if fits else (f"label {key}",))


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("note", "any text\n" + "x" * 1_000, True),
        ("example.com/note", "", True),
        ("no note", "v", False),
        ("Example.com/Note", "v", True),
        ("Example..com/note", "v", False),
        (f"{'A.' * 126}a/note", "v", True),
        (f"{'A.' * 127}a/note", "v", False),
        ("app.kubernetes.io/managed-by", "Helm", False),
        ("multicluster.kubernetes.io/derived-service", "v", False),
    ],
)
def test_annotations_are_taken_over_by_their_key_whatever_they_say(key: str, value: str, fits: bool) -> None:
    pairs = ((key, value),)

    assert annotations_taken(pairs) == (pairs if fits else ())
    assert left_out((), pairs) == (() if fits else (f"annotation {key}",))


def test_what_fits_is_taken_over_beside_what_does_not() -> None:
    labels = (("a b", "v"), ("team", "web"))

    assert labels_taken(labels) == (("team", "web"),)
    assert left_out(labels, labels) == ("label a b", "annotation a b")
