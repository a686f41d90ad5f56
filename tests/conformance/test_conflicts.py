"""Specs 3, 10, 11 and 15: two clusters disagree; the oldest export wins and both learn of it."""

from tests.conformance.objects import PORT, Manifest, Offer, hello_export, hello_service, port
from tests.conformance.observing import imported, imported_everywhere, in_conflict
from tests.conformance.ports import same_ports
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand


@spec(3)
def test_the_oldest_exports_labels_and_annotations_win(trial: Trial) -> None:
    winner = hello_export(exportedLabels={"dummy-label": "true"}, exportedAnnotations={"dummy-annotation": "true"})
    loser = hello_export(exportedLabels={"dummy-label2": "true"}, exportedAnnotations={"dummy-annotation2": "true"})
    trial.start(Offer(export=winner))
    trial.offer_later(trial.second, Offer(export=loser))

    def check(found: Manifest) -> None:
        for field, exported in (("labels", "exportedLabels"), ("annotations", "exportedAnnotations")):
            there = found["metadata"].get(field, {})
            demand(winner["spec"][exported].items() <= there.items(), f"the winner's {field} are missing: {there}")
            demand(not loser["spec"][exported].keys() & there.keys(), f"the loser's {field} are there: {there}")

    in_conflict(trial, (trial.first, trial.second))
    imported(trial, trial.first, check)


@spec(10)
def test_an_import_has_the_union_of_different_ports(trial: Trial) -> None:
    service, extra = hello_service(), port("stcp", 142, protocol="SCTP")
    other = hello_service(ports=[port("tcp"), extra])
    trial.start(Offer(service=service))
    trial.offer_later(trial.second, Offer(service=other))

    in_conflict(trial, (trial.first, trial.second))
    imported(trial, trial.first, lambda one: same_ports(one, [*service["spec"]["ports"], extra]))


@spec(11)
def test_the_oldest_exports_port_number_wins(trial: Trial) -> None:
    service = hello_service()
    trial.start(Offer(service=service))
    trial.offer_later(trial.second, Offer(service=hello_service(ports=[port("tcp", PORT + 1)])))

    in_conflict(trial, (trial.first, trial.second))
    imported(trial, trial.first, lambda one: same_ports(one, service["spec"]["ports"]))


@spec(15)
def test_the_oldest_exports_headlessness_wins(trial: Trial) -> None:
    trial.start()
    trial.offer_later(trial.second, Offer(service=hello_service(clusterIP="None")))

    in_conflict(trial, (trial.first, trial.second))
    imported_everywhere(trial, "ClusterSetIP")
