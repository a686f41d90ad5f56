"""Where the watcher's code is: in an image of the user's own, or in zips that a JSON file describes."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.bundle import Archive, Bundle

Text = Annotated[str, StringConstraints(min_length=1)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Archive(_Part):
    key: Text
    sha256: Sha256


class _Bundle(_Part):
    region: Text
    bucket: Text
    arm64: _Archive | None = None
    amd64: _Archive | None = None

    def archive(self, architecture: Literal["arm64", "amd64"]) -> Archive | None:
        found = self.arm64 if architecture == "arm64" else self.amd64
        return Archive(key=found.key, sha256=found.sha256) if found else None


def read_bundle(path: Path, *, image: str) -> Bundle:
    """Read region, bucket, and one archive (key, sha256) for arm64, amd64 or both; `image` is to run it.

    PermanentError: the file cannot be read, or something in it is wrong; the message has every mistake.
    """
    try:
        written = path.read_bytes()
    except OSError as error:
        raise PermanentError(f"{path} cannot be read ({error})") from error
    return _bundle(lambda: _Bundle.model_validate_json(written), source=str(path), image=image)


def told_bundle(told: Any, *, source: str, image: str) -> Bundle:
    """Return the bundle that a deploy's output tells of; `source` is what a PermanentError calls it."""
    return _bundle(lambda: _Bundle.model_validate(told), source=source, image=image)


def _bundle(validated: Callable[[], _Bundle], *, source: str, image: str) -> Bundle:
    try:
        found = validated()
    except ValidationError as error:
        mistakes = (f"  {'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in error.errors())
        raise PermanentError("\n".join((f"{source} does not describe a bundle:", *mistakes))) from error
    return Bundle(
        region=found.region,
        bucket=found.bucket,
        arm64=found.archive("arm64"),
        amd64=found.archive("amd64"),
        image=image,
    )
