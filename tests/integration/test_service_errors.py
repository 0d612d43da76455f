# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that reject a roster or do not respond, and the errors that they cause."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import CHECK_MODE
from tests.integration.support.ports import find_closed_port
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_failing_upload, run_upload
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority

pytestmark = pytest.mark.every_library

UNKNOWN_CREDENTIAL = (
    "it returned HTTP 401 (it does not accept the credential)."
    ' The service reports: "the token is missing or invalid".'
    " Check token, token_header and token_prefix, and the permissions of the credential."
)
REJECTED_REQUESTS: list[tuple[dict[str, Any], str]] = [
    (
        {"token": "Tk7.another"},
        UNKNOWN_CREDENTIAL,
    ),
    (
        {"token_prefix": ""},
        UNKNOWN_CREDENTIAL,
    ),
    (
        {"field_name": "contacts"},
        (
            "it returned HTTP 400 (it cannot process the request)."
            " The service reports: \"the form must have the fields ['file']\"."
            " Compare method, body_format,"
            " field_name, form_fields, params and the columns with the service's documentation."
        ),
    ),
]


@pytest.fixture
def two_contacts(workspace: Workspace) -> None:
    """Write a roster of two contacts."""
    write_roster(workspace.dest, make_contacts(2))


@pytest.mark.usefixtures("two_contacts")
class TestErrorResponses:
    """Responses with an error status, redirects, and responses that reject some of the rows."""

    @pytest.mark.parametrize(("overrides", "cause"), REJECTED_REQUESTS)
    def test_a_rejected_request_is_an_error(
        self, overrides: dict[str, Any], cause: str, service: Receiver, workspace: Workspace
    ) -> None:
        result = run_failing_upload(service, workspace, **overrides)
        assert result.message == f"Cannot upload to {service.url}: {cause}"
        assert service.requests == 1

    @pytest.mark.parametrize(
        ("status", "cause"), [(500, ""), (503, " (the service is unavailable)")]
    )
    def test_a_server_error_fails_the_upload(
        self, status: int, cause: str, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(status, b"<h1>Zebedy Quarrelstone caused it</h1>")
        result = run_failing_upload(service, workspace, retries=0)
        assert result.message == (
            f"Cannot upload to {service.url}: it returned HTTP {status}{cause}."
            " Check the service; the next run sends the roster again."
        )
        assert result.data["service"]["status"] == status
        assert "Quarrelstone" not in result.output
        assert run_upload(service, workspace, initial=True)["uploaded"]

    def test_a_redirect_is_not_followed(
        self, ca: Authority, service: Receiver, workspace: Workspace
    ) -> None:
        with receiver(ca, locations=["oslo-hq"]) as target:
            service.redirect(f"{target.url}?from=here")
            result = run_failing_upload(service, workspace)
            assert target.requests == 0
        assert result.message == (
            f"Cannot upload to {service.url}: it returned HTTP 307, a redirect to {target.url}."
            " Set url to this address if the service's documentation confirms it."
        )

    def test_a_partial_acceptance_is_recorded(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(200, {"errors": [{"row": 1, "column": "Email", "error": "no"}]})
        result = run_upload(service, workspace, initial=True)
        assert result.message.startswith(
            f"Cannot upload to {service.url}: it returned HTTP 200 and rejected 1 row;"
            " the other rows are treated as accepted"
        )
        assert (result.data["uploaded"], result.data["changed"]) == (False, True)
        receipt = result.data["receipt"]
        assert (receipt["rows"], receipt["complete"]) == (1, False)
        second_run = run_upload(service, workspace)
        assert (second_run["uploaded"], second_run["plan"]["added"]) == (True, 1)
        assert not run_upload(service, workspace)["changed"]


def test_rejected_rows_are_reported_without_personal_data(
    service: Receiver, workspace: Workspace
) -> None:
    """The result lists people by identity, and masks personal data in messages from the service."""
    roster = make_contacts(3)
    roster[1] = replace(roster[1], location="vardo", first_name="Zebedy", last_name="Quarrelstone")
    write_roster(workspace.dest, roster)
    service_message = "ada001@fjord.test (Zebedy Quarrelstone) is unknown"
    result = run_failing_upload(service, workspace)
    assert result.message == (
        f"Cannot upload to {service.url}: it returned HTTP 422 and rejected 1 row; no row is treated"
        ' as accepted. The service reports: 1 row: Location: "is not a location of this account", at vardo.'
        " Compare the location identifier vardo with the locations of the account in the service;"
        " see service.errors."
    )
    cause = "is not a location of this account"
    row = {"row": 2, "identity": roster[1].identity, "column": "Location"}
    assert result.data["service"] == {
        "status": 422,
        "confirmed": False,
        "message": "",
        "counts": {"received": 3, "added": 0, "updated": 0, "removed": 0},
        "errors": [{**row, "cause": cause}],
        "error_count": 1,
        "causes": [
            {
                "column": "Location",
                "cause": cause,
                "rows": 1,
                "locations": [{"location": "vardo", "rows": 1}],
            }
        ],
        "refused": 1,
    }
    service.queue_response(
        422, {"errors": [{"row": 2, "column": "Email", "error": service_message}]}
    )
    result = run_failing_upload(service, workspace)
    assert result.data["service"]["errors"][0]["cause"] == "... (... ...) is unknown"
    for value in ("Zebedy", "Quarrelstone", "ada001@", roster[1].mobile):
        assert value not in result.output


@pytest.mark.usefixtures("two_contacts")
class TestConnection:
    """Connections that fail, and data that must not appear in requests or messages."""

    def test_an_unknown_ca_is_an_error(self, service: Receiver, workspace: Workspace) -> None:
        result = run_failing_upload(service, workspace, ca_path=None)
        pattern = (
            f"Cannot upload to {service.url}: its certificate was issued by an unknown CA (unable to get local issuer"
            " certificate); the certificate is for *, was issued by *, is valid from *, and was checked for"
            " localhost with the CA certificates of this host. Set ca_path to a file with the * CA *."
        )
        assert fnmatchcase(result.message, pattern), result.message
        assert service.requests == 0

    def test_a_certificate_for_another_name_is_an_error(
        self, ca: Authority, workspace: Workspace
    ) -> None:
        elsewhere = ca.issue("elsewhere.test")
        with receiver(ca, locations=["oslo-hq"], certificate=elsewhere) as service:
            result = run_failing_upload(service, workspace)
            assert service.requests == 0
        assert result.message.startswith(
            f"Cannot upload to {service.url}: its certificate was issued for another name"
            " (Hostname mismatch, certificate is not valid for 'localhost'"
        )

    def test_a_refused_connection_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        url = f"https://localhost:{find_closed_port()}/contacts"
        result = run_failing_upload(service, workspace, url=url)
        assert result.message == (
            f"Cannot upload to {url}: Connection refused; 4 attempts in 0 seconds."
            " Check the host name and the port in url, and whether a proxy is required."
        )

    def test_a_host_name_that_does_not_resolve_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        url = "https://no-such-host.invalid/contacts"
        result = run_failing_upload(service, workspace, url=url)
        assert re.fullmatch(
            rf"Cannot upload to {re.escape(url)}: .+\. Check the host name and .+\.", result.message
        )

    def test_a_timeout_is_an_error(self, service: Receiver, workspace: Workspace) -> None:
        with service.hold():
            result = run_failing_upload(service, workspace, timeout=1)
        assert result.message == (
            f"Cannot upload to {service.url}: it did not respond within 1 second after the whole roster"
            " was sent. Increase timeout. Run again to send the roster once more; the service may already"
            " have accepted it."
        )

    def test_the_query_of_the_url_is_not_shown(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(500)
        result = run_failing_upload(service, workspace, url=f"{service.url}?account=hush")
        assert result.message.startswith(f"Cannot upload to {service.url}: it returned HTTP 500.")

    def test_netrc_does_not_replace_the_token(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        """By default, the `requests` library uses the credentials in ~/.netrc."""
        netrc = workspace.home / ".netrc"
        netrc.write_text("machine localhost login ada password Pw7.other\n", encoding="ascii")
        netrc.chmod(0o600)
        assert run_upload(service, workspace, initial=True)["uploaded"]


@pytest.mark.usefixtures("two_contacts")
def test_check_mode_sends_nothing(service: Receiver, workspace: Workspace) -> None:
    result = run_upload(service, workspace, initial=True, **CHECK_MODE)
    assert (result["changed"], result["uploaded"], result["service"]) == (True, True, None)
    assert service.requests == 0
    assert not workspace.state_dir.exists()
