# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of error messages: their sentences, and the names that replace the marked options."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
    render_message,
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Set O(ca_path).", "Set ca_path."),
        ("Set O(start_tls=true)", "Set start_tls: true"),
        ("Set O(tls_minimum=1.2)", "Set tls_minimum: 1.2"),
        ("O(sources[].minimum) is 2", "minimum is 2"),
        ("or O(sources[].minimum=0)", "or minimum: 0"),
        ("if O(result.errors) is set", "if result.errors is set"),
        ("O(url), O(token)", "url, token"),
        ("'O(key)'", "'key'"),
    ],
)
def test_options_are_shown_with_their_names(text: str, shown: str) -> None:
    assert render_message(text, {}) == shown
    assert render_message(text, {"another": "x", "minimum": "x"}) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("O(x y)", "O()", "O(=true)", "O(a=)", "O(a=x y)", "O(a=(b))", "O(a", "O (a)", "FOO(a)"),
        *("O(2a)", "O(a-b)", "O(.a)", "O(a.)", "O([])", "O(a[0])", "o(a)", "V(a)", "O(Å)"),
    ],
)
def test_other_text_is_not_changed(text: str) -> None:
    assert render_message(text, {"a": "b", "x": "z"}) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Set O(ca_path)", "Set contact_sync_ca_path"),
        ("Set O(start_tls=true)", "Set contact_sync_start_tls: true"),
        ("with O(initial=true)", "with -e contact_sync_initial=true"),
        ("with O(initial=false)", "with contact_sync_initial: false"),
        ("O(initial)", "contact_sync_initial"),
        ("Set O(sources[].search_base)", "Set ou"),
        ("O(sources[].minimum)", "minimum"),
        ("O(sources)", "contact_sync_locations"),
        ("O(result.errors)", "contact_sync_service_result.errors"),
        ("O(filter)", "contact_sync_filter"),
        ("O(sources[].filter)", "filter"),
    ],
)
def test_options_are_shown_with_other_names(text: str, shown: str) -> None:
    names = {name: f"contact_sync_{name}" for name in ("ca_path", "start_tls", "initial", "filter")}
    names |= {
        "initial=true": "-e contact_sync_initial=true",
        "sources": "contact_sync_locations",
        "sources[].search_base": "ou",
        "result": "contact_sync_service_result",
    }
    assert render_message(text, names) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("with O(plan=5a1f)", "with -e plan=5a1f --tags upload"),
        ("Run O(plan=none)", "Run without a plan"),
        ("Set O(plan)", "Set the_plan"),
        ("O(plan.id=5)", "the_plan.id: 5"),
    ],
)
def test_a_name_can_apply_to_all_values_of_an_option(text: str, shown: str) -> None:
    names = {
        "plan=": "-e plan={value} --tags upload",
        "plan=none": "without a plan",
        "plan": "the_plan",
    }
    assert render_message(text, names) == shown


def test_shown_names_are_not_rendered_again() -> None:
    assert render_message("O(a) O(b)", {"a": "O(b)", "b": "\\1"}) == "O(b) \\1"


def test_all_parts_of_an_error_are_rendered_with_the_given_names() -> None:
    error = InputError("Cannot use O(a)", "O(b=1) is set", "Set O(c)")
    assert str(error) == "Cannot use a: b: 1 is set. Set c."
    assert error.render({"a": "A", "b": "B", "c=1": "C"}) == "Cannot use A: B: 1 is set. Set c."
    assert error.message == "Cannot use O(a): O(b=1) is set. Set O(c)."


def test_input_error_is_a_frontdesk_error() -> None:
    assert issubclass(InputError, FrontdeskError)
