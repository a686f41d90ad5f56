"""What users and foreigners get wrong: a condition that helps, a line in the log, and nobody else is in the way."""

import json

import pytest

from tests.e2e.waiting import eventually
from tests.e2e.whole.lab import Lab

pytestmark = pytest.mark.e2e


def test_an_export_without_its_service_says_so_and_resumes_by_itself(lab: Lab) -> None:
    namespace = lab.fresh_namespace()
    lab.east.export(namespace)
    eventually("the reason", lambda: lab.east.condition(namespace, "Valid")[:2] == ("False", "NoService"))
    assert "no Service web" in lab.east.condition(namespace, "Valid")[2]

    lab.east.service(namespace)
    lab.east.endpoints(namespace, "web", "10.201.8.1")
    eventually("the import", lambda: lab.west.addresses(namespace) == {"10.201.8.1"})
    lab.east.client.delete(f"/api/v1/namespaces/{namespace}/services/web")
    eventually("the import is gone", lambda: not lab.west.owned(namespace))
    assert lab.east.condition(namespace, "Valid")[:2] == ("False", "NoService")


def test_an_external_name_cannot_be_exported(lab: Lab) -> None:
    namespace = lab.fresh_namespace()
    lab.east.service(namespace, type="ExternalName", externalName="example.com", ports=[])
    lab.east.export(namespace)

    eventually("the reason", lambda: lab.east.condition(namespace, "Valid")[:2] == ("False", "InvalidServiceType"))
    assert "ExternalName" in lab.east.condition(namespace, "Valid")[2]
    assert lab.west.imported(namespace) is None


def test_labels_that_do_not_fit_into_a_record_are_refused_with_numbers(lab: Lab) -> None:
    namespace = lab.fresh_namespace()
    lab.east.service(namespace)
    lab.east.endpoints(namespace, "web", "10.201.8.2")
    lab.east.export(namespace, exportedAnnotations={f"example.com/{number}": "x" * 900 for number in range(8)})

    eventually("the reason", lambda: lab.east.condition(namespace, "Ready")[:2] == ("False", "Failed"))
    message = lab.east.condition(namespace, "Ready")[2]
    assert any(character.isdigit() for character in message), message
    assert not lab.instances_or_none(namespace)


def test_malformed_and_foreign_instances_are_reported_and_in_nobodys_way(lab: Lab) -> None:
    namespace = lab.exported("10.201.8.3")
    client = lab.sandbox.aws.client("servicediscovery")
    service = lab.service_id(namespace)
    head = lab.instances(namespace)["east"]
    client.register_instance(ServiceId=service, InstanceId="stranger", Attributes={"AWS_INSTANCE_IPV4": "1.2.3.4"})
    client.register_instance(
        ServiceId=service, InstanceId="west", Attributes={**head, "cluster": "west", "generation": "no"}
    )
    eventually("both are there", lambda: len(lab.instances(namespace)) == 3)

    report = lab.invoke(lab.west, resync={"namespace": namespace, "service": "web"})
    lab.east.endpoints(namespace, "web", "10.201.8.4")

    problems = " ".join(report["keys"][f"{namespace}/web"]["errors"])
    assert "stranger" in problems
    assert "west" in problems
    eventually("the change", lambda: lab.west.addresses(namespace) == {"10.201.8.4"})


def test_an_unknown_message_goes_to_the_dead_letters_and_stops_no_other(lab: Lab) -> None:
    queues = lab.sandbox.deployed.members["west"]
    sqs = lab.sandbox.aws.client("sqs")
    body = json.dumps({"source": "somebody", "detail-type": "Something", "detail": {"marker": "e2e"}})
    sqs.send_message(QueueUrl=queues.queue_url, MessageBody=body)
    namespace = lab.exported("10.201.8.5")

    def dead() -> bool:
        found = sqs.receive_message(QueueUrl=queues.dead_letter_queue_url, VisibilityTimeout=0).get("Messages", ())
        return any(item["Body"] == body for item in found)

    eventually("the message among the dead letters", dead, seconds=60)
    assert lab.west.addresses(namespace) == {"10.201.8.5"}
