"""docs/permissions.md is what the code says."""

from pathlib import Path

from cloudmap_mcs.clusterset import parse
from tests.infra.conftest import synthesize
from tests.permissions.everything import EVERYTHING
from tests.permissions.granted import granted
from tests.permissions.page import page
from tests.permissions.place import HEAD, PAGE
from tests.permissions.principals import sections


def test_the_page_is_up_to_date() -> None:
    written = page(HEAD.read_text(encoding="utf-8"), sections())

    assert PAGE.read_text(encoding="utf-8") == written, "write docs/permissions.md anew: make docs"


def test_the_page_has_every_action_that_any_template_grants_and_no_other(tmp_path: Path) -> None:
    synthesize(parse(EVERYTHING, source="everything"), tmp_path)
    told = {
        (kind, action)
        for section in sections()
        for kind in section.kinds
        for grant in section.grants
        for action in grant.rights
    }

    assert granted(tmp_path / "out") == told
