"""The watcher's world, with short waits."""

from collections.abc import Iterator

import pytest

from tests.watcher.world import Scene


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr("cloudmap_mcs.watcher.running.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("cloudmap_mcs.watcher.leading.RETRY_SECONDS", 0.05)
    scene = Scene()
    yield scene
    scene.troubles.lasting.clear()
    scene.troubles.then = lambda _: None
    scene.end()
