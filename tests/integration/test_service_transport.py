# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests of contact_upload: credentials, bodies, client certificates, early responses, timeouts and proxies."""

from __future__ import annotations

import re
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization

from tests.integration.support.http_proxy import PROXY_PASSWORD, http_proxy
from tests.integration.support.modules import ModuleResult, run_module
from tests.integration.support.options import upload_options
from tests.integration.support.raw_service import Connection, raw_service
from tests.integration.support.rosters import make_contacts, write_roster
from tests.lab.receiver import Receiver, ServiceBehavior, receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority

pytestmark = pytest.mark.every_library

CLIENT = "client.fjord.test"
VERSION = yaml.safe_load((Path(__file__).parents[2] / "galaxy.yml").read_text("utf-8"))["version"]


@dataclass(frozen=True)
class Credential:
    """A kind of credential.

    :ivar behavior: behavior of a service that requires the credential.
    :ivar options: function that returns the module options for a token.
    """

    behavior: ServiceBehavior
    options: Callable[[str], dict[str, Any]]


CREDENTIALS = {
    "token in a header": Credential(ServiceBehavior(), lambda token: {"token": token}),
    "token in the query": Credential(
        ServiceBehavior(token_param="auth_token"),
        lambda token: {"token": token, "token_param": "auth_token"},
    ),
    "Basic": Credential(
        ServiceBehavior(is_basic=True), lambda token: {"token": None, "url_username": token}
    ),
    "client certificate": Credential(
        ServiceBehavior(client_name=CLIENT, requires_token=False), lambda _token: {"token": None}
    ),
    "client certificate and token": Credential(
        ServiceBehavior(client_name=CLIENT), lambda token: {"token": token}
    ),
}
BODIES: dict[str, tuple[ServiceBehavior, dict[str, Any]]] = {
    "PUT with the file as the body": (
        ServiceBehavior(method="PUT", raw=True),
        {"method": "PUT", "body_format": "raw", "content_type": "text/csv"},
    ),
    "PATCH with form fields": (
        ServiceBehavior(method="PATCH", fields={"mode": "replace", "dry-run": "false"}),
        {"method": "PATCH", "form_fields": {"mode": "replace", "dry-run": False}},
    ),
    "query parameters": (
        ServiceBehavior(flags={"remove-hosts": "true", "send-emails": "false"}),
        {"params": {"remove-hosts": True, "send-emails": False}},
    ),
}


@pytest.fixture(autouse=True)
def _two_contacts(workspace: Workspace) -> None:
    write_roster(workspace.dest, make_contacts(2))


@pytest.fixture(scope="session")
def client_cert(ca: Authority) -> dict[str, str]:
    """Options for a client certificate and its key."""
    certificate = ca.issue(CLIENT, common_name=CLIENT)
    return {"client_cert": str(certificate.cert_file), "client_key": str(certificate.key_file)}


def _upload(
    service: Receiver, workspace: Workspace, env: dict[str, str] | None = None, **overrides: Any
) -> ModuleResult:
    options = upload_options(service, workspace, initial=True, **overrides)
    result = run_module(workspace, "contact_upload", options, env=env)
    for secret in (service.token, PROXY_PASSWORD, "Pw7.other"):
        assert secret not in result.output
        assert secret not in service.log_file.read_text("utf-8")
    assert not workspace.files_containing([service.token, PROXY_PASSWORD])
    return result


@pytest.mark.parametrize("name", CREDENTIALS)
def test_each_credential_is_accepted_and_netrc_is_ignored(
    name: str, ca: Authority, client_cert: dict[str, str], workspace: Workspace
) -> None:
    netrc = workspace.home / ".netrc"
    netrc.write_text("default login ada password Pw7.other\n", encoding="ascii")
    netrc.chmod(0o600)
    credential = CREDENTIALS[name]
    certificate = dict(client_cert) if credential.behavior.client_name else {}
    with receiver(ca, locations=["oslo-hq"], behavior=credential.behavior) as service:
        options: dict[str, Any] = {**credential.options(service.token), **certificate}
        result = _upload(service, workspace, **options)
        assert (result["uploaded"], result["attempts"]) == (True, 1)
        service.queue_response(401)
        result = _upload(service, workspace, force=True, **options)
        noun = "client certificate" if name == "client certificate" else "credential"
        assert f"it returned HTTP 401 (it does not accept the {noun})" in result.message


@pytest.mark.parametrize("name", CREDENTIALS)
def test_credentials_are_not_sent_to_a_redirect_target(
    name: str, ca: Authority, client_cert: dict[str, str], workspace: Workspace
) -> None:
    credential = CREDENTIALS[name]
    certificate: dict[str, Any] = client_cert if credential.behavior.client_name else {}
    with (
        receiver(ca, locations=["oslo-hq"], behavior=credential.behavior) as service,
        receiver(ca, locations=["oslo-hq"]) as target,
    ):
        service.redirect(target.url, 308)
        result = _upload(service, workspace, **credential.options(service.token), **certificate)
        assert f"it returned HTTP 308, a redirect to {target.url}. " in result.message
        assert (service.requests, target.requests) == (1, 0)


@pytest.mark.parametrize("name", BODIES)
def test_each_request_format_is_accepted(name: str, ca: Authority, workspace: Workspace) -> None:
    behavior, options = BODIES[name]
    with receiver(ca, locations=["oslo-hq"], behavior=behavior) as service:
        assert _upload(service, workspace, **options)["uploaded"]
        assert len(service.contacts) == 2
        # The service rejects uploads without these options.
        assert _upload(service, workspace, force=True).failed


def test_empty_environment_variables_are_treated_as_unset(
    service: Receiver, workspace: Workspace
) -> None:
    env = {
        "FRONTDESK_TOKEN": service.token,
        "FRONTDESK_URL_USERNAME": "",
        "FRONTDESK_URL_PASSWORD": "",
    }
    assert _upload(service, workspace, env, token=None)["uploaded"]


class TestClientCertificates:
    """Client certificates, and errors if they are missing or unusable."""

    @pytest.mark.parametrize(
        ("tls_maximum", "expected"),
        [
            (
                ssl.TLSVersion.TLSv1_3,
                "it requires a client certificate. Set client_cert and client_key.",
            ),
            # In TLS 1.2, a missing client certificate causes only a generic alert (RFC 5246, 7.4.6).
            (
                ssl.TLSVersion.TLSv1_2,
                (
                    "the TLS connection failed (SSLV3_ALERT_HANDSHAKE_FAILURE). Check that the service"
                    " supports the TLS version in tls_minimum or a newer one. If the service requires a"
                    " client certificate, set client_cert."
                ),
            ),
        ],
    )
    def test_a_missing_client_certificate_is_an_error(
        self, tls_maximum: ssl.TLSVersion, expected: str, ca: Authority, workspace: Workspace
    ) -> None:
        behavior = ServiceBehavior(client_name=CLIENT)
        with receiver(
            ca, locations=["oslo-hq"], behavior=behavior, tls_maximum=tls_maximum
        ) as service:
            result = _upload(service, workspace)
        assert result.message == f"Cannot upload to {service.url}: {expected}"
        assert (service.requests, result.data["attempts"]) == (0, 1)

    def test_an_encrypted_key_is_an_error(
        self, client_cert: dict[str, str], service: Receiver, workspace: Workspace
    ) -> None:
        with open(client_cert["client_key"], "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
        path = workspace.root / "key.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"Pw7.other"),
            )
        )
        overrides: dict[str, Any] = {**client_cert, "client_key": str(path)}
        result = _upload(service, workspace, **overrides)
        assert result.message == (
            f"Cannot use client_cert {client_cert['client_cert']} with client_key {path}: the key is"
            " encrypted. Decrypt it into a file with mode 0600 (openssl pkey -in KEY -out NEW), and set"
            " client_key to this file."
        )

    def test_key_and_certificate_can_share_a_file(
        self, ca: Authority, client_cert: dict[str, str], workspace: Workspace
    ) -> None:
        combined = workspace.root / "both.pem"
        combined.touch(mode=0o600)
        combined.write_bytes(b"".join(_read_bytes(path) for path in client_cert.values()))
        behavior = ServiceBehavior(client_name=CLIENT)
        with receiver(ca, locations=["oslo-hq"], behavior=behavior) as service:
            assert _upload(service, workspace, client_cert=str(combined))["uploaded"]

    def test_unusable_certificate_files_are_an_error(
        self, client_cert: dict[str, str], service: Receiver, workspace: Workspace
    ) -> None:
        cert = client_cert["client_cert"]
        for path, problem in (
            (str(workspace.root / "none.pem"), "No such file or directory"),
            (cert, "the certificate or the key is not valid, or they do not match"),
        ):
            result = _upload(service, workspace, client_cert=path)
            assert result.message == (
                f"Cannot use client_cert {path}: {problem}. Provide a certificate and its private key in"
                " readable files in PEM format; without client_key, client_cert must also contain the key."
            )
        assert service.requests == 0

    @pytest.mark.parametrize("reads_body", [True, False])
    def test_a_certificate_can_be_requested_after_the_handshake(
        self, reads_body: bool, ca: Authority, client_cert: dict[str, str], workspace: Workspace
    ) -> None:
        """Web servers that require a certificate for one path request it after they have read the path."""

        def handle(connection: Connection) -> None:
            if reads_body:
                connection.read_request()
                is_verified = connection.request_certificate()
            else:
                connection.read_head()
                is_verified = connection.request_certificate()
            connection.respond("200 OK" if is_verified else "403 Forbidden", ACCEPTED)

        with raw_service(ca, handle, client_ca=ca.ca_file) as url:
            result = _upload_to(url, ca, workspace, token=None, **client_cert)
        assert result["uploaded"], result.data

    def test_a_client_certificate_that_the_service_rejects_is_an_error(
        self, ca: Authority, client_cert: dict[str, str], workspace: Workspace
    ) -> None:
        behavior = ServiceBehavior(client_name=CLIENT, requires_token=False)
        with receiver(ca, locations=["oslo-hq"], behavior=behavior) as service:
            options: dict[str, Any] = {"token": None, **client_cert}
            for status, cause in (
                (401, "it does not accept the client certificate"),
                (403, "the client certificate lacks the required permission"),
            ):
                service.queue_response(status, {})
                assert _upload(service, workspace, **options).message == (
                    f"Cannot upload to {service.url}: it returned HTTP {status} ({cause}). Check"
                    " client_cert, and the permissions of the client certificate."
                )


ACCEPTED = b'{"counts": {"added": 2}, "errors": []}'
REJECTIONS = {
    413: "it returned HTTP 413 (the roster is too large). Look up the limit",
    401: "it returned HTTP 401 (it does not accept the credential). Check token",
    403: "it returned HTTP 403 (the credential lacks the required permission). Check token",
    302: "it returned HTTP 302, a redirect to /other; it might have accepted the roster",
}


def _upload_to(url: str, ca: Authority, workspace: Workspace, **overrides: Any) -> ModuleResult:
    """Upload to a service other than the receiver of the lab."""
    options = {
        "src": str(workspace.dest),
        "url": url,
        "token": "Tk7.0123456789",
        "ca_path": str(ca.ca_file),
        "state_dir": str(workspace.state_dir),
        "initial": True,
        "retry_interval": 0,
        "result": {"counts": "counts", "errors": "errors"},
        **overrides,
    }
    options = {name: value for name, value in options.items() if value is not None}
    result = run_module(workspace, "contact_upload", options)
    assert "_ssl.c" not in result.output
    return result


def _write_large_roster(path: Path) -> None:
    """Write a roster that does not fit in the buffers of a connection."""
    rows = [
        f"Ada,Aas,ada{number}@fjord.test,+47900{number:05},oslo-hq,{'x' * 100_000}"
        for number in range(140)
    ]
    lines = ["First Name,Last Name,Email,SMS Phone,Location,Note", *rows, ""]
    path.write_text("\r\n".join(lines), "utf-8")
    path.with_name(f"{path.name}.ids").unlink(missing_ok=True)


class TestEarlyResponses:
    """Services that respond before they have read the whole roster, or whose response is incomplete or missing."""

    @pytest.fixture(autouse=True)
    def _large_roster(self, workspace: Workspace) -> None:
        _write_large_roster(workspace.dest)

    @pytest.mark.parametrize(
        ("status", "maximum", "is_delayed"),
        [
            (413, ssl.TLSVersion.TLSv1_2, False),
            (413, ssl.TLSVersion.TLSv1_3, True),
            (401, ssl.TLSVersion.TLSv1_3, False),
            (403, ssl.TLSVersion.TLSv1_2, True),
            (302, ssl.TLSVersion.TLSv1_3, True),
        ],
    )
    def test_a_rejection_is_reported(
        self,
        status: int,
        maximum: ssl.TLSVersion,
        is_delayed: bool,
        ca: Authority,
        workspace: Workspace,
    ) -> None:
        connections = []

        def handle(connection: Connection) -> None:
            connections.append(connection)
            connection.read_head()
            connection.respond(f"{status} Early", b"", "Location: /other")
            # Closing a socket with unread data resets the connection. A delay lets the client read the response first.
            time.sleep(0.1 if is_delayed else 0)

        with raw_service(ca, handle, maximum=maximum) as url:
            result = _upload_to(url, ca, workspace, method="PUT", body_format="raw")
        assert result.message.startswith(f"Cannot upload to {url}: {REJECTIONS[status]}")
        assert (result.data["attempts"], len(connections)) == (1, 1)

    def test_a_rejection_is_reported_if_the_service_stops_reading(
        self, ca: Authority, workspace: Workspace
    ) -> None:
        is_finished = threading.Event()

        def handle(connection: Connection) -> None:
            connection.read_head()
            connection.respond("413 Early")
            is_finished.wait(20)

        with raw_service(ca, handle) as url:
            result = _upload_to(url, ca, workspace, timeout=1)
            is_finished.set()
        assert result.message.startswith(f"Cannot upload to {url}: {REJECTIONS[413]}")

    def test_a_success_before_the_end_of_the_roster_is_not_an_acceptance(
        self, ca: Authority, workspace: Workspace
    ) -> None:
        def handle(connection: Connection) -> None:
            connection.read_head()
            connection.respond("200 OK", ACCEPTED)
            time.sleep(0.1)

        with raw_service(ca, handle) as url:
            result = _upload_to(url, ca, workspace)
        assert result.message == (
            f"Cannot upload to {url}: it returned HTTP 200 and closed the connection before the whole"
            " roster was sent. Run again to send the roster once more; the service may already have"
            " accepted it."
        )
        assert result.data["kind"] == "service_unsure"

    def test_a_response_that_ends_within_its_headers_is_not_an_acceptance(
        self, ca: Authority, workspace: Workspace
    ) -> None:
        def handle(connection: Connection) -> None:
            connection.read_request()
            connection.tls.sendall(b"HTTP/1.1 200 OK\r\nContent-")

        with raw_service(ca, handle) as url:
            result = _upload_to(url, ca, workspace, result=None)
        assert result.message == (
            f"Cannot upload to {url}: its response is incomplete. Run again to send the roster once"
            " more; the service may already have accepted it."
        )
        assert result.data["kind"] == "service_unsure"

    def test_a_lost_connection_is_reported_without_terms_of_the_tls_library(
        self, ca: Authority, workspace: Workspace
    ) -> None:
        def handle(connection: Connection) -> None:
            connection.read_head()

        with raw_service(ca, handle) as url:
            result = _upload_to(url, ca, workspace)
        assert re.fullmatch(
            rf"Cannot upload to {url}: the connection was (closed before a response was received"
            r"|lost \((Connection reset by peer|Broken pipe)\))\. If the service requires a client"
            r" certificate, set client_cert\. Run again to send the roster once more; .+",
            result.message,
        )


class TestTimeouts:
    """Timeouts, whose messages name the step and the option."""

    def test_a_slow_response_is_an_error(self, service: Receiver, workspace: Workspace) -> None:
        with service.hold():
            result = _upload(service, workspace, timeout=1, method="PUT", retries=1)
        assert re.fullmatch(
            rf"Cannot upload to {service.url}: it did not respond within 1 second after the whole"
            r" roster was sent; 2 attempts in [2-4] seconds\. Increase timeout\. Run again to send the"
            r" roster once more; the service may already have accepted it\.",
            result.message,
        )
        assert result.data["attempts"] == 2
        assert 2 <= result.data["duration"] < 5

    def test_a_service_that_does_not_read_is_an_error(
        self, ca: Authority, workspace: Workspace
    ) -> None:
        _write_large_roster(workspace.dest)
        is_finished = threading.Event()

        def handle(connection: Connection) -> None:
            connection.read_head()
            is_finished.wait(20)

        with raw_service(ca, handle) as url:
            result = _upload_to(url, ca, workspace, timeout=1)
            is_finished.set()
        assert result.message == (
            f"Cannot upload to {url}: it did not receive the next part of the roster within 1 second."
            " Increase timeout. Run again to send the roster once more; the service may already have"
            " accepted it."
        )


class TestFirewalls:
    """The User-Agent header, and firewalls in front of the service."""

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [({}, f"frontdesk.contacts/{VERSION}"), ({"user-agent": "Sync/1"}, "Sync/1")],
    )
    def test_the_user_agent_names_the_collection_unless_it_is_set(
        self, headers: dict[str, str], expected: str, ca: Authority, workspace: Workspace
    ) -> None:
        behavior = ServiceBehavior(headers={"User-Agent": expected})
        with receiver(ca, locations=["oslo-hq"], behavior=behavior) as service:
            assert _upload(service, workspace, headers=headers)["uploaded"]

    def test_a_request_that_a_firewall_refuses_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        headers = {"Content-Type": "text/plain; charset=UTF-8", "Server": "cloudflare"}
        service.queue_response(403, b"error code: 1010", headers)
        result = _upload(service, workspace)
        assert result.message == (
            f"Cannot upload to {service.url}: it returned HTTP 403 (a firewall or proxy in front of the"
            ' service rejected the request). The service reports: "error code: 1010". Ask the administrator'
            " of the firewall or proxy to allow requests from this host, or set User-Agent in headers."
        )
        assert result.data["kind"] == "service_refused"
        service.queue_response(403, {"error": "no"}, {"Server": "cloudflare"})
        result = _upload(service, workspace)
        assert "(the credential lacks the required permission)" in result.message
        assert result.data["kind"] == "service_auth"


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def test_an_expired_server_certificate_is_an_error(ca: Authority, workspace: Workspace) -> None:
    now = datetime.now(UTC)
    expired = ca.issue(
        "localhost", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
    )
    with receiver(ca, locations=["oslo-hq"], certificate=expired) as service:
        result = _upload(service, workspace)
        assert service.requests == 0
    assert result.message.startswith(
        f"Cannot upload to {service.url}: its certificate has expired (certificate has expired); the certificate is"
        " for localhost, was issued by "
    )
    assert f" to {now - timedelta(days=1):%Y-%m-%d}, and was checked" in result.message
    assert result.message.endswith(". Renew the server's certificate.")
    assert result.data["attempts"] == 1


class TestProxies:
    """Proxies configured through environment variables."""

    def test_the_proxy_is_used_unless_an_option_or_no_proxy_excludes_it(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        with http_proxy() as proxy:
            assert _upload(service, workspace, proxy.environment)["uploaded"]
            assert len(proxy.connect_targets) == 1
            with_exception = {**proxy.environment, "NO_PROXY": "localhost"}
            assert _upload(service, workspace, with_exception, force=True)["uploaded"]
            result = _upload(service, workspace, proxy.environment, force=True, use_proxy=False)
            assert result["uploaded"]
            assert len(proxy.connect_targets) == 1

    def test_a_missing_proxy_password_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        with http_proxy(requires_password=True) as proxy:
            result = _upload(service, workspace, proxy.environment)
            assert result.message == (
                f"Cannot upload to {service.url}: the proxy 127.0.0.1:{proxy.port} refused the"
                " connection: it requires authentication (407). Set HTTPS_PROXY in the environment to"
                " http://USER:PASSWORD@HOST:PORT."
            )
            assert "Quarrelstone" not in result.output
            assert _upload(service, workspace, proxy.environment_with_password)["uploaded"]

    @pytest.mark.parametrize(("status", "attempts"), [(403, 1), (503, 4)])
    def test_a_proxy_that_refuses_the_connection_is_an_error(
        self, status: int, attempts: int, service: Receiver, workspace: Workspace
    ) -> None:
        with http_proxy(status=status) as proxy:
            result = _upload(service, workspace, proxy.environment_with_password)
            assert f"the proxy 127.0.0.1:{proxy.port} refused the connection: it " in result.message
            assert len(proxy.connect_targets) == result.data["attempts"] == attempts
        assert service.requests == 0

    def test_an_unreachable_proxy_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        with http_proxy() as proxy:
            env = proxy.environment_with_password
        result = _upload(service, workspace, env, retries=0)
        assert result.message == (
            f"Cannot upload to {service.url}: the proxy 127.0.0.1:{proxy.port} cannot be reached:"
            " Connection refused. Check HTTPS_PROXY and ALL_PROXY in the environment, or set use_proxy: false."
        )
