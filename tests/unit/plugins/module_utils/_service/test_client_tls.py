# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of TLS connections to a service."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.client import send_file
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    Retries,
    TlsSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    FileContent,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.status import ServiceError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.tls_context import (
    create_service_context,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.transport import (
    _WatchedAdapter,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.watchdog import Watchdog
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    OK,
    free_port,
    http_server,
    ok,
    tls,
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the proxies and CA bundles that are configured on the test host."""
    for name in ("https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def _send(
    port: int, ca_path: Path | None, *, validate_certs: bool = True, timeout: int = 20
) -> tuple[int, bytes]:
    endpoint = Endpoint(
        url=f"https://localhost:{port}/contacts",
        credential=Credential(token="t0ken", token_header="Authorization", token_prefix="Bearer"),
        tls=TlsSettings(
            ca_path=None if ca_path is None else str(ca_path), validate_certs=validate_certs
        ),
        retries=Retries(limit=0, interval=0),
        timeout=timeout,
    )
    response = send_file(endpoint, "a.csv", FileContent(io.BytesIO(b"A\r\n"), 3))
    return response.status, response.body.content


def test_service_with_a_trusted_ca_is_accepted(tmp_path: Path) -> None:
    server_tls = tls(tmp_path, "localhost")
    with http_server(ok, server_tls.context) as server:
        assert _send(server.port, server_tls.ca_file) == (200, OK)
    assert server.requests[0].header("Authorization") == ["Bearer t0ken"]


DESCRIPTION = (
    "; the certificate is for {name}, was issued by *trustme*, is valid from *, and was checked for localhost with"
    " ca_path *. "
)
UNKNOWN_CA = (
    "by an unknown CA (unable to get local issuer certificate)"
    + DESCRIPTION.format(name="localhost")
    + "Set ca_path to a file with the root certificate of the CA *trustme*"
)
OTHER_NAME = (
    "for another name (Hostname mismatch, certificate is not valid for 'localhost')"
    + DESCRIPTION
    + "In url, use {name}, or issue a certificate whose subjectAltName contains localhost"
)


@pytest.mark.parametrize(
    ("names", "is_trusted", "cause"),
    [
        (["localhost"], False, UNKNOWN_CA),
        (["x.no"], True, OTHER_NAME.format(name="x.no")),
        (["127.0.0.1"], True, OTHER_NAME.format(name="127.0.0.1")),
    ],
)
def test_nothing_is_sent_to_an_unverified_service(
    tmp_path: Path, names: list[str], is_trusted: bool, cause: str
) -> None:
    (tmp_path / "other").mkdir()
    other = tls(tmp_path / "other", "localhost")
    server_tls = tls(tmp_path, *names)
    with http_server(ok, server_tls.context) as server:
        with pytest.raises(ServiceError) as caught:
            _send(server.port, server_tls.ca_file if is_trusted else other.ca_file)
        if not is_trusted:
            with pytest.raises(ServiceError, match="its certificate was issued by an unknown CA"):
                _send(server.port, None)
        assert server.requests == []
    message = f"Cannot upload to https://localhost:{server.port}/contacts: its certificate was issued {cause}."
    assert fnmatchcase(str(caught.value), message)


def test_the_ca_bundle_of_the_environment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    bundle = tls(tmp_path / "other", "localhost").ca_file
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with (
        http_server(ok, tls(tmp_path, "localhost").context) as server,
        pytest.raises(ServiceError) as caught,
    ):
        _send(server.port, None)
    assert f" for localhost with the CA certificates in {bundle}. " in str(caught.value)


def _drip_handshake(connection: socket.socket) -> None:
    """Send the header of a TLS record (RFC 8446, 5.1), and then zero bytes one by one, until the connection ends."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        connection.sendall(b"\0")
        time.sleep(0.1)


@pytest.mark.parametrize("respond", [socket.socket.close, _drip_handshake])
def test_a_service_that_cannot_be_inspected_is_reported_without_its_certificate(
    tmp_path: Path, respond: Callable[[socket.socket], object]
) -> None:
    """The server sends its certificate only on the first connection."""
    server_tls = tls(tmp_path, "x.no")

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            server_tls.context.wrap_socket(listener.accept()[0], server_side=True)
        with contextlib.suppress(OSError):
            respond(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        started = time.monotonic()
        with pytest.raises(ServiceError) as caught:
            _send(listener.getsockname()[1], server_tls.ca_file, timeout=1)
        assert time.monotonic() - started < 10
        thread.join()
    assert (
        f"; the certificate was checked for localhost with ca_path {server_tls.ca_file}. "
        in str(caught.value)
    )


def test_a_certificate_that_was_rejected_through_a_proxy_is_not_inspected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_tls = tls(tmp_path, "x.no")

    def serve(listener: socket.socket) -> None:
        connection = listener.accept()[0]
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            server_tls.context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        with pytest.raises(ServiceError) as caught:
            _send(free_port(), server_tls.ca_file)
    assert "its certificate was issued for another name" in str(caught.value)
    assert "checked for" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_any_certificate_is_accepted_without_verification(tmp_path: Path) -> None:
    server_tls = tls(tmp_path, "x.no")
    with http_server(ok, server_tls.context) as server:
        assert _send(server.port, None, validate_certs=False) == (200, OK)


@pytest.fixture
def _lax_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure OpenSSL to allow old TLS versions."""
    create = ssl.create_default_context

    def lax(*args: object, **options: object) -> ssl.SSLContext:
        context = create(*args, **options)  # type: ignore[arg-type]  # Arguments are passed on unchanged.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        return context

    monkeypatch.setattr(ssl, "create_default_context", lax)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.usefixtures("_lax_openssl")
@pytest.mark.parametrize("validate_certs", [True, False])
def test_tls_1_1_is_rejected(tmp_path: Path, validate_certs: bool) -> None:
    server_tls = tls(tmp_path, "localhost")
    ca_file = server_tls.ca_file if validate_certs else None
    server_tls.context.set_ciphers("ALL:@SECLEVEL=0")
    server_tls.context.minimum_version = ssl.TLSVersion.TLSv1
    server_tls.context.maximum_version = ssl.TLSVersion.TLSv1_1
    with http_server(ok, server_tls.context) as server:
        with pytest.raises(ServiceError) as caught:
            _send(server.port, ca_file, validate_certs=validate_certs)
        assert server.requests == []
    assert str(caught.value) == (
        f"Cannot upload to https://localhost:{server.port}/contacts: "
        "the TLS connection failed (TLSV1_ALERT_PROTOCOL_VERSION). Check that the service supports "
        "the TLS version in tls_minimum or a newer one. "
        "If the service requires a client certificate, set client_cert."
    )


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.usefixtures("_lax_openssl")
def test_tls_1_2_is_accepted(tmp_path: Path) -> None:
    server_tls = tls(tmp_path, "localhost")
    server_tls.context.maximum_version = ssl.TLSVersion.TLSv1_2
    with http_server(ok, server_tls.context) as server:
        assert _send(server.port, server_tls.ca_file) == (200, OK)


def test_service_without_tls_is_reported(tmp_path: Path) -> None:
    ca_file = tls(tmp_path, "localhost").ca_file
    with http_server(ok) as server, pytest.raises(ServiceError, match="the TLS connection failed"):
        _send(server.port, ca_file)


def test_unreadable_ca_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with pytest.raises(InputError) as caught:
        _send(1, path)
    assert str(caught.value) == (
        f"Cannot read the certificates in ca_path {path}: No such file or directory. "
        "Set ca_path to a readable file in PEM format."
    )
    path.write_text("not a certificate")
    with pytest.raises(InputError, match="Cannot read the certificates in ca_path"):
        _send(1, path)


@pytest.mark.parametrize("validate_certs", [True, False])
def test_connections_through_a_proxy_use_the_tls_settings_of_direct_connections(
    validate_certs: bool,
) -> None:
    adapter = _WatchedAdapter(
        create_service_context(TlsSettings(validate_certs=validate_certs)), Watchdog(1)
    )
    context = adapter.proxy_manager_for("http://proxy:3128").connection_pool_kw["ssl_context"]
    assert context is adapter.poolmanager.connection_pool_kw["ssl_context"]
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname is validate_certs
    assert context.verify_mode == (ssl.CERT_REQUIRED if validate_certs else ssl.CERT_NONE)
