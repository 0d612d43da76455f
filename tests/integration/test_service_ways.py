# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to a service: credentials, bodies, proxies and certificates, each through the real module."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography.hazmat.primitives import serialization

from tests.integration.support.modules import Answer, run_module
from tests.integration.support.options import upload_options
from tests.integration.support.proxy import PASSWORD, proxy
from tests.integration.support.rosters import contacts, write_roster
from tests.lab.receiver import Receiver, ServiceBehavior, receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority

pytestmark = pytest.mark.every_library

CLIENT = "client.fjord.test"


class Way(NamedTuple):
    """How a service wants a file, and the options for that."""

    manner: ServiceBehavior
    options: Callable[[str], dict[str, Any]]


WAYS = {
    "token in a header": Way(ServiceBehavior(), lambda token: {"token": token}),
    "token in the query": Way(
        ServiceBehavior(token_param="auth_token"),
        lambda token: {"token": token, "token_param": "auth_token"},
    ),
    "Basic": Way(
        ServiceBehavior(is_basic=True), lambda token: {"token": None, "url_username": token}
    ),
    "client certificate": Way(
        ServiceBehavior(client_name=CLIENT, requires_token=False), lambda _token: {"token": None}
    ),
    "client certificate and token": Way(
        ServiceBehavior(client_name=CLIENT), lambda token: {"token": token}
    ),
}
BODIES: dict[str, tuple[ServiceBehavior, dict[str, Any]]] = {
    "PUT of the file": (
        ServiceBehavior(method="PUT", raw=True),
        {"method": "PUT", "body_format": "raw", "content_type": "text/csv"},
    ),
    "PATCH of a form with fields": (
        ServiceBehavior(method="PATCH", fields={"mode": "replace", "dry-run": "false"}),
        {"method": "PATCH", "form_fields": {"mode": "replace", "dry-run": False}},
    ),
    "flags in the query": (
        ServiceBehavior(flags={"remove-hosts": "true", "send-emails": "false"}),
        {"params": {"remove-hosts": True, "send-emails": False}},
    ),
}


@pytest.fixture(autouse=True)
def _two(place: Place) -> None:
    write_roster(place.dest, contacts(2))


@pytest.fixture(scope="session")
def client_cert(issuer: Authority) -> dict[str, str]:
    """Options for the certificate of a client."""
    made = issuer.issue(CLIENT, common_name=CLIENT)
    return {"client_cert": str(made.cert_file), "client_key": str(made.key_file)}


def _upload(
    service: Receiver, place: Place, env: dict[str, str] | None = None, **more: Any
) -> Answer:
    options = upload_options(service, place, initial=True, **more)
    answer = run_module(place, "contact_upload", options, env=env)
    for secret in (service.token, PASSWORD, "Pw7.other"):
        assert secret not in answer.output
        assert secret not in service.log_file.read_text("utf-8")
    assert not place.holding([service.token, PASSWORD])
    return answer


@pytest.mark.parametrize("name", WAYS)
def test_each_credential_gets_in_and_a_netrc_changes_nothing(
    name: str, issuer: Authority, client_cert: dict[str, str], place: Place
) -> None:
    netrc = place.home / ".netrc"
    netrc.write_text("default login ada password Pw7.other\n", encoding="ascii")
    netrc.chmod(0o600)
    way = WAYS[name]
    certificate = dict(client_cert) if way.manner.client_name else {}
    with receiver(issuer, locations=["oslo-hq"], behavior=way.manner) as service:
        options: dict[str, Any] = {**way.options(service.token), **certificate}
        answer = _upload(service, place, **options)
        assert (answer["uploaded"], answer["attempts"]) == (True, 1)
        service.queue_response(401)
        answer = _upload(service, place, force=True, **options)
        assert "it returned HTTP 401 (it does not accept the credential)" in answer.message


@pytest.mark.parametrize("name", WAYS)
def test_a_redirect_takes_no_credential_along(
    name: str, issuer: Authority, client_cert: dict[str, str], place: Place
) -> None:
    way = WAYS[name]
    certificate: dict[str, Any] = client_cert if way.manner.client_name else {}
    with (
        receiver(issuer, locations=["oslo-hq"], behavior=way.manner) as service,
        receiver(issuer, locations=["oslo-hq"]) as other,
    ):
        service.redirect(other.url, 308)
        answer = _upload(service, place, **way.options(service.token), **certificate)
        assert "it returned a redirect to localhost" in answer.message
        assert (service.requests, other.requests) == (1, 0)


@pytest.mark.parametrize("name", BODIES)
def test_each_body_is_taken_as_it_is_meant(name: str, issuer: Authority, place: Place) -> None:
    manner, options = BODIES[name]
    with receiver(issuer, locations=["oslo-hq"], behavior=manner) as service:
        assert _upload(service, place, **options)["uploaded"]
        assert len(service.contacts) == 2
        # It is strict: without these options it refuses.
        assert _upload(service, place, force=True).failed


def test_empty_variables_count_as_unset(service: Receiver, place: Place) -> None:
    env = {
        "FRONTDESK_TOKEN": service.token,
        "FRONTDESK_URL_USERNAME": "",
        "FRONTDESK_URL_PASSWORD": "",
    }
    assert _upload(service, place, env, token=None)["uploaded"]


class TestClientCertificates:
    """Certificates that the service asks for."""

    @pytest.mark.parametrize(
        ("newest", "told"),
        [
            (
                ssl.TLSVersion.TLSv1_3,
                "it requires a client certificate. Set client_cert and client_key.",
            ),
            # The alert is one for whatever a handshake fails of (RFC 5246, 7.4.6).
            (
                ssl.TLSVersion.TLSv1_2,
                (
                    "the TLS connection failed (SSLV3_ALERT_HANDSHAKE_FAILURE). Check that the service"
                    " supports TLS 1.2 or newer, and at least tls_minimum. The service may require"
                    " client_cert."
                ),
            ),
        ],
    )
    def test_none_is_shown(
        self, newest: ssl.TLSVersion, told: str, issuer: Authority, place: Place
    ) -> None:
        manner = ServiceBehavior(client_name=CLIENT)
        with receiver(
            issuer, locations=["oslo-hq"], behavior=manner, tls_maximum=newest
        ) as service:
            answer = _upload(service, place)
        assert answer.message == f"Cannot upload to {service.url}: {told}"
        assert (service.requests, answer.result["attempts"]) == (0, 1)

    def test_encrypted_key(
        self, client_cert: dict[str, str], service: Receiver, place: Place
    ) -> None:
        with open(client_cert["client_key"], "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
        path = place.root / "key.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"Pw7.other"),
            )
        )
        wrong: dict[str, Any] = {**client_cert, "client_key": str(path)}
        answer = _upload(service, place, **wrong)
        assert answer.message == (
            f"Cannot use client_cert {client_cert['client_cert']} with client_key {path}: the key is"
            " encrypted. Decrypt it into a file with mode 0600: openssl pkey -in KEY -out NEW."
        )

    def test_key_in_the_certificate_s_file(
        self, issuer: Authority, client_cert: dict[str, str], place: Place
    ) -> None:
        both = place.root / "both.pem"
        both.touch(mode=0o600)
        both.write_bytes(b"".join(_bytes(path) for path in client_cert.values()))
        manner = ServiceBehavior(client_name=CLIENT)
        with receiver(issuer, locations=["oslo-hq"], behavior=manner) as service:
            assert _upload(service, place, client_cert=str(both))["uploaded"]

    def test_files_that_cannot_be_used(
        self, client_cert: dict[str, str], service: Receiver, place: Place
    ) -> None:
        cert = client_cert["client_cert"]
        for given, problem in (
            (str(place.root / "none.pem"), "No such file or directory"),
            (cert, "they are not a certificate and its private key"),
        ):
            answer = _upload(service, place, client_cert=given)
            assert answer.message == (
                f"Cannot use client_cert {given}: {problem}. Provide files in PEM format;"
                " without client_key, client_cert must also contain the key."
            )
        assert service.requests == 0


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def test_expired_certificate(issuer: Authority, place: Place) -> None:
    now = datetime.now(UTC)
    expired = issuer.issue(
        "localhost", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
    )
    with receiver(issuer, locations=["oslo-hq"], certificate=expired) as service:
        answer = _upload(service, place)
        assert service.requests == 0
    assert answer.message == (
        f"Cannot upload to {service.url}: its certificate has expired (certificate has expired)."
        " Renew the server's certificate."
    )
    assert answer.result["attempts"] == 1


class TestProxies:
    """Proxies that the environment names."""

    def test_the_way_leads_through_it(self, service: Receiver, place: Place) -> None:
        with proxy() as running:
            assert _upload(service, place, running.environment)["uploaded"]
            assert len(running.targets) == 1
            beside = {**running.environment, "NO_PROXY": "localhost"}
            assert _upload(service, place, beside, force=True)["uploaded"]
            answer = _upload(service, place, running.environment, force=True, use_proxy=False)
            assert answer["uploaded"]
            assert len(running.targets) == 1

    def test_it_asks_for_a_password(self, service: Receiver, place: Place) -> None:
        with proxy(asks=True) as running:
            answer = _upload(service, place, running.environment)
            assert answer.message == (
                f"Cannot upload to {service.url}: the proxy 127.0.0.1:{running.port} refused the"
                " connection: it requires authentication (407). Set HTTPS_PROXY in the environment to"
                " http://USER:PASSWORD@HOST:PORT."
            )
            assert "Quarrelstone" not in answer.output
            assert _upload(service, place, running.with_password)["uploaded"]

    @pytest.mark.parametrize(("status", "attempts"), [(403, 1), (503, 4)])
    def test_it_lets_nobody_through(
        self, status: int, attempts: int, service: Receiver, place: Place
    ) -> None:
        with proxy(answer=status) as running:
            answer = _upload(service, place, running.with_password)
            assert (
                f"the proxy 127.0.0.1:{running.port} refused the connection: it " in answer.message
            )
            assert len(running.targets) == answer.result["attempts"] == attempts
        assert service.requests == 0

    def test_it_is_not_there(self, service: Receiver, place: Place) -> None:
        with proxy() as running:
            env = running.with_password
        answer = _upload(service, place, env, retries=0)
        assert answer.message == (
            f"Cannot upload to {service.url}: the proxy 127.0.0.1:{running.port} cannot be reached:"
            " Connection refused. Check HTTPS_PROXY in the environment, or set use_proxy: false."
        )
