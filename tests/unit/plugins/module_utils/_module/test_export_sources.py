# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of an export, checked before anything is read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.sources import (
    Source,
    sources_of,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source


def test_sources_are_named_and_take_the_common_filter() -> None:
    params = export_params(
        source("OU=A", location="oslo"),
        source("OU=B", location="b", filter="(b=1)", search_scope="base", minimum=0),
        filter="(a=1)",
    )
    assert sources_of(params) == [
        Source("source 1 (location 'oslo')", "oslo", Query("OU=A", "subtree", "(a=1)"), 1),
        Source("source 2 (location 'b')", "b", Query("OU=B", "base", "(b=1)"), 0),
    ]
    assert sources_of(export_params(source("OU=A"))) == [
        Source("source 1", "", Query("OU=A", "subtree", ""), 1)
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (export_params(), "Cannot export: sources is empty. Give at least one source."),
        (
            export_params(source("OU=A", minimum=-1, location="oslo")),
            "Cannot use minimum -1 of source 1 (location 'oslo'): it is less than 0.",
        ),
        (
            export_params(source("OU=A", minimum=2, search_scope="base")),
            "Cannot use minimum 2 of source 1: search_scope base gives one entry at most.",
        ),
        (
            export_params(source("OU=A"), filter="x"),
            "Cannot use the filter 'x' of all sources: it is",
        ),
        (export_params(source("OU=A", filter="x")), "Cannot use the filter 'x' of source 1: it is"),
        (export_params(source("A")), "Cannot use search_base 'A' of source 1: it is not"),
        (
            export_params(source("OU=A", location="O")),
            "Cannot use the location 'O' of source 1: it",
        ),
    ],
)
def test_wrong_sources_are_told(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        sources_of(params)
    assert str(caught.value).startswith(message)
