# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What requests is told, and what of the environment counts."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    Tls,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.transport import (
    Session,
    authorization,
    proxies_for,
    proxy_host,
    service_context,
    verification,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.watchdog import Watchdog
from cryptography.hazmat.primitives import serialization
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH


@pytest.mark.parametrize(
    ("credential", "headers"),
    [
        (Credential("t", "Authorization", "Bearer"), {"Authorization": "Bearer t"}),
        (Credential("t", "X-Key", ""), {"X-Key": "t"}),
        (Credential("t", "", "", "param"), {}),
        (Credential(), {}),
        (
            Credential(username="kø", password="p:w"),
            {"Authorization": "Basic " + base64.b64encode("kø:p:w".encode()).decode()},
        ),
        (Credential(username="key"), {"Authorization": "Basic a2V5Og=="}),
    ],
)
def test_the_header_of_each_credential(credential: Credential, headers: dict[str, str]) -> None:
    request = SimpleNamespace(headers={})
    assert authorization(credential)(request) is request
    assert request.headers == headers


@pytest.fixture(name="pair")
def _pair(tmp_path: Path) -> tuple[Path, Path]:
    made = trustme.CA().issue_cert("client")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made.cert_chain_pems[0].write_to_path(cert)
    made.private_key_pem.write_to_path(key)
    return cert, key


def test_a_client_certificate_is_loaded(pair: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = pair
    service_context(Tls(client_cert=str(cert), client_key=str(key)))
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    service_context(Tls(client_cert=str(both)))


def test_client_certificates_that_cannot_be_used_are_told(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = pair
    other = trustme.CA().issue_cert("other").private_key_pem
    other.write_to_path(tmp_path / "other.pem")
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pw"),
        )
    )
    for given, problem in (
        ((cert, None), "they are no certificate and its key"),
        ((cert, tmp_path / "other.pem"), "they are no certificate and its key"),
        ((key, cert), "they are no certificate and its key"),
        ((tmp_path / "none.pem", key), "No such file or directory"),
        ((cert, locked), "the key is encrypted"),
    ):
        paths = [None if path is None else str(path) for path in given]
        with pytest.raises(InputError) as caught:
            service_context(Tls(client_cert=paths[0], client_key=paths[1]))
        assert caught.value.answer == problem


def test_the_floor_of_tls() -> None:
    assert service_context(Tls()).minimum_version == ssl.TLSVersion.TLSv1_2
    assert service_context(Tls(minimum="1.3")).minimum_version == ssl.TLSVersion.TLSv1_3


ENDPOINT = Endpoint("https://x.no/contacts")


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://user:secret@proxy.no:3128", "proxy.no:3128"),
        ("http://proxy.no", "proxy.no"),
        ("proxy.no:3128", "proxy.no:3128"),
        ("http://user:secret@proxy.no:port", "named in the environment"),
        ("http://user:12#secret@proxy.no:3128", "proxy.no:3128"),
        ("http://user:12/secret@proxy.no:3128", "proxy.no:3128"),
        ("http://", "named in the environment"),
    ],
)
def test_a_proxy_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str, shown: str
) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert proxy_host(ENDPOINT) == shown
    assert proxies_for(ENDPOINT)["https"].endswith(proxy)
    for endpoint in (
        ENDPOINT._replace(use_proxy=False),
        ENDPOINT._replace(url="http://localhost/"),
    ):
        assert (proxies_for(endpoint), proxy_host(endpoint)) == ({}, None)
    monkeypatch.setenv("NO_PROXY", "x.no")
    assert proxy_host(ENDPOINT) is None


def test_a_proxy_s_connections_are_watched_once() -> None:
    with Watchdog(1) as watchdog, Session(ENDPOINT, service_context(Tls()), watchdog) as session:
        adapter = session.get_adapter(ENDPOINT.url)
        assert isinstance(adapter, HTTPAdapter)
        first, again = (
            dict(adapter.proxy_manager_for("http://proxy.no").pool_classes_by_scheme)
            for _use in range(2)
        )
    assert first == again
    assert {pool.ConnectionCls.watchdog for pool in first.values()} == {watchdog}


def test_what_certificates_are_verified_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    # Never True, with which some releases of requests leave the context aside.
    assert verification(Tls()) == DEFAULT_CA_BUNDLE_PATH
    assert verification(Tls("/ca")) == "/ca"
    assert verification(Tls(None, validate_certs=False)) is False
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path))
    assert verification(Tls()) == str(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert verification(Tls("/ca")) == "/ca"
    assert verification(Tls(None, validate_certs=False)) is False
    for path, problem in (
        ("/nowhere", "No such file or directory"),
        (__file__, "there are none in PEM format"),
    ):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", path)
        with pytest.raises(InputError) as caught:
            verification(Tls())
        assert str(caught.value) == (
            f"Cannot use the certificates in {path}, which REQUESTS_CA_BUNDLE in the environment names: "
            f"{problem}. Correct it, or set ca_path."
        )
