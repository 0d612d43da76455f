# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of expressions that are rejected before any entry is read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import (
    FilterError,
)
from hypothesis import example, given
from hypothesis import strategies as st

REMEDY = (
    "Correct the expression. It can contain attribute names, string literals and the filters "
    "default, e164, first, join, last, lower, map_value, of_entry, primary_address, regex_replace, "
    "regex_search, replace, title, "
    "trim, upper."
)

_CAUSES = [
    ("", "it is not a valid Jinja expression (unexpected 'end of template')"),
    ("sn mail", "it is not a valid Jinja expression (unexpected 'mail')"),
    ("sn }} {{ mail", "it is not a valid Jinja expression (unexpected '}}')"),
    pytest.param("1" * 5000, "it contains a number that is too long", id="long number"),
    pytest.param(
        "sn or " + "1" * 5000, "it contains a number that is too long", id="long number after or"
    ),
    pytest.param("(" * 3000, "it is nested too deeply", id="parentheses"),
    ("'\\ud800'", "an unpaired surrogate is not allowed"),
    ("sn ~ '\\udfff'", "an unpaired surrogate is not allowed"),
    ("sn ~ 1.5", "~ joins only strings: use first, last or join on a list"),
    ("sn or 1.5", "the number 1.5 is not allowed"),
    ("all", "'all' cannot be used by itself: write all.NAME or all['NAME']"),
    ("ALL", "'all' cannot be used by itself: write all.NAME or all['NAME']"),
    ("All | first", "'all' cannot be used by itself: write all.NAME or all['NAME']"),
    ("self | upper", "'self' is a reserved name, not an LDAP attribute"),
    ("super | upper", "'super' is a reserved name, not an LDAP attribute"),
    ("given_name", "'given_name' is not a valid LDAP attribute name"),
    ("_x | upper", "'_x' is not a valid LDAP attribute name"),
    ("sn.mail", "access to 'mail' is not allowed; only all.NAME is allowed"),
    ("ALL.mail", "access to 'mail' is not allowed; only all.NAME is allowed"),
    ("all.mail.sn | first", "access to 'sn' is not allowed; only all.NAME is allowed"),
    ("sn['mail']", "access with [...] is not allowed; only all['NAME'] is allowed"),
    ("all[0]", "access with [...] is not allowed; only all['NAME'] is allowed"),
    ("all[mail]", "access with [...] is not allowed; only all['NAME'] is allowed"),
    ("all.mail[0]", "access with [...] is not allowed; only all['NAME'] is allowed"),
    ("sn[1:]", "access with [...] is not allowed; only all['NAME'] is allowed"),
    ("all.given_name | first", "'given_name' is not a valid LDAP attribute name"),
    ("all['sn;'] | first", "'sn;' is not a valid LDAP attribute name"),
    ("all['sn;range=0-9'] | first", "'sn;range=0-9' is not a valid LDAP attribute name"),
    ("all['2.5'] | first", "'2.5' is not a valid LDAP attribute name"),
    ("all['2.05.4'] | first", "'2.05.4' is not a valid LDAP attribute name"),
    ("1.5", "the number 1.5 is not allowed"),
    ("all.location | first", "'location' is a reserved name, not an LDAP attribute"),
    ("all['Location'] | first", "'Location' is a reserved name, not an LDAP attribute"),
    ("sn | join(*all.sn)", "the filter 'join' does not accept arguments with * or **"),
    ("sn | join(**mail)", "the filter 'join' does not accept arguments with * or **"),
    ("sn | join(d=',', d=';')", "the filter 'join' is given the same argument twice"),
    (
        "sn | join(',', d=';')",
        "the arguments of the filter 'join' are not valid: multiple values for argument 'd'",
    ),
    (
        "sn | join(value='x')",
        "the arguments of the filter 'join' are not valid: multiple values for argument 'value'",
    ),
    (
        "sn | join(class=',')",
        "the arguments of the filter 'join' are not valid: got an unexpected keyword argument 'class'",
    ),
    ("sn | join(d=mail.x)", "access to 'x' is not allowed; only all.NAME is allowed"),
    (
        "sn | default('x', false)",
        "default always replaces an empty value: omit boolean",
    ),
    ("sn | default('x', 1)", "boolean of default must be true or false, not a value of type int"),
    (
        "sn | upper(1)",
        "the arguments of the filter 'upper' are not valid: too many positional arguments",
    ),
    (
        "sn | replace('a')",
        "the arguments of the filter 'replace' are not valid: missing a required argument: 'new'",
    ),
    ("sn | upper | nothing | lower", "the filter 'nothing' does not exist"),
    ("sn | default(mail | nothing)", "the filter 'nothing' does not exist"),
    ("sn()", "calling 'sn' is not allowed; use filters"),
    ("sn.lower()", "function calls are not allowed; use filters"),
    ("sn is defined", "a test (is ...) is not allowed"),
    ("{'a': sn}", "a dictionary outside map_value is not allowed"),
    ("sn | default({})", "a dictionary outside map_value is not allowed"),
    ("{} | map_value({})", "a dictionary outside map_value is not allowed"),
    ("sn | map_value({}, {})", "a dictionary outside map_value is not allowed"),
    ("-sn", "Neg is not allowed"),
    ("sn * 2", "Mul is not allowed"),
    ("'x' if -sn else 'y'", "Neg is not allowed"),
    ("all.mail", "the result is a list: use first, last or join"),
    ("sn == mail", "the result is a value of type bool, not a string"),
    ("not sn", "the result is a value of type bool, not a string"),
    ("sn if mail", "the result is a value of type Undefined, not a string"),
    ("sn if location", "the result is a value of type Undefined, not a string"),
    ("all.mail | lower", "lower expects a string, not a list: use first, last or join"),
    ("'x' if sn < 1 else 'y'", "'<' not supported between instances of 'str' and 'int'"),
    # These expressions fail if the attributes and the location have values, but not if they are empty.
    ("all.mail if mail else ''", "the result is a list: use first, last or join"),
    ("all.mail if location else ''", "the result is a list: use first, last or join"),
    *(
        (f"{joined} ~ 'x'", "~ joins only strings: use first, last or join on a list")
        for joined in (
            "all.mail",
            "all['mail']",
            "[sn]",
            "(sn, mail)",
            "(sn == mail)",
            "(not sn)",
            "1",
            "none",
            "(sn or all.mail)",
            "(all.mail or sn)",
            "(sn and 1)",
            "(all.mail + all.sn)",
            "('' if sn else all.mail)",
            "(all.mail if sn else '')",
            "(all.mail | default('x'))",
        )
    ),
]


@pytest.mark.parametrize(("text", "cause"), _CAUSES)
def test_an_invalid_or_forbidden_expression_is_reported(text: str, cause: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_expression(text, "column 'E-mail'")
    assert str(caught.value) == (
        f"Cannot use the expression {text!r} of column 'E-mail': {cause}. {REMEDY}"
    )


_JINJA_TOKENS = r"""
    mail sn all location self . [ ] ( ) { } | , ~ + - * / % == != < in is or and not if else none true
    1 1.5 'x' "y" '\ud800' ' \ upper first join default replace attr __class__ {{ }} {% %} {# #} : ;
    range loop é
"""
_TOKENS = st.sampled_from([*_JINJA_TOKENS.split(), "\ud800", "\x00", "\n"])
_EXPRESSIONS = st.one_of(
    st.text(),
    st.lists(_TOKENS, max_size=12).map(" ".join),
    st.lists(_TOKENS, max_size=12).map("".join),
)
_VARIABLES = st.builds(
    Variables,
    st.dictionaries(
        st.sampled_from(["mail", "sn", "range", "loop"]),
        st.lists(st.text(max_size=3), max_size=3).map(tuple),
    ),
    st.sampled_from(["", "oslo"]),
)


@given(_EXPRESSIONS, _VARIABLES)
@example("all.values == all.values", Variables({}, ""))
def test_any_string_is_compiled_or_rejected(text: str, variables: Variables) -> None:
    try:
        expression = compile_expression(text, "C")
    except InputError:
        return
    assert all(name == name.lower() != "location" for name in expression.attributes)
    with suppress(FilterError):
        result = expression.evaluate(variables).text
        assert isinstance(result, str)
        assert " object at 0x" not in result


def test_a_name_with_options_within_an_expression_is_explained() -> None:
    with pytest.raises(InputError) as caught:
        compile_expression("sn;lang-de or cn", "column 'E-mail'")
    assert str(caught.value) == (
        "Cannot use the expression 'sn;lang-de or cn' of column 'E-mail': it is not a valid Jinja expression"
        " (unexpected ';'). Within an expression, write a name with options as all['sn;lang-en'] | first."
    )
