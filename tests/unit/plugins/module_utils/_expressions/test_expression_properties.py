# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of expressions: results equal those of Jinja, and errors name the column.

Each example consists of several expressions. Set HYPOTHESIS_PROFILE=fuzz to run many more examples.
"""

from __future__ import annotations

import re
from unicodedata import category, normalize

import phonenumbers
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._text import (
    clean,
    remove_invisible,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.expressions import (
    ATTRIBUTES,
    EXPRESSIONS,
    INVALID_EXPRESSIONS,
    NAMES,
    REGION,
    Snippet,
)
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, TemplateError


def _e164(text: str, region: str) -> str:
    text = remove_invisible(clean(text)).strip(" ,;'\"\u2018\u2019\u201c\u201d")
    if any(
        category(letter) not in {"Nd", "Zs", "Pd", "Ps", "Pe"}
        and letter not in "+./\uff0b\uff0e\uff0f\u2212"
        for letter in text
    ):
        return ""
    parts = re.split("([/(\\[\uff0f\uff08\uff3b])", text)
    if any(_parse_e164("".join(parts[:index]), region) for index in range(1, len(parts), 2)):
        return ""
    return _parse_e164(text, region)


def _parse_e164(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region if len(region) == 2 and region.isupper() else None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or number.extension:
        return ""
    digits = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    return f"+{digits}" if len(digits) <= 15 else ""


def _re_flags(flags: dict[str, bool]) -> int:
    return sum({"ignorecase": re.IGNORECASE, "multiline": re.MULTILINE}[name] for name in flags)


def _regex_search(text: str, pattern: str, **flags: bool) -> str:
    match = re.search(pattern, text, _re_flags(flags))
    return match.group() if match else ""


def _primary_address(addresses: list[str]) -> str:
    return next(iter(re.findall("(?s)(?:^|\0)SMTP:([^\0]*)", "\0".join(addresses))), "")


def _regex_replace(text: str, pattern: str, replacement: str, **flags: bool) -> str:
    return re.sub(pattern, replacement, text, flags=_re_flags(flags))


_JINJA = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 # not for HTML
_JINJA.filters.update(e164=_e164, regex_search=_regex_search, regex_replace=_regex_replace)
_JINJA.filters.update(primary_address=_primary_address)


def _evaluate_with_jinja(text: str, attributes: dict[str, list[str]]) -> object:
    """Evaluate an expression with standard Jinja; return None if that fails."""
    composed = {
        name: sorted({normalize("NFC", value) for value in attributes.get(name.lower(), ())})
        for name in NAMES
    }
    smallest = {name: values[0] if values else "" for name, values in composed.items()}
    evaluate = _JINJA.compile_expression(text)
    try:
        return evaluate({**smallest, "all": composed, "location": "oslo", "phone_region": REGION})
    except (TypeError, TemplateError):
        return None


@given(st.lists(EXPRESSIONS, min_size=5, max_size=5), ATTRIBUTES)
def test_an_expression_has_the_same_result_as_in_jinja(
    snippets: list[Snippet], attributes: dict[str, list[str]]
) -> None:
    variables = Variables(
        {
            name: sorted({normalize("NFC", value) for value in values})
            for name, values in attributes.items()
        },
        "oslo",
    )
    for snippet in snippets:
        text = compile_expression(snippet.text, "C", REGION).evaluate(variables).text
        assert text == _evaluate_with_jinja(snippet.jinja, attributes), snippet


_COLUMNS = st.lists(
    st.builds(
        lambda number, value, style: {"header": f"C{number}", "value": value, "phone_style": style},
        st.integers(0, 10**9),
        st.one_of(
            EXPRESSIONS.map(lambda snippet: snippet.text), INVALID_EXPRESSIONS, st.text(max_size=8)
        ),
        st.sampled_from([None, None, "e164", "e164_no_plus", "international", "national"]),
    ),
    min_size=5,
    max_size=5,
)


@given(_COLUMNS, st.lists(ATTRIBUTES | st.just({"mail": ["\ud800"]}), max_size=3))
def test_any_column_yields_rows_or_an_error_that_names_the_column(
    columns: list[dict[str, object]], entries: list[dict[str, list[str]]]
) -> None:
    for column in columns:
        try:
            mapper = Mapper(compile_columns([column], all_global=True, phone_region=REGION))
            people = [_map_entry(mapper, attributes) for attributes in entries]
        except InputError as error:
            message = str(error)
            # A column that contains only the location is omitted, so that the roster has no columns.
            assert f"of column {column['header']!r}" in message or message.startswith(
                "Cannot create a roster"
            )
            continue
        for person in people:
            if isinstance(person, Contact):
                (cell,) = person.cells
                assert len(cell.encode("utf-8").splitlines()) <= 1
                assert " object at 0x" not in cell
                assert cell == normalize("NFC", cell)


def _map_entry(mapper: Mapper, attributes: dict[str, list[str]]) -> Contact | LeftOut:
    raw_values = [
        [value.encode("utf-8", "surrogatepass") for value in attributes.get(name, [])]
        for name in mapper.attributes
    ]
    return mapper.map_entry("id", raw_values, "")
