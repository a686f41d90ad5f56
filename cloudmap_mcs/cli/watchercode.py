"""Where the watcher's code is: in an image of the user's own, or in zips that a JSON file describes."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.bundle import LAMBDA_PYTHON_IMAGE, Archive, Bundle

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
    arm64: _Archive
    amd64: _Archive
    image: Text = LAMBDA_PYTHON_IMAGE


def read_bundle(path: Path) -> Bundle:
    """Read region, bucket, one archive (key, sha256) for each of arm64 and amd64, and perhaps the image to run it.

    PermanentError: the file cannot be read, or something in it is wrong; the message has every mistake.
    """
    try:
        found = _Bundle.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PermanentError(f"{path} cannot be read ({error})") from error
    except ValidationError as error:
        mistakes = (f"  {'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors())
        raise PermanentError("\n".join((f"{path} does not describe a bundle:", *mistakes))) from error
    return Bundle(
        region=found.region,
        bucket=found.bucket,
        arm64=Archive(key=found.arm64.key, sha256=found.arm64.sha256),
        amd64=Archive(key=found.amd64.key, sha256=found.amd64.sha256),
        image=found.image,
    )
