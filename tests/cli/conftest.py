"""The folder that commands run in."""

import json
from pathlib import Path

import pytest

from tests.cli.rendered import BUNDLE, CLUSTERSET, OUTPUTS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run every command in a folder with all the files it may read."""
    monkeypatch.chdir(tmp_path)
    Path("clusterset.yaml").write_text(CLUSTERSET, encoding="utf-8")
    Path("outputs.json").write_text(json.dumps(OUTPUTS), encoding="utf-8")
    Path("bundle.json").write_text(json.dumps(BUNDLE), encoding="utf-8")
    return tmp_path
