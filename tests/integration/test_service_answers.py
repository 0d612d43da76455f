# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every answer of a service, and a disk that is full: what is tried again, and what is said."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.modules import Modules, make_order
from tests.integration.support.options import upload_options
from tests.integration.support.rosters import contacts, write_roster
from tests.integration.support.uploads import run_upload
from tests.lab.receiver import Receiver, ServiceBehavior, receiver

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.authority import Authority


@pytest.fixture(autouse=True)
def _two(place: Place) -> None:
    write_roster(place.dest, contacts(2))


class TestRetries:
    """What is tried again, and what is not."""

    @pytest.mark.parametrize(
        ("method", "status", "attempts"),
        [
            ("POST", 503, 3),
            ("POST", 429, 3),
            ("PUT", 502, 3),
            ("PUT", 504, 3),
            ("POST", 502, 1),
            ("POST", 504, 1),
            ("PATCH", 502, 1),
            ("PUT", 500, 1),
            ("PUT", 409, 1),
        ],
    )
    def test_the_whole_body_is_sent_each_time(
        self, method: str, status: int, attempts: int, issuer: Authority, place: Place
    ) -> None:
        manner = ServiceBehavior(method=method)
        with receiver(issuer, locations=["oslo-hq"], behavior=manner) as service:
            for _time in range(2):
                service.queue_response(status, b"", {"Retry-After": "0"})
            answer = run_upload(service, place, initial=True, method=method)
            assert answer.result["attempts"] == service.requests == attempts
            assert len(service.contacts) == (2 if attempts == 3 else 0)

    @pytest.mark.parametrize("statuses", [(502, 401), (504, 409)])
    def test_what_an_attempt_may_have_left_there_is_sent_again(
        self, statuses: tuple[int, int], issuer: Authority, place: Place
    ) -> None:
        """Even if the people are again as the service had them last for certain."""
        with receiver(
            issuer, locations=["oslo-hq"], behavior=ServiceBehavior(method="PUT")
        ) as service:
            assert run_upload(service, place, initial=True, method="PUT")["uploaded"]
            write_roster(place.dest, contacts(3))
            for status in statuses:
                service.queue_response(status)
            answer = run_upload(service, place, method="PUT", retry_interval=0)
            assert answer.failed
            assert answer.result["attempts"] == len(statuses)
            assert answer.result["receipt"]["complete"] is False
            write_roster(place.dest, contacts(2))
            assert run_upload(service, place, method="PUT")["uploaded"]
            assert not run_upload(service, place, method="PUT")["changed"]

    def test_a_wait_that_is_too_long_is_told(self, service: Receiver, place: Place) -> None:
        service.queue_response(429, b"", {"Retry-After": "3600"})
        answer = run_upload(service, place, initial=True)
        assert answer.message == (
            f"Cannot upload to {service.url}: it returned HTTP 429 (too many requests) and requested"
            " a delay of 3600 seconds, which is longer than the maximum of 300."
            " Run less often, or increase retries or retry_interval."
        )
        assert answer.result["attempts"] == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "it returned HTTP 400 (it cannot process the request). Compare method, "),
        (
            403,
            "it returned HTTP 403 (the credential lacks the required permission). Check token, ",
        ),
        (404, "it returned HTTP 404 (the URL does not exist). Check url."),
        (
            409,
            (
                "it returned HTTP 409 (the upload conflicts with the current state of the service)."
                " Wait until "
            ),
        ),
        (413, "it returned HTTP 413 (the roster is too large). Look up the limit "),
        (
            415,
            (
                "it returned HTTP 415 (it does not support the media type of the roster)."
                " Check body_format and "
            ),
        ),
        (429, "it returned HTTP 429 (too many requests). Run less often, "),
        (
            502,
            (
                "it returned HTTP 502 (a gateway could not reach the service)."
                " The service may have accepted "
            ),
        ),
        (503, "it returned HTTP 503 (the service is unavailable). Check the service; "),
        (
            504,
            (
                "it returned HTTP 504 (a gateway did not receive a response in time)."
                " The service may "
            ),
        ),
    ],
)
def test_each_status_is_one_clear_error(
    status: int, said: str, service: Receiver, place: Place
) -> None:
    service.queue_response(status, b"<h1>Zebedy Quarrelstone</h1>", {"Content-Type": "text/html"})
    answer = run_upload(service, place, initial=True, retries=0)
    assert answer.message.startswith(f"Cannot upload to {service.url}: {said}")
    assert "Quarrelstone" not in answer.output
    assert run_upload(service, place, initial=True)["uploaded"]


GZIP, BROTLI = {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}
SOMETHING_ELSE: list[tuple[int, bytes, dict[str, str], str]] = [
    (200, b"", {}, "it is empty"),
    (204, b"", {}, "it is empty"),
    (200, b"<html>Log in</html>", {}, "it is an HTML page"),
    (200, b"fine", {}, "it is not valid JSON"),
    (200, b'{"counts": {}', {}, "it is not valid JSON"),
    (200, b"[]", {}, "it does not contain counts or errors"),
    (200, b"x" * (17 << 20), {}, "it is longer than 16 MiB"),
    (200, b"{}", GZIP, "its content does not match its Content-Encoding"),
    (200, b"{}", BROTLI, "its Content-Encoding is not supported"),
]


@pytest.mark.parametrize("answered", SOMETHING_ELSE, ids=lambda answered: answered[-1])
def test_an_answer_that_says_something_else(
    answered: tuple[int, bytes, dict[str, str], str], service: Receiver, place: Place
) -> None:
    status, body, headers, problem = answered
    service.queue_response(status, body, headers)
    answer = run_upload(service, place, initial=True)
    assert answer.message == (
        f"Cannot upload to {service.url}: it returned HTTP {status}, but the response does not match"
        f" result: {problem}; the roster is treated as not accepted."
        " Check url and result against the service's documentation."
    )


def test_202_is_an_acceptance_only_when_that_is_said(service: Receiver, place: Place) -> None:
    service.queue_response(202, {"counts": {}})
    assert (
        "it returned HTTP 202 (it may still refuse the roster)."
        in run_upload(service, place, initial=True).message
    )
    service.queue_response(202, {"counts": {}})
    assert run_upload(service, place, initial=True, status_code=[202])["uploaded"]


class TestDisk:
    """A state directory that cannot be written: said before anything is sent."""

    def test_read_only(self, service: Receiver, place: Place) -> None:
        assert run_upload(service, place, initial=True)["uploaded"]
        write_roster(place.dest, contacts(3))
        place.state.chmod(0o500)
        try:
            answer = run_upload(service, place, initial=True)
        finally:
            place.state.chmod(0o700)
        assert answer.message == (
            f"Cannot write the state directory {place.state}: Permission denied."
            " Nothing was sent. Free some space there, or make it writable."
        )
        assert service.requests == 1
        assert run_upload(service, place)["plan"]["added"] == 1

    @pytest.mark.parametrize("known", [0, 2])
    def test_full(self, known: int, service: Receiver, place: Place) -> None:
        """A limit on the size of files: the kernel refuses as on a full disk."""
        if known:
            assert run_upload(service, place, initial=True)["uploaded"]
        write_roster(place.dest, contacts(2000))
        options = {**upload_options(service, place), "initial": True}
        order = make_order(place, "contact_upload", options)
        with Modules(place.collections) as modules:
            resource.prlimit(modules.pid, resource.RLIMIT_FSIZE, (50_000, 50_000))
            modules.start(order)
            answer = modules.finished()
        assert answer.message == (
            f"Cannot write the state directory {place.state}: File too large."
            " Nothing was sent. Free some space there, or make it writable."
        )
        assert service.requests == (1 if known else 0)
        assert run_upload(service, place, initial=True)["plan"]["added"] == 2000 - known

    def test_read_only_once_the_service_has_accepted(self, service: Receiver, place: Place) -> None:
        assert run_upload(service, place, initial=True)["uploaded"]
        write_roster(place.dest, contacts(3))
        options = upload_options(service, place)
        with Modules(place.collections) as modules:
            with service.hold() as arrived:
                modules.start(make_order(place, "contact_upload", options))
                assert arrived.wait(30)
                place.state.chmod(0o500)
            answer = modules.finished()
        place.state.chmod(0o700)
        assert answer.message == (
            f"Cannot write the state directory {place.state}: Permission denied."
            " The service has accepted the roster. Free some space there; the next run sends the"
            " roster again."
        )
        assert (answer.result["uploaded"], answer.result["attempts"]) == (True, 1)
        assert answer.result["receipt"]["complete"] is False
        assert service.uploads == 2
        again = run_upload(service, place)
        assert (again["uploaded"], again["plan"]["added"]) == (True, 1)
