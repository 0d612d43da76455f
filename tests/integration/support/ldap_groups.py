# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Temporary groups and attributes in a directory, and a function that adds members to a group."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import ldap3

from tests.lab.company import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.directory import RunningDirectory
    from tests.lab.person import Person


@contextmanager
def temporary_group(
    directory: RunningDirectory,
    name: str,
    *members: str,
    object_class: str | None = None,
    member_attribute: str = "member",
    **extra_attributes: str,
) -> Iterator[str]:
    """Add a group below OU=Groups, yield its DN, and delete it afterwards.

    :param members: values of the member attribute, usually DNs.
    :param object_class: object class of the group; None for the default of the directory.
    :param member_attribute: name of the member attribute.
    :param extra_attributes: additional attributes, with one value each.
    """
    dn = f"CN={escape(name)},OU=Groups,{directory.base_dn}"
    object_classes = [object_class] if object_class else list(directory.dialect.group)
    attributes = {
        "objectClass": object_classes,
        "cn": [name],
        **{key: [extra_attributes[key]] for key in extra_attributes},
    }
    if members:
        attributes[member_attribute] = list(members)
    with directory.session() as session:
        session.add(dn, attributes=attributes)
    try:
        yield dn
    finally:
        with directory.session() as session:
            session.delete(dn)


def add_members(directory: RunningDirectory, group_dn: str, *members: str) -> None:
    """Add members to a group.

    :param members: DNs of the members.
    """
    with directory.session() as session:
        session.modify(group_dn, {"member": [(ldap3.MODIFY_ADD, list(members))]})


@contextmanager
def temporary_attributes(
    directory: RunningDirectory, person: Person, **attributes: list[str]
) -> Iterator[None]:
    """Set attributes of a person, and remove them afterwards.

    :param attributes: values by attribute name. Previous values of these attributes are not restored.
    """
    directory.modify(person, attributes)
    try:
        yield
    finally:
        directory.modify(person, {name: [] for name in attributes})
