# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of error messages."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("Cannot bind",), "Cannot bind."),
        (("Cannot bind.",), "Cannot bind."),
        (("Cannot bind", "no"), "Cannot bind: no."),
        (("Cannot bind", "no.", "Say yes."), "Cannot bind: no. Say yes."),
        (("Cannot bind", "", "Say yes"), "Cannot bind. Say yes."),
    ],
)
def test_message_consists_of_sentences(parts: tuple[str, ...], text: str) -> None:
    error = FrontdeskError(*parts)
    assert str(error) == text
    assert error.args == (text,)
    action, cause, remedy = (*parts, "", "")[:3]
    assert (error.action, error.cause, error.remedy) == (action, cause, remedy)


def test_input_error_is_a_frontdesk_error() -> None:
    assert issubclass(InputError, FrontdeskError)
