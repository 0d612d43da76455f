# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Extraction of the CSV file from an upload (multipart/form-data, RFC 7578)."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class RejectedRequestError(Exception):
    """The service rejects the request."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        """HTTP status code of the response."""


def extract_upload(
    content_type: str, body: bytes, field: str, others: Mapping[str, str] | None = None
) -> bytes:
    """Return the content of the CSV file in an upload.

    :param content_type: Content-Type header of the request.
    :param body: body of the request.
    :param field: name of the form field that contains the file; it must be the last field.
    :param others: required values of the other form fields by name, in order.
    :raises RejectedRequestError: if the request is not a valid upload.
    """
    # With a preceding Content-Type header, a multipart body is a valid email message.
    head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    message = BytesParser(EmailMessage, policy=email.policy.HTTP).parsebytes(head + body)
    if message.get_content_type() != "multipart/form-data":
        raise RejectedRequestError(415, "the body must be multipart/form-data")
    if not message.is_multipart() or message.defects:
        raise RejectedRequestError(400, "the multipart body is malformed")
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    names = [part.get_param("name", header="content-disposition") for part in parts]
    if names != [*(others or {}), field]:
        raise RejectedRequestError(400, f"the form must have the fields {[*(others or {}), field]}")
    if [part.get_payload() for part in parts[:-1]] != list((others or {}).values()):
        raise RejectedRequestError(400, "a form field has the wrong value")
    return _file_content(parts[-1])


def _file_content(part: EmailMessage) -> bytes:
    if part.get_content_disposition() != "form-data" or not part.get_filename():
        raise RejectedRequestError(400, "the last form field must be a file with a name")
    if part.get_content_type() != "text/csv":
        raise RejectedRequestError(415, "the file must be text/csv")
    if part.get_content_charset("utf-8") != "utf-8":
        raise RejectedRequestError(415, "the file's charset must be UTF-8")
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise RejectedRequestError(400, "the file must not be multipart itself")
    return content
