# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTPS client: one upload, one answer, or an error that says why.

TLS 1.2 is the floor, redirects are not followed, and the token goes to the given URL alone.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from .._errors import Finding, FrontdeskError, InputError
from .._network import check_seconds, is_host
from .._tls import finding_of_certificate, tls_context
from .answer import Answer
from .endpoint import Credential, Endpoint, Tls
from .library import REQUESTS_ERROR, requests
from .multipart import MultipartFile

# Without requests this file must still load, so that the module can say that it is missing.
if TYPE_CHECKING or REQUESTS_ERROR is None:
    _Adapter = requests.adapters.HTTPAdapter
    _Auth = requests.auth.AuthBase
    _Session = requests.Session
else:
    _Adapter = _Auth = _Session = object

MAX_ANSWER = 4 << 20
"""Bytes of an answer that are read; the rest is left."""

_PIECE = 64 << 10
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# RFC 9110, 5.6.2.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ServiceError(FrontdeskError):
    """The service could not be reached, or did not take the roster."""


def check_endpoint(endpoint: Endpoint) -> None:
    """Check all that can be checked without the service.

    :raises InputError: for a URL or a token that cannot be used, or would cross a network in clear.
    """
    try:
        parts = urlsplit(endpoint.url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("https", "http") or not host or not is_host(host):
        raise InputError(
            "Cannot use the url", "it is not of the form https://HOST/PATH", "Correct url"
        )
    if parts.username or parts.password:
        raise InputError("Cannot use the url", "it holds a user name or a password", "Use token")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InputError(
            f"Cannot upload to http://{host}",
            "people's data would cross the network in clear",
            "Use https://",
        )
    _check_token(endpoint.credential)
    check_seconds("timeout", endpoint.timeout)


def _check_token(credential: Credential) -> None:
    if not credential.token:
        raise InputError(
            "Cannot upload", "token is empty", "Set token, or FRONTDESK_TOKEN in the environment"
        )
    if not _HEADER_NAME.fullmatch(credential.token_header):
        raise InputError(
            "Cannot use token_header", "it is not the name of an HTTP header", "Correct it"
        )
    for option, value in (("token", credential.token), ("token_prefix", credential.token_prefix)):
        if not value.isascii() or not value.isprintable():
            raise InputError(
                f"Cannot use {option}",
                "it holds characters that no HTTP header can hold",
                "Look for a line break or a space at its end",
            )


class _Token(_Auth):
    """Sets the token's header. As an AuthBase, for requests would let ~/.netrc replace a plain header."""

    def __init__(self, credential: Credential) -> None:
        self._name = credential.token_header
        self._value = f"{credential.token_prefix} {credential.token}".strip()

    def __call__(self, request: Any) -> Any:
        request.headers[self._name] = self._value
        return request


class _TlsAdapter(_Adapter):
    """Connections with TLS 1.2 as the floor, never lower."""

    def __init__(self, tls: Tls) -> None:
        self._context = tls_context(tls.ca_path, tls.validate_certs)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        return super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        # A proxy has connections of its own; the service behind it is held to the same.
        return super().proxy_manager_for(*args, ssl_context=self._context, **kwargs)


class _Uploads(_Session):
    """Requests without a look at where a redirect leads: requests would read all of its body for that."""

    def get_redirect_target(self, resp: Any) -> None:
        return None


def send(endpoint: Endpoint, file_name: str, content: BinaryIO, size: int) -> tuple[int, bytes]:
    """Upload one file.

    :param content: the file, open at its beginning.
    :param size: its number of bytes.
    :returns: the HTTP status and the beginning of the answer's body.
    :raises ServiceError: when no answer came, or a redirect.
    :raises InputError: when the certificates to trust cannot be read.
    """
    body = MultipartFile(endpoint.body.field_name, file_name, content, size)
    tried = f"Cannot upload to {endpoint.shown}"
    adapter = _TlsAdapter(endpoint.tls)
    with _Uploads() as session:
        session.mount("https://", adapter)
        # What goes to this host itself, in clear, must not leave it by way of a proxy.
        session.trust_env = endpoint.url.lower().startswith("https:")
        try:
            response = session.post(
                endpoint.url,
                data=body,
                headers={"Content-Type": body.content_type, "Accept": "application/json"},
                auth=_Token(endpoint.credential),
                timeout=endpoint.timeout,
                verify=(endpoint.tls.ca_path or True) if endpoint.tls.validate_certs else False,
                allow_redirects=False,
                stream=True,
            )
            answer = _read(response)
        except requests.exceptions.RequestException as error:
            raise ServiceError(tried, *_explained(error)) from None
    if response.is_redirect or 300 <= response.status_code < 400:
        host = _host_of(response.headers.get("Location", ""))
        raise ServiceError(
            tried, f"it answered with a redirect to {host}", "Give the final address in url"
        )
    return response.status_code, answer


def _read(response: Any) -> bytes:
    answer = b""
    for piece in response.iter_content(_PIECE):
        answer += piece
        if len(answer) >= MAX_ANSWER:
            break
    return answer


def _host_of(location: str) -> str:
    try:
        return urlsplit(location).hostname or "itself"
    except ValueError:
        return "a malformed address"


def _explained(error: Exception) -> Finding:
    """What a failure of requests means, and what to do; in our words, for its own may hold the URL."""
    cause = _root_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return finding_of_certificate(cause, "url")
    if isinstance(error, requests.exceptions.SSLError):
        return Finding(
            f"no TLS connection ({getattr(cause, 'reason', None) or 'handshake failed'})",
            "It must speak TLS 1.2 or newer",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Finding(
            "it did not accept a connection in time",
            "Check firewalls and proxies, or raise timeout",
        )
    # Within the answer's body a timeout of the socket comes as another kind of failure.
    in_body = isinstance(cause, TimeoutError) and not cause.strerror
    if isinstance(error, requests.exceptions.Timeout) or in_body:
        return Finding(
            "it did not answer in time",
            "It may have taken the roster; the next run sends it again",
        )
    if isinstance(cause, OSError) and cause.strerror:
        return Finding(cause.strerror, "Check the host name, the port and the proxy")
    return Finding(
        f"the connection failed ({type(cause).__name__})",
        "Check the host name in url, and the network",
    )


def _root_cause(error: BaseException) -> BaseException:
    """The failure below the layers of requests and urllib3, which keep it in `reason` or in `args`."""
    while True:
        below = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        deeper = next((item for item in below if isinstance(item, BaseException)), None)
        if deeper is None:
            return error
        error = deeper


def problem_of_answer(endpoint: Endpoint, answer: Answer) -> ServiceError | None:
    """Why an answer does not mean that the roster was accepted; None when it does (RFC 9110, 15)."""
    tried = f"Cannot upload to {endpoint.shown}"
    said = f"it answered {answer.status}"
    if answer.errors:
        rows = "1 row" if len(answer.errors) == 1 else f"{len(answer.errors)} rows"
        said += f" and refused {rows}; nothing counts as accepted"
    elif answer.status == 202:
        said += ", which says that it may yet refuse the roster"
    elif 200 <= answer.status < 300:
        if answer.readable:
            return None
        said += ", but not with what result says; the roster counts as not accepted"
    return ServiceError(tried, said, _remedy(answer))


def _remedy(answer: Answer) -> str:
    status = answer.status
    if answer.errors:
        return "Correct these people in the directory, or the columns; service.errors has the rows"
    if status in (401, 403):
        return "Check token, token_header and token_prefix, and what the token may do"
    if status in (404, 405):
        return "Check url"
    if status >= 500:
        return "The service has a problem; the next run sends the roster again"
    if 200 <= status < 300:
        return "Check url and result against the service's documentation"
    return "Look up the status in the service's documentation"
