"""The order of waiting jobs."""

from hypothesis import given
from hypothesis import strategies as st

from core.job_queue_order import AGEING_SECONDS, ALONE_CAP_SECONDS, ALONE_SECONDS, Waiting, alone_seconds, in_order

NOW = 1_000_000.0


def job(name, person=1, **more):
    values = {"batch": False, "created_at": NOW, **more}
    return Waiting(name, person, (name, "best", ""), **values)


def order(*jobs, running=(), turns=(), owner_id=0):
    found = in_order(jobs, dict(running), dict(turns), now=NOW, owner_id=owner_id)
    return [each.id for each in found]


def test_links_of_many_people_alternate():
    """Each is served once before anybody is served twice."""
    assert order(job("a"), job("b"), job("c"), job("d", 2), job("e", 3)) == ["a", "d", "e", "b", "c"]


def test_of_one_person_the_oldest_is_next_whatever_it_is_called():
    """Ids of one millisecond are in no order: a person's links come as they were sent."""
    jobs = [job(name, created_at=NOW + number / 1e5) for number, name in enumerate("dbca")]
    assert order(*reversed(jobs)) == ["d", "b", "c", "a"]
    assert order(job("z", 1), job("a", 2, created_at=NOW + 1e-5)) == ["z", "a"]


def test_who_has_the_fewest_jobs_under_way_or_was_served_longest_ago_is_next():
    """Jobs under way count first; among equals the turn decides, and who never had one is before all."""
    assert order(job("a"), job("b", 2), running={1: 1}) == ["b", "a"]
    assert order(job("a"), job("b", 2), job("c", 3), turns={1: 5, 2: 4}) == ["c", "b", "a"]


def test_items_of_batches_wait_for_people_but_not_for_ever():
    """The owner's link is first, then anybody's, then items of batches; an old item has become a link like others."""
    young, old = job("a", 9, batch=True), job("b", 8, batch=True, created_at=NOW - AGEING_SECONDS)
    assert order(young, old, job("c", 2), job("d", 7), owner_id=7) == ["d", "b", "c", "a"]
    assert order(young, job("c", 2), job("d", 7)) == ["c", "d", "a"]


def test_suspects_are_first_and_the_ones_with_fewer_crashes_before_the_others():
    """The sooner they have run alone, the sooner everybody is served."""
    jobs = (job("a"), job("b", crashes=1, suspicions=2), job("c", 2, suspicions=1))
    assert order(*jobs, owner_id=1) == ["c", "b", "a"]


def test_a_suspect_is_alone_twice_as_long_each_time():
    """Up to a bound, however often."""
    found = [alone_seconds(times) for times in (0, 1, 2, 100)]
    assert found == [0.0, ALONE_SECONDS, 2 * ALONE_SECONDS, ALONE_CAP_SECONDS]


@given(
    st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=40),
    st.dictionaries(st.integers(1, 5), st.integers(0, 9)),
)
def test_nobody_is_passed_over_for_somebody_who_was_served_more(people, turns):
    """Every job is in the order once; within a class nobody gets a second job before everybody has had a first."""
    jobs = [job(f"{number:03}", person, batch=batch) for number, (person, batch) in enumerate(people)]
    found = in_order(jobs, {}, turns, now=NOW)
    assert sorted(each.id for each in found) == [each.id for each in jobs]
    people_first = [each for each in found if not each.batch]
    counts: dict[int, int] = {}
    left = [each.person for each in people_first]
    for each in people_first:
        assert all(counts.get(each.person, 0) <= counts.get(other, 0) for other in left)
        counts[each.person] = counts.get(each.person, 0) + 1
        left.remove(each.person)
