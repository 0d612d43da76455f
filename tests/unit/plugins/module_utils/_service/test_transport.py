# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the connection to the service: credentials, TLS settings and proxies."""

from __future__ import annotations

import base64
import ssl
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    TlsSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.tls_context import (
    create_service_context,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.transport import (
    CredentialAuth,
    UploadSession,
    find_proxy_address,
    select_proxies,
    select_verify_argument,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.watchdog import Watchdog
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import tls
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH


@pytest.mark.parametrize(
    ("credential", "headers"),
    [
        (
            Credential(token="t", token_header="Authorization", token_prefix="Bearer"),
            {"Authorization": "Bearer t"},
        ),
        (Credential(token="t", token_header="X-Key", token_prefix=""), {"X-Key": "t"}),
        (Credential(token="t", token_header="", token_prefix="", token_param="param"), {}),
        (Credential(), {}),
        (
            Credential(username="kø", password="p:w"),
            {"Authorization": "Basic " + base64.b64encode("kø:p:w".encode()).decode()},
        ),
        (Credential(username="key"), {"Authorization": "Basic a2V5Og=="}),
    ],
)
def test_header_depends_on_the_kind_of_credential(
    credential: Credential, headers: dict[str, str]
) -> None:
    request = SimpleNamespace(headers={})
    assert CredentialAuth(credential)(request) is request
    assert request.headers == headers


def test_minimum_tls_version_can_be_configured() -> None:
    assert create_service_context(TlsSettings()).minimum_version == ssl.TLSVersion.TLSv1_2
    assert (
        create_service_context(TlsSettings(minimum_version="1.3")).minimum_version
        == ssl.TLSVersion.TLSv1_3
    )


ENDPOINT = Endpoint("https://x.no/contacts")


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        ("http://user:secret@proxy.no:3128", "proxy.no:3128"),
        ("http://proxy.no", "proxy.no"),
        ("proxy.no:3128", "proxy.no:3128"),
        ("http://user:secret@proxy.no:port", "configured in the environment"),
        ("http://user:12#secret@proxy.no:3128", "proxy.no:3128"),
        ("http://user:12/secret@proxy.no:3128", "proxy.no:3128"),
        ("http://", "configured in the environment"),
    ],
)
def test_proxy_is_reported_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str, address: str
) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert find_proxy_address(ENDPOINT) == address
    assert select_proxies(ENDPOINT)["https"].endswith(proxy)
    for endpoint in (
        replace(ENDPOINT, use_proxy=False),
        replace(ENDPOINT, url="http://localhost/"),
    ):
        assert (select_proxies(endpoint), find_proxy_address(endpoint)) == ({}, None)
    monkeypatch.setenv("NO_PROXY", "x.no")
    assert find_proxy_address(ENDPOINT) is None


def test_the_watchdog_is_added_only_once_to_connections_through_a_proxy() -> None:
    with (
        Watchdog(1) as watchdog,
        UploadSession(ENDPOINT, create_service_context(TlsSettings()), watchdog) as session,
    ):
        adapter = session.get_adapter(ENDPOINT.url)
        assert isinstance(adapter, HTTPAdapter)
        first, second = (
            dict(adapter.proxy_manager_for("http://proxy.no").pool_classes_by_scheme)
            for _call in range(2)
        )
    assert first == second
    assert {pool.ConnectionCls.watchdog for pool in first.values()} == {watchdog}


def test_a_ca_bundle_in_the_environment_replaces_the_certificates_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(DEFAULT_CA_BUNDLE_PATH))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert len(create_service_context(TlsSettings()).get_ca_certs()) > 1
    ca_file = tls(tmp_path, "localhost").ca_file
    for path, count in ((ca_file, 1), (tmp_path, 0)):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        assert len(create_service_context(TlsSettings()).get_ca_certs()) == count
    assert create_service_context(TlsSettings(validate_certs=False)).verify_mode == ssl.CERT_NONE


def test_ca_bundle_depends_on_the_settings_and_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    # The value is never True, because some releases of requests would then ignore the TLS context.
    assert select_verify_argument(TlsSettings()) == DEFAULT_CA_BUNDLE_PATH
    assert select_verify_argument(TlsSettings(ca_path="/ca")) == "/ca"
    assert select_verify_argument(TlsSettings(validate_certs=False)) is False
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path))
    assert select_verify_argument(TlsSettings()) == str(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/missing")
    assert select_verify_argument(TlsSettings(ca_path="/ca")) == "/ca"
    assert select_verify_argument(TlsSettings(validate_certs=False)) is False
    for path, cause in (
        ("/missing", "No such file or directory"),
        (__file__, "it contains no certificates in PEM format"),
    ):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", path)
        with pytest.raises(InputError) as caught:
            select_verify_argument(TlsSettings())
        assert str(caught.value) == (
            f"Cannot use the certificates in {path}, set by REQUESTS_CA_BUNDLE in the environment: "
            f"{cause}. Correct REQUESTS_CA_BUNDLE, or set ca_path."
        )
