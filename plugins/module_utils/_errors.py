# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions that end a task, with messages for the administrator.

The names of options are marked in messages with Ansible's semantic markup, as in ``O(ca_path)``,
``O(initial=true)``, ``O(result.errors)`` and ``O(sources[].minimum)``. The modules replace the markers
just before they show a message, because the role shows the names of its variables instead.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ._text import make_printable

_OPTION = r"[A-Za-z_][A-Za-z0-9_]*(?:\[\])?"
_MARKER = re.compile(
    rf"\bO\((?P<option>{_OPTION}(?:\.{_OPTION})*)(?:=(?P<value>[A-Za-z0-9_.-]+))?\)"
)


def render_message(text: str, names: Mapping[str, str]) -> str:
    """Replace the markers in a message with names of options.

    ``O(ca_path)`` becomes ``ca_path``, ``O(start_tls=true)`` becomes ``start_tls: true``, and
    ``O(sources[].minimum)`` becomes ``minimum``, because the message identifies the element. Other text
    in parentheses after an O is not changed.

    :param text: the message.
    :param names: the names to show, by option, such as ``ca_path``, or by the whole content of a marker,
        such as ``initial=true``. A key such as ``approved_plan=`` applies to all values of the option; ``{value}`` in
        the name stands for the value. The name of a dictionary also applies to its keys.
    """

    def render_marker(marker: re.Match[str]) -> str:
        option, value = marker["option"], marker["value"]
        if value is None:
            return _name_option(option, names)
        name = names.get(f"{option}={value}") or names.get(f"{option}=")
        return name.replace("{value}", value) if name else f"{_name_option(option, names)}: {value}"

    return _MARKER.sub(render_marker, text)


def _name_option(option: str, names: Mapping[str, str]) -> str:
    if option in names:
        return names[option]
    dictionary, _separator, key = option.partition(".")
    if key and dictionary in names:
        return f"{names[dictionary]}.{key}"
    return option.rpartition("[].")[2]


class Diagnosis(NamedTuple):
    """The explanation of a failure or a warning: its cause and its remedy.

    The names of options are marked in both.

    :ivar cause: the reason for the failure or the warning.
    :ivar remedy: an instruction for the administrator, without a full stop.
    """

    cause: str
    remedy: str


class FrontdeskError(Exception):
    """A failure that ends the task unless it is caught.

    Its message has the form *action: cause. Remedy.* The names of options are marked in all three parts.
    Messages are printed and logged, so they must not contain passwords, tokens or personal data.

    :cvar kind: kind of the failure, which the modules return. It is ``state``, in most cases for a file or directory
        that cannot be used, unless a derived class sets another one.
    :param action: the failed action and its target, for example ``Cannot bind to ldaps://dc1``.
    :param cause: the reason for the failure.
    :param remedy: an instruction for the administrator, without a full stop.
    """

    kind = "state"

    def __init__(self, action: str, cause: str = "", remedy: str = "") -> None:
        self.action = action
        self.cause = cause
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        return self.render({})

    def render(self, names: Mapping[str, str]) -> str:
        """Return the message for a reader.

        :param names: names to show instead of those of the options, as for `render_message`.
        """
        return render_message(self.message, names)

    @property
    def message(self) -> str:
        """The message in which the names of options are marked.

        The message is a single line, even if it contains text from a server.
        """
        failure = f"{self.action}: {self.cause}" if self.cause else self.action
        sentences = [failure.rstrip(".")]
        if self.remedy:
            sentences.append(self.remedy.rstrip("."))
        text = make_printable(". ".join(sentences))
        return text if text.endswith("?") else f"{text}."


class InputError(FrontdeskError):
    """Invalid input from the administrator, such as an option or a roster file."""

    kind = "configuration"
