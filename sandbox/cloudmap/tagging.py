"""Tags of namespaces and services; instances have none."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloudmap.access import find_tagged
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.model import Call, State
from sandbox.cloudmap.operations import Desk


def checked_tags(
    state: State, given: Sequence[Mapping[str, str]], present: Mapping[str, str], resource: str
) -> dict[str, str]:
    """Return the tags after adding `given`; InvalidInput for a reserved or double key, TooManyTagsException."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) != len(keys) or any(key.lower().startswith("aws:") for key in keys):
        raise ApiError("InvalidInput", "Tag keys must be different and must not start with aws:.")
    merged = {**present, **{tag["Key"]: tag["Value"] for tag in given}}
    quota = state.settings.quotas.tags_per_resource
    if len(merged) > quota:
        raise ApiError("TooManyTagsException", f"A resource can have {quota} tags.", ResourceName=resource)
    return merged


def tag_resource(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    resource = find_tagged(state, call.caller, call.params["ResourceARN"])
    present = state.tags.get(resource, {})
    state.tags[resource] = checked_tags(state, call.params["Tags"], present, call.params["ResourceARN"])
    return {}


def untag_resource(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    resource = find_tagged(state, call.caller, call.params["ResourceARN"])
    gone = set(call.params["TagKeys"])
    state.tags[resource] = {key: value for key, value in state.tags.get(resource, {}).items() if key not in gone}
    return {}


def list_tags_for_resource(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    resource = find_tagged(state, call.caller, call.params["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in state.tags.get(resource, {}).items()]}
