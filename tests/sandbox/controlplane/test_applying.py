from sandbox.controlplane.applying import parse


def test_empty_documents_are_skipped_and_lists_stand_for_their_items() -> None:
    text = """
---
kind: Namespace
metadata: {name: shop}
---
# nothing but a comment
---
kind: List
items:
- {kind: Service, metadata: {name: one}}
- {kind: Service, metadata: {name: two}}
"""

    assert [manifest["metadata"]["name"] for manifest in parse(text)] == ["shop", "one", "two"]
