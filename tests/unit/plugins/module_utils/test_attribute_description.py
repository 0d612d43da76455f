# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of attribute descriptions: validation, normalization, splitting and options."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._attribute_description import (
    has_option,
    is_attribute_description,
    normalize_description,
    split_description,
)


@pytest.mark.parametrize(
    "text", ["sn", "mS-DS-X", "2.5.4.4", "0.9.2342.19200300.100.1.3", "sn;lang-el", "2.5.4.4;x;y-1"]
)
def test_names_and_oids_with_and_without_options_are_valid(text: str) -> None:
    assert is_attribute_description(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.5",
        "2.05.4",
        "3.1.2",
        ".2.5.4",
        "2.5.4.",
        "s n",
        "sn;",
        ";lang",
        "sn;;x",
        "ø",
        "sn;a=b",
    ],
)
def test_other_strings_are_not_valid(text: str) -> None:
    assert not is_attribute_description(text)


def test_descriptions_are_normalized_and_split() -> None:
    assert normalize_description("SN;X-a;Lang-EL") == "sn;lang-el;x-a"
    assert split_description("sn;lang-el;x-a") == ("sn", ";lang-el;x-a")
    assert split_description("sn") == ("sn", "")


def test_an_option_is_found_regardless_of_case_but_not_in_the_attribute_type() -> None:
    assert has_option("cert;x;Binary", "binary")
    assert not has_option("binary;x", "binary")
