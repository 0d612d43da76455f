# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How requests is used here: over TLS as it was asked for, watched, and told nothing by its environment.

Without a look at where redirects lead, at ~/.netrc, or at any variable but those that are named here.
"""

from __future__ import annotations

import base64
import os
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._errors import InputError
from .._tls import create_tls_context, explain_file_error, load_client_certificate
from .endpoint import Credential, Endpoint, TlsSettings
from .library import REQUESTS, requests
from .watchdog import Watchdog

# Without requests this file must still load, so that the module can say that it is missing.
if TYPE_CHECKING or REQUESTS.failure is None:
    _HTTPAdapter = requests.adapters.HTTPAdapter
    _AuthBase = requests.auth.AuthBase
    _RequestsSession = requests.Session
else:
    _HTTPAdapter = _AuthBase = _RequestsSession = object

_TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def create_service_context(tls: TlsSettings) -> ssl.SSLContext:
    """What every connection to the service must satisfy, and what it shows of this side.

    :raises InputError: when a file with certificates or the key cannot be used.
    """
    context = create_tls_context(tls.ca_path, tls.validate_certs)
    context.minimum_version = _TLS_VERSIONS[tls.minimum_version]
    if tls.client_cert:
        load_client_certificate(context, tls.client_cert, tls.client_key)
    return context


def check_tls_files(tls: TlsSettings) -> None:
    """See that certificates and key can be used, before anything else is done.

    :raises InputError: names the file.
    """
    create_service_context(tls)
    verify_argument(tls)


class _Authorization(_AuthBase):
    """Sets the credential's header. As an AuthBase, for requests would let ~/.netrc replace a plain header."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: Any) -> Any:
        credential = self._credential
        if credential.username:
            # In UTF-8, as RFC 7617, 2.1 advises; requests itself would take Latin-1.
            pair = f"{credential.username}:{credential.password}".encode()
            request.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        elif credential.token and not credential.token_param:
            value = f"{credential.token_prefix} {credential.token}".strip()
            request.headers[credential.token_header] = value
        return request


class _WatchedConnection:
    """A connection that its watchdog knows of from its first moment.

    `_new_conn` is urllib3's own, in 1.26 and in 2: the only place before TLS and proxies have their say.
    """

    watchdog: Watchdog

    def _new_conn(self) -> Any:
        connection = super()._new_conn()  # type: ignore[misc]  # it stands before a class of urllib3
        self.watchdog.watch(connection)
        return connection


class _WatchedAdapter(_HTTPAdapter):
    """Connections held to one TLS context, and watched."""

    def __init__(self, context: ssl.SSLContext, watchdog: Watchdog) -> None:
        self._context = context
        self._watchdog = watchdog
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        # A proxy has connections of its own; the service behind it is held to the same.
        manager = super().proxy_manager_for(*args, ssl_context=self._context, **kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        """Have every pool of the manager make connections that are watched."""
        manager.pool_classes_by_scheme = {
            scheme: self._watched_pool(pool)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }

    def _watched_pool(self, pool: type[Any]) -> type[Any]:
        if issubclass(pool.ConnectionCls, _WatchedConnection):
            return pool
        connection = type(
            "Connection", (_WatchedConnection, pool.ConnectionCls), {"watchdog": self._watchdog}
        )
        return type("Pool", (pool,), {"ConnectionCls": connection})


class UploadSession(_RequestsSession):
    """One attempt's connection to the service.

    :param context: made by `create_service_context`.
    """

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext, watchdog: Watchdog) -> None:
        super().__init__()
        self.trust_env = False
        self.proxies = select_proxies(endpoint)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _WatchedAdapter(context, watchdog))

    def get_redirect_target(self, resp: Any) -> None:
        # requests would read all of a redirect's body to follow it.
        return None


def authorization(credential: Credential) -> Any:
    """What sets the credential's header on a request."""
    return _Authorization(credential)


def select_proxies(endpoint: Endpoint) -> dict[str, str]:
    """The proxies that the environment names for the service (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    # What goes to this host itself, in clear, must not leave it by way of a proxy.
    if not endpoint.use_proxy or not endpoint.url.lower().startswith("https:"):
        return {}
    return dict(requests.utils.get_environ_proxies(endpoint.url))


def proxy_address(endpoint: Endpoint) -> str | None:
    """Host and port of the proxy that the way to the service leads through, without its credentials."""
    url = requests.utils.select_proxy(endpoint.url, select_proxies(endpoint))
    if not url:
        return None
    # From the last @ on: what stands before it is a password, even where it holds / or #.
    place = url.rpartition("@")[2].rpartition("//")[2]
    with suppress(ValueError):
        parts = urlsplit(f"//{place}")
        if parts.hostname:
            return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return "named in the environment"


def verify_argument(tls: TlsSettings) -> bool | str:
    """What requests is to verify certificates with, beside the context: it loads a bundle of its own.

    :raises InputError: when the environment names one that cannot be used.
    """
    if not tls.validate_certs:
        return False
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if tls.ca_path or not os.environ.get(name):
            continue
        _check_ca_bundle(name, os.environ[name])
        return os.environ[name]
    # By its path, though True means the same: with True requests 2.32.0 to 2.32.2 use a context of their own,
    # and neither tls_minimum nor client_cert would count.
    return tls.ca_path or str(requests.utils.DEFAULT_CA_BUNDLE_PATH)


def _check_ca_bundle(name: str, path: str) -> None:
    """See that certificates can be loaded: urllib3 would take the failure for one of the service's TLS."""
    is_directory = os.path.isdir(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            None if is_directory else path, path if is_directory else None
        )
    except OSError as error:
        raise InputError(
            f"Cannot use the certificates in {path}, which {name} in the environment names",
            explain_file_error(error, "there are none in PEM format"),
            "Correct it, or set ca_path",
        ) from error
