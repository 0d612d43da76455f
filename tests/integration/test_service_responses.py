# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses of a service, retries, and a state directory that cannot be written to."""

from __future__ import annotations

import gzip
import resource
import zlib
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.integration.support.modules import ModuleRunner, build_module_request
from tests.integration.support.options import upload_options
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_failing_upload, run_upload
from tests.lab.receiver import Receiver, ServiceBehavior, receiver

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority


@pytest.fixture(autouse=True)
def _two_contacts(workspace: Workspace) -> None:
    write_roster(workspace.dest, make_contacts(2))


class TestRetries:
    """Retries of requests, which depend on the method and the status."""

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
    def test_retries_depend_on_method_and_status_and_send_the_complete_body(
        self, method: str, status: int, attempts: int, ca: Authority, workspace: Workspace
    ) -> None:
        behavior = ServiceBehavior(method=method)
        with receiver(ca, locations=["oslo-hq"], behavior=behavior) as service:
            for _attempt in range(2):
                service.queue_response(status, b"", {"Retry-After": "0"})
            result = run_upload(service, workspace, initial=True, method=method)
            assert result.data["attempts"] == service.requests == attempts
            assert len(service.contacts) == (2 if attempts == 3 else 0)

    @pytest.mark.parametrize("statuses", [(502, 401), (504, 409)])
    def test_an_unchanged_roster_is_sent_after_an_upload_with_an_unknown_outcome(
        self, statuses: tuple[int, int], ca: Authority, workspace: Workspace
    ) -> None:
        """The service might have accepted the upload, so the next run sends even a roster that matches the receipt."""
        with receiver(ca, locations=["oslo-hq"], behavior=ServiceBehavior(method="PUT")) as service:
            assert run_upload(service, workspace, initial=True, method="PUT")["uploaded"]
            write_roster(workspace.dest, make_contacts(3))
            for status in statuses:
                service.queue_response(status)
            result = run_upload(service, workspace, method="PUT", retry_interval=0)
            assert result.failed
            assert result.data["attempts"] == len(statuses)
            assert result.data["receipt"]["complete"] is False
            write_roster(workspace.dest, make_contacts(2))
            assert run_upload(service, workspace, method="PUT")["uploaded"]
            assert not run_upload(service, workspace, method="PUT")["changed"]

    def test_a_retry_after_that_is_too_long_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(429, b"", {"Retry-After": "3600"})
        result = run_upload(service, workspace, initial=True)
        assert result.message == (
            f"Cannot upload to {service.url}: it returned HTTP 429 (too many requests) and requested"
            " a delay of 3600 seconds, which is longer than the maximum of 300 seconds."
            " Run less often, and wait for the requested delay before the next run."
        )
        assert result.data["attempts"] == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "it returned HTTP 400 (it cannot process the request). Compare method, "),
        (
            403,
            (
                "it returned HTTP 403 (the credential lacks the required permission; the response is an HTML"
                " page, which may come from a firewall or proxy in front of the service). Check token, "
            ),
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
                "it returned HTTP 502 (a gateway received no valid response from the service)."
                " Run again to send the roster "
            ),
        ),
        (503, "it returned HTTP 503 (the service is unavailable). Check the service; "),
        (
            504,
            ("it returned HTTP 504 (a gateway did not receive a response in time). Run again to "),
        ),
    ],
)
def test_each_error_status_has_its_own_message(
    status: int, expected: str, service: Receiver, workspace: Workspace
) -> None:
    service.queue_response(status, b"<h1>Zebedy Quarrelstone</h1>", {"Content-Type": "text/html"})
    result = run_upload(service, workspace, initial=True, retries=0)
    assert result.message.startswith(f"Cannot upload to {service.url}: {expected}")
    assert "Quarrelstone" not in result.output
    assert run_upload(service, workspace, initial=True)["uploaded"]


HTML, XML = {"Content-Type": "text/html"}, {"Content-Type": "text/xml"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
GZIP, BROTLI = {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}
UNEXPECTED_RESPONSES: list[tuple[int, bytes, dict[str, str], str]] = [
    (200, b"", {}, "it is empty"),
    (204, b"", {}, "it is empty"),
    (200, b"<html>Log in</html>", HTML, "it is an HTML page (media type text/html)"),
    (200, b"<r/>", {"Content-Type": "application/xml"}, "it is XML (media type application/xml)"),
    (200, b"fine", TEXT, "it is not JSON (media type text/plain)"),
    (200, b'{"counts": {}', {}, "it is not valid JSON"),
    (200, b"[]", {}, "it does not contain counts or errors"),
    (200, b"x" * (17 << 20), {}, "it is longer than 16 MiB"),
    (200, b"{}", GZIP, "its content does not match its Content-Encoding"),
    (200, b"{}", BROTLI, "its Content-Encoding is not supported"),
]


@pytest.mark.parametrize("response", UNEXPECTED_RESPONSES, ids=lambda response: response[-1])
def test_a_response_without_the_expected_result_is_an_error(
    response: tuple[int, bytes, dict[str, str], str], service: Receiver, workspace: Workspace
) -> None:
    status, body, headers, problem = response
    service.queue_response(status, body, headers)
    result = run_upload(service, workspace, initial=True)
    remedy = " Check url and result against the service's documentation."
    if headers is HTML:
        remedy = (
            " Check url and token, token_header and token_prefix: such a page usually comes from a login form,"
            " a proxy or a firewall."
        )
    reported = ' The service reports: "fine".' if headers is TEXT else ""
    assert result.message == (
        f"Cannot upload to {service.url}: it returned HTTP {status}, but the response does not match"
        f" result: {problem}; the roster is treated as not accepted.{reported}{remedy}"
    )
    assert result.data["service"]["confirmed"] is False


JsonObject = dict[str, object]
COUNTS: JsonObject = {"counts": "counts", "refused": ["failed"]}
ROWS: JsonObject = {"errors": "rows", "status": "status", "accepted": [200, 201]}
STATE: JsonObject = {"success": "state", "success_values": ["DONE"]}
OK = b'{"counts": {"imported": 2, "failed": 0}}'
DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
RAW_DEFLATE = DEFLATE.compress(OK) + DEFLATE.flush()
TWO_STREAMS = gzip.compress(OK[:9]) + gzip.compress(OK[9:])


class ServiceResponse(NamedTuple):
    """A response of the service: status code, body and headers."""

    status: int
    body: JsonObject | bytes
    headers: dict[str, str] | None = None


class TestInterpretation:
    """The interpretation of responses, with and without the option `result`."""

    @pytest.mark.parametrize(
        ("response", "result", "cause"),
        [
            (
                ServiceResponse(200, b"<!DOCTYPE html><title>Sign in</title>", HTML),
                None,
                "it is an HTML page (media type text/html);",
            ),
            (
                ServiceResponse(200, b"<?xml version='1.0'?><error/>", XML),
                None,
                "it is XML (media type text/xml);",
            ),
            (
                ServiceResponse(200, {"success": False, "messages": ["Nothing was imported."]}),
                None,
                "success is not true;",
            ),
            (ServiceResponse(200, {"success": False}), {"counts": "."}, "success is not true;"),
            (ServiceResponse(200, {"error": "bad"}), None, "error has a value;"),
            (
                ServiceResponse(200, {"counts": {"added": 1, "failed": 1}}),
                {"counts": "counts"},
                "failed is not 0;",
            ),
            (ServiceResponse(200, b"ERROR: unknown column", TEXT), None, "it reports a failure;"),
            (ServiceResponse(200, b"Please log in", TEXT), None, "it reports a failure;"),
            (
                ServiceResponse(200, {"message": "Import failed"}),
                None,
                "message reports a failure;",
            ),
            (ServiceResponse(200, {"errcode": 40001}), None, "errcode is not 0;"),
            (
                ServiceResponse(
                    200, {"title": "Columns"}, {"Content-Type": "application/problem+json"}
                ),
                None,
                "its media type is that of an error (RFC 9457);",
            ),
            (
                ServiceResponse(200, b"%PDF-1.4", {"Content-Type": "application/pdf"}),
                None,
                "its media type is not that of plain text (media type application/pdf);",
            ),
            (
                ServiceResponse(207, {"id": 1}),
                None,
                "it returned HTTP 207 (it might have rejected some of the rows).",
            ),
            (ServiceResponse(200, {"state": "STARTED"}), STATE, 'state is "STARTED", '),
            (ServiceResponse(200, {}), {"success": "success"}, "it does not contain success, "),
            (ServiceResponse(200, b""), COUNTS, "it is empty;"),
        ],
    )
    def test_a_success_status_is_not_an_acceptance_if_the_response_casts_doubt_on_it(
        self,
        response: ServiceResponse,
        result: JsonObject | None,
        cause: str,
        service: Receiver,
        workspace: Workspace,
    ) -> None:
        service.queue_response(*response)
        outcome = run_failing_upload(service, workspace, result=result)
        assert cause in outcome.message
        assert outcome.data["kind"] == "service_unsure"
        assert run_upload(service, workspace, initial=True)["uploaded"]

    @pytest.mark.parametrize(
        ("response", "content"),
        [
            (ServiceResponse(204, b""), "an empty body"),
            (ServiceResponse(201, b"Import processing...", TEXT), "plain text (text/plain)"),
            (ServiceResponse(200, {"id": 7, "failed": 0, "errors": []}), "JSON (application/json)"),
        ],
    )
    def test_an_acceptance_that_nothing_confirms_is_reported(
        self, response: ServiceResponse, content: str, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(*response)
        result = run_upload(service, workspace, initial=True, result=None)
        assert (result["uploaded"], result["service"]["confirmed"]) == (True, False)
        assert result["msg"].startswith(
            f"The roster is treated as accepted because the service returned HTTP {response.status} with {content}."
        )
        assert result.warnings == []
        unchanged = run_upload(service, workspace, result=None)
        assert (unchanged["changed"], "msg" in unchanged.data) == (False, False)

    @pytest.mark.parametrize(
        ("response", "result"),
        [
            (ServiceResponse(200, OK, {"Content-Encoding": "utf-8"}), COUNTS),
            (ServiceResponse(200, RAW_DEFLATE, {"Content-Encoding": "deflate"}), COUNTS),
            (
                ServiceResponse(
                    200,
                    '{"counts": {"failed": 0}, "message": "\u00dcbernommen"}'.encode("latin-1"),
                    {"Content-Type": "application/json; charset=ISO-8859-1"},
                ),
                {**COUNTS, "messages": "message"},
            ),
            (ServiceResponse(200, OK.decode().encode("utf-16")), COUNTS),
            (ServiceResponse(200, TWO_STREAMS, {"Content-Encoding": "gzip"}), COUNTS),
            (ServiceResponse(200, {"counts": {"imported": "2", "failed": "0"}}), COUNTS),
            (ServiceResponse(200, {"counts": {"imported": 2}}), COUNTS),
            (ServiceResponse(200, {"rows": [{"row": row, "status": 201} for row in (1, 2)]}), ROWS),
            (ServiceResponse(200, {"success": True}), {"success": "success"}),
            (ServiceResponse(200, {"state": "Done"}), STATE),
            (ServiceResponse(200, b"OK", HTML), {"success": ".", "success_values": ["ok"]}),
        ],
    )
    def test_a_confirmation_can_have_various_formats(
        self, response: ServiceResponse, result: JsonObject, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(*response)
        outcome = run_upload(service, workspace, initial=True, result=result)
        assert (outcome["uploaded"], outcome["service"]["confirmed"]) == (True, True)
        if "messages" in result:
            assert outcome["service"]["message"] == "\u00dcbernommen"
        assert "msg" not in outcome.data

    def test_row_results_can_be_numbers(self, service: Receiver, workspace: Workspace) -> None:
        service.queue_response(
            207, {"rows": [{"row": "1", "status": 201}, {"row": "2", "status": 422}]}
        )
        result = run_upload(service, workspace, initial=True, result=ROWS)
        assert (
            "returned HTTP 207 and rejected 1 row; the other rows are treated as accepted"
            in result.message
        )
        assert (result.data["service"]["confirmed"], result.data["receipt"]["rows"]) == (True, 1)

    def test_a_flag_that_is_false_is_a_rejection(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        options: JsonObject = {"result": {"success": "success", "messages": "messages"}}
        service.queue_response(200, {"success": True})
        assert run_upload(service, workspace, initial=True, **options)["uploaded"]
        write_roster(workspace.dest, make_contacts(3))
        service.queue_response(200, {"success": False, "messages": ["Unknown column: SMS Phone."]})
        result = run_upload(service, workspace, **options)
        assert result.message == (
            f"Cannot upload to {service.url}: it returned HTTP 200, but success in its response is false."
            ' The service reports: "Unknown column: SMS Phone".'
            " Correct the cause that the service reports, or look it up in the service."
        )
        assert (result.data["kind"], result.data["receipt"]["complete"]) == (
            "service_refused",
            True,
        )


class TestUnknownOutcome:
    """Responses after which the service might have accepted the roster, and interim responses."""

    @pytest.mark.parametrize(
        ("status", "headers", "message"),
        [
            (
                303,
                {"Location": "/imports/17?key=hush"},
                (
                    "it returned HTTP 303, with the result at /imports/17; it might have accepted the roster. Check in"
                    " the service whether it has imported the contacts; the next run sends the roster again."
                ),
            ),
            (
                301,
                {"Location": "/contacts/"},
                (
                    "it returned HTTP 301, a redirect to /contacts/; it might have accepted the roster. Add a slash at"
                    " the end of url."
                ),
            ),
            (
                302,
                {"Location": "/users/sign_in?next=%2Fcontacts"},
                (
                    "it returned HTTP 302, a redirect to /users/sign_in, which looks like a login page; it might have"
                    " accepted the roster. Check token, token_header and token_prefix."
                ),
            ),
            (
                302,
                {"Location": "/done"},
                (
                    "it returned HTTP 302, a redirect to /done; it might have accepted the roster. Compare url and"
                    " method with the service's documentation."
                ),
            ),
            (
                408,
                {},
                (
                    "it returned HTTP 408 (the roster did not arrive in time). Check the network; the next run sends"
                    " the roster again."
                ),
            ),
            (
                200,
                HTML,
                "it returned HTTP 200, but the response does not match result: it is an HTML page",
            ),
        ],
    )
    def test_the_next_run_sends_the_roster_again(
        self,
        status: int,
        headers: dict[str, str],
        message: str,
        service: Receiver,
        workspace: Workspace,
    ) -> None:
        assert run_upload(service, workspace, initial=True)["uploaded"]
        write_roster(workspace.dest, make_contacts(3))
        service.queue_response(status, b"<html>", headers, is_processed=True)
        result = run_upload(service, workspace, retries=0)
        assert result.message.startswith(f"Cannot upload to {service.url}: {message}")
        assert (result.data["kind"], result.data["receipt"]["complete"]) == (
            "service_unsure",
            False,
        )
        assert (len(service.contacts), "hush" in result.output) == (3, False)
        # The roster is the same as before, but the service now has different contacts.
        write_roster(workspace.dest, make_contacts(2))
        assert run_upload(service, workspace)["uploaded"]
        assert len(service.contacts) == 2

    def test_interim_responses_are_skipped(self, service: Receiver, workspace: Workspace) -> None:
        service.interim = (100, 102, 103, 102)
        assert run_upload(service, workspace, initial=True)["service"]["status"] == 200
        assert (service.requests, len(service.contacts)) == (1, 2)


class TestServiceMessage:
    """Error messages that quote the service."""

    @pytest.mark.parametrize(
        ("status", "body", "text"),
        [
            (
                400,
                {
                    "error": {
                        "code": "MISSING",
                        "message": 'Required column "External ID" is missing',
                    }
                },
                "Required column 'External ID' is missing",
            ),
            (
                401,
                {"error": "invalid_token", "error_description": "It expired"},
                "invalid_token: It expired",
            ),
            (
                409,
                {"title": "Conflict", "detail": "An import is running."},
                "Conflict: An import is running.",
            ),
            (400, {"file": ["No file was submitted."]}, "file: No file was submitted."),
            (
                400,
                b'Line 3: unknown location "oslo-hq" of Ada\nLine 9: unknown location "bergen"\n',
                "Line 3: unknown location 'oslo-hq' of ... (and 1 more line)",
            ),
        ],
    )
    def test_the_message_is_shown_masked(
        self,
        status: int,
        body: JsonObject | bytes,
        text: str,
        service: Receiver,
        workspace: Workspace,
    ) -> None:
        service.queue_response(status, body, TEXT if isinstance(body, bytes) else {})
        result = run_failing_upload(service, workspace)
        assert f'. The service reports: "{text.rstrip(".")}". ' in result.message
        assert result.data["service"]["message"] == text.replace("'", '"')

    @pytest.mark.parametrize(
        ("status", "body", "text"),
        [
            (
                200,
                {"imported": 1, "errors": ["Row 2: invalid e-mail address"]},
                '1 row: "Row 2: invalid e-mail address"',
            ),
            (
                422,
                {
                    "message": "The data was invalid.",
                    "errors": {"rows.2.email": ["must be an address."]},
                },
                '1 row: Email: "must be an address". The service also reports: "The data was invalid"',
            ),
        ],
    )
    def test_strings_and_fields_in_errors_are_causes(
        self, status: int, body: JsonObject, text: str, service: Receiver, workspace: Workspace
    ) -> None:
        service.queue_response(status, body)
        result = run_failing_upload(service, workspace)
        assert (
            f" and rejected 1 row; no row is treated as accepted. The service reports: {text}. "
            in result.message
        )

    def test_causes_are_grouped_by_location(self, service: Receiver, workspace: Workspace) -> None:
        contacts = [*make_contacts(2), *make_contacts(5, location="vardo")[2:]]
        write_roster(workspace.dest, [*contacts, *make_contacts(6, location="hamar")[5:]])
        result = run_failing_upload(service, workspace)
        unknown = "is not a location of this account"
        assert (
            f'rejected 4 rows; no row is treated as accepted. The service reports: all rows: Location: "{unknown}"'
            in (result.message)
        )
        assert (
            " (vardo 3, hamar 1). Compare the location identifiers vardo, hamar with the locations of the account in"
            " the service; see service.errors." in result.message
        )
        (cause,) = result.data["service"]["causes"]
        assert (cause["cause"], cause["rows"]) == (unknown, 4)


def test_status_202_is_an_acceptance_only_if_status_code_lists_it(
    service: Receiver, workspace: Workspace
) -> None:
    service.queue_response(202, {"counts": {}})
    assert (
        "it returned HTTP 202 (it might still reject the roster)."
        in run_upload(service, workspace, initial=True).message
    )
    service.queue_response(202, {"counts": {}})
    assert run_upload(service, workspace, initial=True, status_code=[202])["uploaded"]


class TestUnwritableStateDirectory:
    """Errors for a state directory that cannot be written to.

    The errors must state whether the roster was sent.
    """

    def test_a_read_only_directory_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        assert run_upload(service, workspace, initial=True)["uploaded"]
        write_roster(workspace.dest, make_contacts(3))
        workspace.state_dir.chmod(0o500)
        try:
            result = run_upload(service, workspace, initial=True)
        finally:
            workspace.state_dir.chmod(0o700)
        assert result.message == (
            f"Cannot write to the state directory {workspace.state_dir}: Permission denied."
            " Nothing was sent. Free some space there, or make it writable."
        )
        assert service.requests == 1
        assert run_upload(service, workspace)["plan"]["added"] == 1

    @pytest.mark.parametrize("baseline_rows", [0, 2])
    def test_a_full_disk_is_an_error(
        self, baseline_rows: int, service: Receiver, workspace: Workspace
    ) -> None:
        """A limit on the file size simulates a full disk."""
        if baseline_rows:
            assert run_upload(service, workspace, initial=True)["uploaded"]
        write_roster(workspace.dest, make_contacts(2000))
        limits = {"initial": True, "max_added_percent": 1_000_000}
        options = {**upload_options(service, workspace), **limits}
        request = build_module_request(workspace, "contact_upload", options)
        with ModuleRunner(workspace.collections_path) as runner:
            resource.prlimit(runner.pid, resource.RLIMIT_FSIZE, (50_000, 50_000))
            runner.start(request)
            result = runner.wait()
        assert result.message == (
            f"Cannot write to the state directory {workspace.state_dir}: File too large."
            " Nothing was sent. Free some space there, or make it writable."
        )
        assert service.requests == (1 if baseline_rows else 0)
        added = run_upload(service, workspace, **limits)["plan"]["added"]
        assert added == 2000 - baseline_rows

    def test_a_directory_that_becomes_read_only_during_the_upload_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        assert run_upload(service, workspace, initial=True)["uploaded"]
        write_roster(workspace.dest, make_contacts(3))
        options = upload_options(service, workspace)
        with ModuleRunner(workspace.collections_path) as runner:
            with service.hold() as arrived:
                runner.start(build_module_request(workspace, "contact_upload", options))
                assert arrived.wait(30)
                workspace.state_dir.chmod(0o500)
            result = runner.wait()
        workspace.state_dir.chmod(0o700)
        assert result.message == (
            f"Cannot write to the state directory {workspace.state_dir}: Permission denied."
            " The service has accepted the roster or a part of it. Free some space there; the next run sends the"
            " roster again."
        )
        assert (result.data["uploaded"], result.data["attempts"]) == (True, 1)
        assert result.data["receipt"]["complete"] is False
        assert service.uploads == 2
        second_run = run_upload(service, workspace)
        assert (second_run["uploaded"], second_run["plan"]["added"]) == (True, 1)
