from cloudmap_mcs.domain.model import Gap, Record, ServiceKey
from cloudmap_mcs.reconcile.ledger import Ledger, Unread
from tests.builders import KEY, a_record, an_export

NOW = 1_700_000_000_000
MINUTE = 60_000
OTHER = ServiceKey("shop", "other")


def keys(count: int) -> list[ServiceKey]:
    return [ServiceKey("shop", f"s{number:03}") for number in range(count)]


def a_ledger(count: int) -> tuple[Ledger, list[ServiceKey]]:
    ledger, known = Ledger(), keys(count)
    for key in known:
        ledger.acknowledge(key, record_of(key))
    return ledger, known


def record_of(key: ServiceKey) -> Record:
    return a_record(an_export("a", key=key))


def disbelief(ledger: Ledger, lost: list[ServiceKey], key: ServiceKey, after_ms: int = 0) -> float:
    return ledger.disbelief(key, lost.__contains__, NOW + after_ms)


def test_what_nobody_asked_about_is_unread() -> None:
    ledger = Ledger()

    assert ledger.known(KEY) is ledger.last(KEY) is Unread.UNREAD
    assert not ledger.exported()


def test_an_inherited_key_counts_as_exported_until_the_registry_was_asked() -> None:
    ledger = Ledger()
    ledger.inherit([KEY, OTHER])
    assert ledger.exported() == {KEY, OTHER}
    assert ledger.known(KEY) is Unread.UNREAD

    ledger.acknowledge(KEY, None)
    ledger.acknowledge(OTHER, a_record(Gap.UNEXPORTED))

    assert ledger.exported() == {OTHER}


def test_doubt_has_everything_asked_again_and_forgets_what_is_not_there() -> None:
    ledger = Ledger()
    record = record_of(KEY)
    ledger.acknowledge(KEY, record)
    ledger.acknowledge(OTHER, None)

    assert ledger.doubt() == {KEY}
    assert ledger.known(KEY) is Unread.UNREAD
    assert ledger.last(KEY) == record
    assert ledger.exported() == {KEY}
    assert ledger.last(OTHER) is Unread.UNREAD

    ledger.acknowledge(KEY, record)
    assert ledger.known(KEY) == record


def test_a_write_that_may_have_arrived_equals_nothing_but_keeps_its_generation() -> None:
    ledger = Ledger()
    ledger.attempted(KEY, a_record(an_export("a"), 7))

    held = ledger.known(KEY)
    assert isinstance(held, Record)
    assert (held.generation, held.content) == (7, Gap.INCOMPLETE)


def test_the_first_of_many_lost_keys_is_disbelieved_like_the_last() -> None:
    ledger, known = a_ledger(40)

    assert [disbelief(ledger, known[:11], key) for key in known[:11]] == [120.0] * 11


def test_ten_lost_keys_or_a_quarter_of_all_are_believed_at_once() -> None:
    ledger, known = a_ledger(12)
    assert disbelief(ledger, known[:10], known[0]) == 0

    ledger, known = a_ledger(44)
    assert disbelief(ledger, known[:11], known[0]) == 0


def test_a_loss_that_stays_so_for_two_minutes_is_believed() -> None:
    ledger, known = a_ledger(20)
    disbelief(ledger, known, known[0])

    assert disbelief(ledger, known, known[5], MINUTE) == 60.0
    assert disbelief(ledger, known, known[5], 2 * MINUTE) == 0


def test_keys_that_come_back_end_the_disbelief_and_start_it_anew_when_they_go_again() -> None:
    ledger, known = a_ledger(20)
    disbelief(ledger, known, known[0])

    assert disbelief(ledger, known[:3], known[0], MINUTE) == 0

    ledger.found(known[0])
    assert disbelief(ledger, known, known[0], 3 * MINUTE) == 120.0


def test_what_goes_one_by_one_is_no_sudden_loss() -> None:
    """A test suite, or a person, that removes an export every few seconds until none is left."""
    ledger, known = a_ledger(30)
    waits = []
    for number, key in enumerate(known[:30]):
        waits.append(disbelief(ledger, [key], key, number * 2_000))
        ledger.acknowledge(key, a_record(Gap.UNEXPORTED))

    assert not any(waits)


def test_withdrawn_keys_count_with_those_that_go_soon_after() -> None:
    ledger, known = a_ledger(20)
    for key in known[:10]:
        assert disbelief(ledger, [key], key) == 0
        ledger.acknowledge(key, a_record(Gap.UNEXPORTED))

    assert disbelief(ledger, [known[10]], known[10], 9_000) == 120.0


def test_inherited_keys_that_are_not_on_offer_are_held_from_the_first_on() -> None:
    """A watcher that starts after its API server was restored from nothing."""
    ledger, inherited = Ledger(), keys(30)
    ledger.inherit(inherited)
    ledger.acknowledge(inherited[0], record_of(inherited[0]))

    assert disbelief(ledger, inherited, inherited[0]) == 120.0
