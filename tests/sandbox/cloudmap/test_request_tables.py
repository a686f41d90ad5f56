"""The simulator's tables against the service model that botocore ships."""

import re
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from sandbox.cloudmap.errors import STATUS
from sandbox.cloudmap.registry import HANDLERS
from sandbox.cloudmap.requests import REQUESTS
from sandbox.cloudmap.shapes import Many, Record, Shape, Table, Text, Whole
from sandbox.cloudmap.wire import TARGET_PREFIX


@pytest.fixture(scope="module")
def model() -> ServiceModel:
    session = botocore.session.get_session()
    return ServiceModel(session.get_component("data_loader").load_service_model("servicediscovery", "service-2"))


def test_every_operation_of_the_model_is_simulated(model: ServiceModel) -> None:
    assert set(REQUESTS) == set(HANDLERS) == set(model.operation_names)
    assert f"{model.metadata['targetPrefix']}." == TARGET_PREFIX


@pytest.mark.parametrize("operation", sorted(REQUESTS))
def test_request_table_equals_the_model(model: ServiceModel, operation: str) -> None:
    expected = _of_model(model.operation_model(operation).input_shape)

    assert _of_table(REQUESTS[operation]) == expected


def test_error_statuses_equal_the_model(model: ServiceModel) -> None:
    modelled = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes}

    assert {code: STATUS[code] for code in modelled} == modelled


def _of_model(shape: Any) -> Any:
    limits = shape.metadata
    if shape.type_name == "structure":
        members = {name: _of_model(member) for name, member in shape.members.items()}
        return ("structure", members, sorted(shape.required_members))
    if shape.type_name == "list":
        return ("list", _of_model(shape.member), limits.get("min", 0), limits.get("max"))
    if shape.type_name == "map":
        return ("map", _of_model(shape.key), _of_model(shape.value), limits.get("min", 0))
    if shape.type_name in ("integer", "long"):
        return ("integer", limits["min"], limits["max"])
    return ("string", limits.get("min", 0), limits.get("max"), limits.get("pattern"), sorted(limits.get("enum", [])))


def _of_table(shape: Shape) -> Any:
    match shape:
        case Record():
            return (
                "structure",
                {name: _of_table(member) for name, member in shape.members.items()},
                sorted(shape.required),
            )
        case Many():
            return ("list", _of_table(shape.item), shape.low, shape.high)
        case Table():
            return ("map", _of_table(shape.key), _of_table(shape.value), shape.low)
        case Whole():
            return ("integer", shape.low, shape.high)
        case Text():
            pattern = shape.pattern.pattern if isinstance(shape.pattern, re.Pattern) else None
            return ("string", shape.low, shape.high, pattern, sorted(shape.options))
        case _:
            raise AssertionError(f"a shape nobody compares: {shape}")
