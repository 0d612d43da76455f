# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What requests is told, and what of the environment counts."""

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
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.transport import (
    UploadSession,
    authorization,
    create_service_context,
    proxy_address,
    select_proxies,
    verify_argument,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.watchdog import Watchdog
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
def test_the_header_of_each_credential(credential: Credential, headers: dict[str, str]) -> None:
    request = SimpleNamespace(headers={})
    assert authorization(credential)(request) is request
    assert request.headers == headers


def test_the_floor_of_tls() -> None:
    assert create_service_context(TlsSettings()).minimum_version == ssl.TLSVersion.TLSv1_2
    assert (
        create_service_context(TlsSettings(minimum_version="1.3")).minimum_version
        == ssl.TLSVersion.TLSv1_3
    )


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
    assert proxy_address(ENDPOINT) == shown
    assert select_proxies(ENDPOINT)["https"].endswith(proxy)
    for endpoint in (
        replace(ENDPOINT, use_proxy=False),
        replace(ENDPOINT, url="http://localhost/"),
    ):
        assert (select_proxies(endpoint), proxy_address(endpoint)) == ({}, None)
    monkeypatch.setenv("NO_PROXY", "x.no")
    assert proxy_address(ENDPOINT) is None


def test_a_proxy_s_connections_are_watched_once() -> None:
    with (
        Watchdog(1) as watchdog,
        UploadSession(ENDPOINT, create_service_context(TlsSettings()), watchdog) as session,
    ):
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
    assert verify_argument(TlsSettings()) == DEFAULT_CA_BUNDLE_PATH
    assert verify_argument(TlsSettings("/ca")) == "/ca"
    assert verify_argument(TlsSettings(None, validate_certs=False)) is False
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path))
    assert verify_argument(TlsSettings()) == str(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert verify_argument(TlsSettings("/ca")) == "/ca"
    assert verify_argument(TlsSettings(None, validate_certs=False)) is False
    for path, problem in (
        ("/nowhere", "No such file or directory"),
        (__file__, "there are none in PEM format"),
    ):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", path)
        with pytest.raises(InputError) as caught:
            verify_argument(TlsSettings())
        assert str(caught.value) == (
            f"Cannot use the certificates in {path}, which REQUESTS_CA_BUNDLE in the environment names: "
            f"{problem}. Correct it, or set ca_path."
        )
