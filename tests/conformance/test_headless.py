"""Specs 12 to 14: headless services, and one that cannot be exported."""

from tests.conformance.objects import HELLO, Offer, hello_service
from tests.conformance.observing import condition, gone, imported, imported_everywhere, stays_away
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need
from tests.conformance.waiting import SLOW_POLL, STEADY_SECONDS


@spec(12)
def test_a_headless_service_is_imported_as_headless_in_each_cluster(trial: Trial) -> None:
    trial.start(Offer(service=hello_service(clusterIP="None")))

    imported_everywhere(trial, "Headless")
    trial.unexport(trial.first)

    for cluster in trial.clusters:
        gone(trial, cluster, "after the unexport")


@spec(13)
def test_a_headless_import_has_no_clusterset_ip(trial: Trial) -> None:
    trial.start(Offer(service=hello_service(clusterIP="None")))
    imported(trial, trial.first)

    def has_none() -> None:
        found = trial.first.find("ServiceImport", HELLO, trial.namespace)
        need(found, "the ServiceImport has gone")
        ips = (found or {})["spec"].get("ips")
        demand(not ips, f"the headless ServiceImport has the addresses {ips}")

    trial.waiting.throughout(STEADY_SECONDS, has_none, every=SLOW_POLL)


@spec(14)
def test_an_external_name_is_not_exported(trial: Trial) -> None:
    trial.start(Offer(service=hello_service(type="ExternalName", externalName="example.com", ipFamilyPolicy=None)))

    condition(trial, trial.first, "Valid", "False")
    stays_away(trial, trial.first, "for an ExternalName service")
