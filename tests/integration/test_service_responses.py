# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses of a service, retries, and a state directory that cannot be written to."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.modules import ModuleRunner, build_module_request
from tests.integration.support.options import upload_options
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_upload
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
    def test_an_upload_with_an_unknown_outcome_is_repeated_by_the_next_run(
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


GZIP, BROTLI = {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}
UNEXPECTED_RESPONSES: list[tuple[int, bytes, dict[str, str], str]] = [
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


@pytest.mark.parametrize("response", UNEXPECTED_RESPONSES, ids=lambda response: response[-1])
def test_a_response_without_the_expected_result_is_an_error(
    response: tuple[int, bytes, dict[str, str], str], service: Receiver, workspace: Workspace
) -> None:
    status, body, headers, problem = response
    service.queue_response(status, body, headers)
    result = run_upload(service, workspace, initial=True)
    assert result.message == (
        f"Cannot upload to {service.url}: it returned HTTP {status}, but the response does not match"
        f" result: {problem}; the roster is treated as not accepted."
        " Check url and result against the service's documentation."
    )


def test_202_counts_as_accepted_only_if_status_code_lists_it(
    service: Receiver, workspace: Workspace
) -> None:
    service.queue_response(202, {"counts": {}})
    assert (
        "it returned HTTP 202 (it might still refuse the roster)."
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
        options = {**upload_options(service, workspace), "initial": True}
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
        assert run_upload(service, workspace, initial=True)["plan"]["added"] == 2000 - baseline_rows

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
            " The service has accepted the roster. Free some space there; the next run sends the"
            " roster again."
        )
        assert (result.data["uploaded"], result.data["attempts"]) == (True, 1)
        assert result.data["receipt"]["complete"] is False
        assert service.uploads == 2
        second_run = run_upload(service, workspace)
        assert (second_run["uploaded"], second_run["plan"]["added"]) == (True, 1)
