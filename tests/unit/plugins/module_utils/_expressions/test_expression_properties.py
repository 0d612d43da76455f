# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever an expression is made of, it gives what Jinja gives, or a clean error.

Each example is a roster of five columns. HYPOTHESIS_PROFILE=fuzz tries many more of them.
"""

from __future__ import annotations

import re
from unicodedata import normalize

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
from ansible_collections.frontdesk.contacts.tests.unit.support.expressions import (
    EXPRESSIONS,
    GARBAGE,
    NAMES,
    PERSON,
    REGION,
    Part,
)
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, TemplateError


def _plain_e164(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region if len(region) == 2 and region.isupper() else None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or number.extension:
        return ""
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"


def _flags(switches: dict[str, bool]) -> int:
    return sum({"ignorecase": re.IGNORECASE, "multiline": re.MULTILINE}[name] for name in switches)


def _plain_search(text: str, pattern: str, **switches: bool) -> str:
    found = re.search(pattern, text, _flags(switches))
    return found.group() if found else ""


def _plain_primary(texts: list[str]) -> str:
    return next(iter(re.findall("(?s)(?:^|\0)SMTP:([^\0]*)", "\0".join(texts))), "")


def _plain_replace(text: str, pattern: str, new: str, **switches: bool) -> str:
    return re.sub(pattern, new, text, flags=_flags(switches))


_JINJA = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 # no HTML is made
_JINJA.filters.update(e164=_plain_e164, regex_search=_plain_search, regex_replace=_plain_replace)
_JINJA.filters.update(primary_address=_plain_primary)


def _plain(source: str, person: dict[str, list[str]]) -> object:
    """What plain Jinja gives; None where it gives nothing."""
    composed = {
        name: sorted({normalize("NFC", value) for value in person.get(name.lower(), ())})
        for name in NAMES
    }
    first = {name: values[0] if values else "" for name, values in composed.items()}
    run = _JINJA.compile_expression(source)
    try:
        return run({**first, "all": composed, "location": "oslo", "phone_region": REGION})
    except (TypeError, TemplateError):
        return None


@given(st.lists(EXPRESSIONS, min_size=5, max_size=5), PERSON)
def test_an_expression_gives_what_jinja_gives(
    parts: list[Part], person: dict[str, list[str]]
) -> None:
    values = Variables(
        {
            name: sorted({normalize("NFC", text) for text in texts})
            for name, texts in person.items()
        },
        "oslo",
    )
    for part in parts:
        text = compile_expression(part.ours, "C", REGION).evaluate(values).text
        assert text == _plain(part.plain, person), part


_COLUMNS = st.lists(
    st.builds(
        lambda number, value, style: {"header": f"C{number}", "value": value, "phone_style": style},
        st.integers(0, 10**9),
        st.one_of(EXPRESSIONS.map(lambda part: part.ours), GARBAGE, st.text(max_size=8)),
        st.sampled_from([None, None, "e164", "e164_no_plus", "international", "national"]),
    ),
    min_size=5,
    max_size=5,
)


@given(_COLUMNS, st.lists(PERSON | st.just({"mail": ["\ud800"]}), max_size=3))
def test_any_columns_give_rows_or_an_error_that_names_the_column(
    columns: list[dict[str, object]], people: list[dict[str, list[str]]]
) -> None:
    for column in columns:
        try:
            mapper = Mapper(compile_columns([column], all_global=True, phone_region=REGION))
            found = [_mapped(mapper, person) for person in people]
        except InputError as error:
            said = str(error)
            assert f"of column {column['header']!r}" in said or said.startswith(
                "Cannot make a roster"
            )
            continue
        for contact in found:
            if isinstance(contact, Contact):
                (cell,) = contact.cells
                assert len(cell.encode("utf-8").splitlines()) <= 1
                assert " object at 0x" not in cell
                assert cell == normalize("NFC", cell)


def _mapped(mapper: Mapper, person: dict[str, list[str]]) -> Contact | LeftOut:
    wire = [
        [text.encode("utf-8", "surrogatepass") for text in person.get(name, [])]
        for name in mapper.attributes
    ]
    return mapper.map_entry("id", wire, "")
