# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to the service through requests: credentials, proxies and a watchdog.

Redirects are not followed, and ~/.netrc is not read. Of the environment variables that requests
supports, only those for proxies and CA bundles are used.
"""

from __future__ import annotations

import base64
import errno
import os
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .endpoint import MIN_SECRET_LENGTH, Credential, Endpoint, TlsSettings
from .interim_responses import FinalResponse
from .library import REQUESTS, requests
from .tls_context import find_ca_bundle
from .watchdog import Watchdog

# This file must load even without requests, so that the module can report the missing library.
if TYPE_CHECKING or REQUESTS.failure is None:
    _HTTPAdapter = requests.adapters.HTTPAdapter
    _AuthBase = requests.auth.AuthBase
    _RequestsSession = requests.Session
else:
    _HTTPAdapter = _AuthBase = _RequestsSession = object


class CredentialAuth(_AuthBase):
    """An authentication object for the requests library that adds the header with the credential.

    If a request has an authentication object, requests does not read a credential from ~/.netrc.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: Any) -> Any:
        credential = self._credential
        if credential.username:
            # Encode the credential as UTF-8, as recommended in RFC 7617, 2.1. HTTPBasicAuth from
            # requests uses Latin-1.
            pair = f"{credential.username}:{credential.password}".encode()
            request.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        elif credential.token and not credential.token_param:
            value = f"{credential.token_prefix} {credential.token}".strip()
            request.headers[credential.token_header] = value
        return request


# The connection ended or stalled while the roster was being sent.
_SEND_FAILURES = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError, socket.timeout)


class _UploadConnection:
    """A connection that is watched from the start, and whose response is read even if sending fails.

    `_new_conn` is private to urllib3, but has the same interface in versions 1.26 and 2. It is the only
    method that returns the socket before a proxy tunnel is set up and before the TLS handshake.
    """

    watchdog: Watchdog
    sock: Any
    response_class = FinalResponse

    def _new_conn(self) -> Any:
        connection = super()._new_conn()  # type: ignore[misc]  # A mixin for a class of urllib3.
        self.watchdog.watch(connection)
        return connection

    def send(self, data: Any) -> None:
        """Send a part of the request.

        A service can respond before it has read the whole request, for example with 401 or 413, and then close the
        connection (RFC 9110, 15.5.14). Depending on the timing and the TLS library, sending the rest fails with
        different exceptions. urllib3 continues with the response only after a BrokenPipeError.

        :raises BrokenPipeError: if an established connection ended or stalled.
        """
        # Without a socket, the method of the base class first connects.
        is_connected = self.sock is not None
        try:
            super().send(data)  # type: ignore[misc]  # A mixin for a class of urllib3.
        except _SEND_FAILURES as error:
            if not is_connected:
                raise
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error


class _WatchedAdapter(_HTTPAdapter):
    """An adapter whose connections use a given TLS context and are watched by a watchdog."""

    def __init__(self, context: ssl.SSLContext, watchdog: Watchdog) -> None:
        self._context = context
        self._watchdog = watchdog
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        # Connections through a proxy have a separate manager, which must use the same TLS context.
        manager = super().proxy_manager_for(*args, ssl_context=self._context, **kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        """Configure all pools of a manager to create watched connections."""
        manager.pool_classes_by_scheme = {
            scheme: self._watched_pool(pool)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }

    def _watched_pool(self, pool: type[Any]) -> type[Any]:
        if issubclass(pool.ConnectionCls, _UploadConnection):
            return pool
        connection = type(
            "Connection", (_UploadConnection, pool.ConnectionCls), {"watchdog": self._watchdog}
        )
        return type("Pool", (pool,), {"ConnectionCls": connection})


class UploadSession(_RequestsSession):
    """A session with the service for a single attempt.

    :param endpoint: the endpoint of the service.
    :param context: a TLS context from `create_service_context`.
    :param watchdog: the watchdog for the connection.
    """

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext, watchdog: Watchdog) -> None:
        super().__init__()
        self.trust_env = False
        self.proxies = select_proxies(endpoint)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _WatchedAdapter(context, watchdog))

    def get_redirect_target(self, resp: Any) -> None:
        # Otherwise, requests would read the whole body of a redirect response.
        return None


def select_proxies(endpoint: Endpoint) -> dict[str, str]:
    """Return the proxies to use, by URL scheme, from the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    # Unencrypted requests to a loopback address must not be sent to a proxy.
    if not endpoint.use_proxy or not endpoint.is_tls:
        return {}
    return dict(requests.utils.get_environ_proxies(endpoint.url))


def find_proxy_address(endpoint: Endpoint) -> str | None:
    """Return the host and port of the proxy, without its credentials; None if there is none.

    If they are not valid, a phrase is returned.
    """
    url = requests.utils.select_proxy(endpoint.url, select_proxies(endpoint))
    if not url:
        return None
    # The part before the last @ contains the credentials, even if they contain slashes or number signs.
    address = url.rpartition("@")[2].rpartition("//")[2]
    with suppress(ValueError):
        parts = urlsplit(f"//{address}")
        if parts.hostname:
            return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return "configured in the environment"


def find_secrets(endpoint: Endpoint) -> tuple[str, ...]:
    """Return all values that a service or a proxy may repeat, but that must not be shown.

    In addition to the secrets themselves, these are the credentials of the proxy, and the values in the query of the
    URL, which may identify the account. Values in the query that are short or have public names are omitted.
    """
    credential = endpoint.credential
    secrets = [*endpoint.secret_values]
    if credential.username:
        secrets.append(f"{credential.username}:{credential.password}")
    public_names = {name.lower() for name in endpoint.public_names}
    for name, value in parse_qsl(urlsplit(endpoint.url).query):
        if len(value) >= MIN_SECRET_LENGTH and name.lower() not in public_names:
            secrets.append(value)
    for url in select_proxies(endpoint).values():
        pair = url.rpartition("@")[0].partition("//")[2]
        secrets += [pair, unquote(pair.partition(":")[2])]
    return tuple(secret for secret in secrets if secret)


def select_verify_argument(tls: TlsSettings) -> bool | str:
    """Return the argument ``verify`` for the requests library.

    The library loads the certificates at the returned path in addition to those of the TLS context.

    :raises InputError: if an environment variable names certificates that cannot be used.
    """
    if not tls.validate_certs:
        return False
    if bundle := find_ca_bundle(tls):
        return bundle
    # The default path has the same meaning as True. True is not used, because it makes requests 2.32.0
    # to 2.32.2 create another TLS context and ignore tls_minimum and client_cert.
    return tls.ca_path or str(requests.utils.DEFAULT_CA_BUNDLE_PATH)
