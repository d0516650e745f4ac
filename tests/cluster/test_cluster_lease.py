"""The lease: one at a time, by the server's clock, whatever breaks; against the sandbox and real servers."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from esctl.cluster import Cluster, Lease
from esctl.cluster.identity import Holder
from esctl.cluster.lease import server_time
from esctl.cluster.ledger import INDEX
from esctl.errors import Refused, ServerError
from esctl.model import Request, Response

DOCUMENT = f"/{INDEX}/_doc/lease"


def person(name: str) -> Holder:
    return Holder("shop", name, "laptop", 42, f"run-{name}")


class Clock:
    """Local seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def document(cluster) -> dict | None:
    answer = cluster.send(Request("elasticsearch", "GET", DOCUMENT), accept=(404,))
    return answer.body["_source"]["lease"] if answer.status == 200 else None


def test_the_second_is_refused_and_told_who_and_how_long(cluster, connect):
    with Lease(cluster, person("ann")) as lease:
        assert lease.held
        with pytest.raises(Refused) as refused:
            Lease(connect(), person("bob")).acquire()
    line = str(refused.value)
    assert line.startswith('ann on laptop (project "shop", pid 42) is writing to this cluster since ')
    assert line.endswith("wait for it; if that run is dead, the lease is free in 75 s") or "free in 74 s" in line
    assert not lease.held and document(cluster) is None
    with Lease(connect(), person("bob")):
        pass


def test_an_expired_lease_is_taken_over_and_the_first_learns_it(cluster, connect):
    clock = Clock()
    dead = Lease(cluster, person("ann"), time_to_live=0.0, monotonic=clock)
    dead.acquire()
    alive = Lease(connect(), person("bob"))
    alive.acquire()
    clock.now += 1
    with pytest.raises(Refused, match=r'the lease was lost: bob on laptop \(project "shop", pid 42\) took it over'):
        dead.check()
    assert not dead.held
    dead.release()
    assert document(cluster)["who"] == "bob"
    alive.release()


@pytest.mark.parametrize("longest, free", [(60.0, 15.0), (10.0, 15.0), (240.0, 60.0)])
def test_check_costs_nothing_while_a_write_still_fits_and_renews_after(cluster, longest, free):
    """The longest write that may begin now (a time-out of 30, 5, 120 s, twice) ends before the lease does."""
    clock = Clock()
    with Lease(cluster, person("ann"), longest=longest, monotonic=clock) as lease:
        held = document(cluster)
        expires = held["expires"]
        assert expires - held["since"] == pytest.approx(1000 * (max(longest, 60) + free))
        before = cluster.sent
        clock.now += free - 1
        lease.check()
        assert cluster.sent == before
        clock.now += 2
        lease.check()
        assert cluster.sent - before == 2
        assert document(cluster)["expires"] >= expires
        before = cluster.sent
        lease.check()
        assert cluster.sent == before
    assert document(cluster) is None


def test_a_renewal_that_took_long_is_renewed_again(cluster):
    clock = Clock()

    class Slow:
        seconds = 0.0

        def send(self, request, *, accept=()):
            clock.now += self.seconds
            return cluster.send(request, accept=accept)

    slow = Slow()
    with Lease(slow, person("ann"), monotonic=clock) as lease:
        clock.now += 16
        slow.seconds = 10.0  # two requests: 20 s have passed when it is renewed, and a write may take 60 more
        with pytest.raises(Refused, match="the servers answer too slowly to hold the lease"):
            lease.check()
        slow.seconds = 5.0
        before = cluster.sent
        lease.check()
        assert cluster.sent - before == 2
        assert lease.held
        slow.seconds = 0.0


def test_the_servers_clock_goes_on_without_a_request(cluster):
    clock = Clock()
    with Lease(cluster, person("ann"), monotonic=clock) as lease:
        before, sent = lease.now(), cluster.sent
        clock.now += 12.5
        assert lease.now() - before == 12_500 and cluster.sent == sent


def test_a_slept_laptop_goes_on_where_nobody_came(cluster):
    clock = Clock()
    lease = Lease(cluster, person("ann"), time_to_live=0.0, monotonic=clock)
    lease.acquire()
    clock.now += 3600
    lease.check()
    assert lease.held
    lease.release()


def test_a_lease_that_was_removed_is_lost(cluster):
    clock = Clock()
    lease = Lease(cluster, person("ann"), monotonic=clock)
    lease.acquire()
    cluster.send(Request("elasticsearch", "DELETE", DOCUMENT))
    clock.now += 60
    with pytest.raises(Refused, match="the lease was lost: it was removed"):
        lease.check()


def test_of_many_at_once_one_gets_it(connect):
    clusters = [connect() for _ in range(8)]
    start = threading.Barrier(len(clusters))
    held: list[Lease] = []
    refused: list[str] = []

    def run(cluster: Cluster, number: int) -> None:
        lease = Lease(cluster, person(f"p{number}"))
        start.wait()
        try:
            lease.acquire()
            held.append(lease)
        except Refused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=run, args=(one, n)) for n, one in enumerate(clusters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 7)
    assert all(str(held[0]._holder) in line for line in refused)
    held[0].release()


def test_of_many_who_want_an_expired_one_one_gets_it(cluster, connect):
    Lease(cluster, person("dead"), time_to_live=0.0).acquire()
    test_of_many_at_once_one_gets_it(connect)


def test_writes_under_the_lease_never_overlap(connect):
    """Four runs, three turns each: a counter that only the holder touches is never lost."""
    inside: list[int] = []
    overlaps: list[int] = []
    clusters = [connect() for _ in range(4)]

    def run(cluster: Cluster, number: int) -> None:
        turns = 0
        while turns < 3:
            try:
                with Lease(cluster, Holder("shop", f"p{number}", "h", number, f"run-{number}-{turns}")) as lease:
                    inside.append(number)
                    lease.renew()
                    if len(inside) > 1:
                        overlaps.append(number)
                    inside.remove(number)
                    turns += 1
            except Refused:
                threading.Event().wait(0.01)

    threads = [threading.Thread(target=run, args=(one, n)) for n, one in enumerate(clusters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == []


class Cut:
    """A sender whose connection breaks after the server has done what `breaks` names."""

    def __init__(self, cluster: Cluster, breaks: Callable[[Request], bool]) -> None:
        self.cluster = cluster
        self.breaks = breaks

    def send(self, request: Request, *, accept=()) -> Response:
        response = self.cluster.send(request, accept=accept)
        if self.breaks(request):
            self.breaks = lambda _: False
            raise ServerError("the connection broke", kind="broken")
        return response


def test_an_answer_lost_while_renewing_is_not_a_lost_lease(cluster):
    cut = Cut(cluster, lambda request: "if_seq_no" in request.params and request.method == "PUT")
    lease = Lease(cut, person("ann"))
    lease.acquire()
    lease.renew()
    assert lease.held
    lease.release()
    assert document(cluster) is None


def test_an_answer_lost_while_acquiring_is_found_by_the_same_run(cluster):
    cut = Cut(cluster, lambda request: "_create" in request.path)
    lease = Lease(cut, person("ann"))
    with pytest.raises(ServerError):
        lease.acquire()
    lease.acquire()
    lease.renew()
    lease.release()
    assert document(cluster) is None


def test_a_release_that_fails_does_not_hide_what_ended_the_work(cluster):
    cut = Cut(cluster, lambda request: request.method == "DELETE")
    with pytest.raises(KeyError), Lease(cut, person("ann")):
        raise KeyError("the work")
    with pytest.raises(ServerError), Lease(Cut(cluster, lambda r: r.method == "DELETE"), person("ann")):
        pass


def test_without_the_lease_nothing_is_written():
    class Nothing:
        def send(self, request, *, accept=()):
            raise AssertionError(request)

    with pytest.raises(Refused, match="the lease is not held"):
        Lease(Nothing(), person("ann")).check()


def test_the_servers_clock_is_found_both_ways(cluster):
    import time

    lease = Lease(cluster, person("ann"))
    lease.acquire()
    lease.release()

    class WithoutNodes:
        def send(self, request, *, accept=()):
            if request.path.startswith("/_nodes"):
                return Response(403, {})
            return cluster.send(request, accept=accept)

    # The sandbox always tells its statistics, and has no date ranges.
    for sender in (cluster,) if cluster.root.sandbox else (cluster, WithoutNodes()):
        assert abs(server_time(sender) / 1000 - time.time()) < 5
