# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that an administrator gets to read.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

from typing import NamedTuple


class Diagnosis(NamedTuple):
    """What an answer or a failure means, and what to do about it; the last two parts of an error."""

    cause: str
    remedy: str


class FrontdeskError(Exception):
    """A failure that ends a task, told as: what was tried, what came back, what to do.

    No part may hold a password, a token or a person's values: the text is printed and logged.

    :param action: what was tried and where, for instance ``Cannot bind to ldaps://dc1 as svc``.
    :param cause: what came back.
    :param remedy: what the administrator can do about it; a sentence without its full stop.
    """

    def __init__(self, action: str, cause: str = "", remedy: str = "") -> None:
        self.action = action
        self.cause = cause
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        message = f"{self.action}: {self.cause}" if self.cause else self.action
        sentences = [message.rstrip(".")]
        if self.remedy:
            sentences.append(self.remedy.rstrip("."))
        return ". ".join(sentences) + "."


class InputError(FrontdeskError):
    """What the administrator gave is wrong; nothing has been read or sent."""
