"""Specs 1 and 2: when a ServiceImport exists, and which labels it has."""

from tests.conformance.objects import Manifest, Offer, hello_export, hello_service
from tests.conformance.observing import gone, imported, stays
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand


@spec(1)
def test_an_import_exists_exactly_as_long_as_a_cluster_exports(trial: Trial) -> None:
    trial.start()
    imported(trial, trial.first)

    trial.offer(trial.second)
    stays(trial, trial.first, "after a second cluster exports the service")
    trial.unexport(trial.first)
    stays(trial, trial.first, f"after its own export is gone, though cluster {trial.second.name} still exports")
    trial.unexport(trial.second)

    gone(trial, trial.first, "though no cluster exports the service")


@spec(2)
def test_only_exported_labels_and_annotations_reach_the_import(trial: Trial) -> None:
    export = hello_export(exportedLabels={"dummy-label": "true"}, exportedAnnotations={"dummy-annotation": "true"})
    service = hello_service()
    trial.start(Offer(service=service, export=export))

    def check(found: Manifest) -> None:
        for field, exported in (("labels", "exportedLabels"), ("annotations", "exportedAnnotations")):
            there = found["metadata"].get(field, {})
            demand(export["spec"][exported].items() <= there.items(), f"exported {field} are missing: {there}")
            own = {**service["metadata"][field], **export["metadata"][field]}
            demand(not own.keys() & there.keys(), f"{field} came along that are not exported: {there}")

    imported(trial, trial.first, check)
