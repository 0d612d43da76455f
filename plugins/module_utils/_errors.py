# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions that end a task, with messages for the administrator.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

from typing import NamedTuple


class Diagnosis(NamedTuple):
    """The explanation of a failure or a warning: its cause and its remedy.

    :ivar cause: the reason for the failure.
    :ivar remedy: an instruction for the administrator, without a full stop.
    """

    cause: str
    remedy: str


class FrontdeskError(Exception):
    """A failure that ends the task.

    Its message has the form *action: cause. Remedy.* Messages are printed and logged, so they must
    not contain passwords, tokens or personal data.

    :param action: the failed action and its target, for example ``Cannot bind to ldaps://dc1``.
    :param cause: the reason for the failure.
    :param remedy: an instruction for the administrator, without a full stop.
    """

    def __init__(self, action: str, cause: str = "", remedy: str = "") -> None:
        self.action = action
        self.cause = cause
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        failure = f"{self.action}: {self.cause}" if self.cause else self.action
        sentences = [failure.rstrip(".")]
        if self.remedy:
            sentences.append(self.remedy.rstrip("."))
        text = ". ".join(sentences)
        return text if text.endswith("?") else f"{text}."


class InputError(FrontdeskError):
    """Invalid input from the administrator, detected before anything is sent."""
