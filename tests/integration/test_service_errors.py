# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that do not take a roster, or do not answer: one clear error, and no receipt."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import CHECK
from tests.integration.support.rosters import contacts, write_roster
from tests.integration.support.uploads import refused_upload, run_upload
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.authority import Authority

pytestmark = pytest.mark.every_library

CREDENTIAL = (
    "it returned HTTP 401 (it does not accept the credential)."
    " Check token, token_header and token_prefix, and the permissions of the credential."
)
REQUESTS: list[tuple[dict[str, Any], str]] = [
    (
        {"token": "Tk7.another"},
        CREDENTIAL,
    ),
    (
        {"token_prefix": ""},
        CREDENTIAL,
    ),
    (
        {"field_name": "contacts"},
        (
            "it returned HTTP 400 (it cannot process the request). Compare method, body_format,"
            " field_name, form_fields, params and the columns with the service's documentation."
        ),
    ),
]


@pytest.fixture
def two(place: Place) -> None:
    """A roster of two contacts."""
    write_roster(place.dest, contacts(2))


@pytest.mark.usefixtures("two")
class TestAnswers:
    """Answers that mean that the roster was not accepted."""

    @pytest.mark.parametrize(("wrong", "answered"), REQUESTS)
    def test_wrong_request(
        self, wrong: dict[str, Any], answered: str, service: Receiver, place: Place
    ) -> None:
        answer = refused_upload(service, place, **wrong)
        assert answer.message == f"Cannot upload to {service.url}: {answered}"
        assert service.requests == 1

    @pytest.mark.parametrize(
        ("status", "meaning"), [(500, ""), (503, " (the service is unavailable)")]
    )
    def test_service_has_a_problem(
        self, status: int, meaning: str, service: Receiver, place: Place
    ) -> None:
        service.queue_response(status, b"<h1>Zebedy Quarrelstone broke it</h1>")
        answer = refused_upload(service, place, retries=0)
        assert answer.message == (
            f"Cannot upload to {service.url}: it returned HTTP {status}{meaning}."
            " Check the service; the next run sends the roster again."
        )
        assert answer.result["service"]["status"] == status
        assert "Quarrelstone" not in answer.output
        assert run_upload(service, place, initial=True)["uploaded"]

    def test_redirect_is_not_followed(
        self, issuer: Authority, service: Receiver, place: Place
    ) -> None:
        with receiver(issuer, locations=["oslo-hq"]) as other:
            service.redirect(f"{other.url}?from=here")
            answer = refused_upload(service, place)
            assert other.requests == 0
        assert answer.message == (
            f"Cannot upload to {service.url}: it returned a redirect to localhost."
            " Set url to the final address."
        )

    def test_accepted_in_part_counts_in_part(self, service: Receiver, place: Place) -> None:
        service.queue_response(200, {"errors": [{"row": 1, "column": "Email", "error": "no"}]})
        answer = run_upload(service, place, initial=True)
        assert answer.message.startswith(
            f"Cannot upload to {service.url}: it returned HTTP 200 and refused 1 row;"
            " the other rows are treated as accepted"
        )
        assert (answer.result["uploaded"], answer.result["changed"]) == (False, True)
        receipt = answer.result["receipt"]
        assert (receipt["rows"], receipt["complete"]) == (1, False)
        again = run_upload(service, place)
        assert (again["uploaded"], again["plan"]["added"]) == (True, 1)
        assert not run_upload(service, place)["changed"]


def test_rows_that_the_service_refuses(service: Receiver, place: Place) -> None:
    """The people are named by identity; their values stay out of the output."""
    people = contacts(3)
    people[1] = people[1]._replace(location="vardo", first_name="Zebedy", last_name="Quarrelstone")
    write_roster(place.dest, people)
    service_words = "ada001@fjord.test (Zebedy Quarrelstone) is unknown"
    answer = refused_upload(service, place)
    assert answer.message == (
        f"Cannot upload to {service.url}: it returned HTTP 422 and refused 1 row; no row is treated"
        " as accepted. Correct these people in the directory, or correct the columns;"
        " service.errors lists the rows."
    )
    row = {"row": 2, "identity": people[1].identity, "column": "Location"}
    assert answer.result["service"] == {
        "status": 422,
        "counts": {"received": 3, "added": 0, "updated": 0, "removed": 0},
        "errors": [{**row, "cause": "is not a location of this account"}],
        "error_count": 1,
        "refused": 1,
    }
    service.queue_response(422, {"errors": [{"row": 2, "column": "Email", "error": service_words}]})
    answer = refused_upload(service, place)
    assert answer.result["service"]["errors"][0]["cause"] == "...@....... (... ...) is unknown"
    for value in ("Zebedy", "Quarrelstone", "ada001@", people[1].mobile):
        assert value not in answer.output


@pytest.mark.usefixtures("two")
class TestConnection:
    """No answer at all."""

    def test_unknown_authority(self, service: Receiver, place: Place) -> None:
        answer = refused_upload(service, place, ca_path=None)
        assert answer.message == (
            f"Cannot upload to {service.url}: its certificate was issued by an unknown CA"
            " (unable to get local issuer certificate)."
            " Set ca_path to a file with the issuing CA's certificate."
        )
        assert service.requests == 0

    def test_other_name(self, issuer: Authority, place: Place) -> None:
        elsewhere = issuer.issue("elsewhere.test")
        with receiver(issuer, locations=["oslo-hq"], certificate=elsewhere) as service:
            answer = refused_upload(service, place)
            assert service.requests == 0
        assert answer.message.startswith(
            f"Cannot upload to {service.url}: its certificate was issued for another name"
            " (Hostname mismatch, certificate is not valid for 'localhost'"
        )

    def test_service_is_down(self, service: Receiver, place: Place) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            url = f"https://localhost:{server.getsockname()[1]}/contacts"
        answer = refused_upload(service, place, url=url)
        assert answer.message == (
            f"Cannot upload to {url}: Connection refused."
            " Check the host name, the port and the proxy."
        )

    def test_name_does_not_resolve(self, service: Receiver, place: Place) -> None:
        url = "https://no-such-host.invalid/contacts"
        answer = refused_upload(service, place, url=url)
        assert re.fullmatch(
            rf"Cannot upload to {re.escape(url)}: .+\. Check the host name, .+\.", answer.message
        )

    def test_service_that_never_answers(self, service: Receiver, place: Place) -> None:
        with service.hold():
            answer = refused_upload(service, place, timeout=1)
        assert answer.message == (
            f"Cannot upload to {service.url}: it did not respond in time."
            " The service may have accepted the roster; the next run sends it again."
        )

    def test_query_of_the_url_is_not_printed(self, service: Receiver, place: Place) -> None:
        service.queue_response(500)
        answer = refused_upload(service, place, url=f"{service.url}?account=hush")
        assert answer.message.startswith(f"Cannot upload to {service.url}: it returned HTTP 500.")

    def test_credentials_of_the_user_are_left_alone(self, service: Receiver, place: Place) -> None:
        """~/.netrc must not replace the token."""
        netrc = place.home / ".netrc"
        netrc.write_text("machine localhost login ada password Pw7.other\n", encoding="ascii")
        netrc.chmod(0o600)
        assert run_upload(service, place, initial=True)["uploaded"]


@pytest.mark.usefixtures("two")
def test_check_mode_sends_nothing(service: Receiver, place: Place) -> None:
    answer = run_upload(service, place, initial=True, **CHECK)
    assert (answer["changed"], answer["uploaded"], answer["service"]) == (True, True, None)
    assert service.requests == 0
    assert not place.state.exists()
