# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory's servers: they are read in order until one gives everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from .access import Access, check_access
from .diagnosis import DirectoryError, ServerError
from .session import Session, open_session
from .tls import directory_context

_T = TypeVar("_T")


class _Left(NamedTuple):
    """A server that was left, and the parts of its error: the error itself would hold all that was read."""

    uri: str
    tried: str
    answer: str
    remedy: str

    @property
    def error(self) -> ServerError:
        return ServerError(self.tried, self.answer, self.remedy)


def read_from_first(access: Access, read: Callable[[Session], _T]) -> tuple[_T, list[str]]:
    """Read from the first server that gives everything.

    A server that cannot be reached, is lost on the way or runs into a limit of its own is left for the
    next one, where all is read again from the beginning: what comes out is one server's. One that refuses
    the account is not left: trying a wrong password on every server would lock the account.

    :param read: reads everything by a session; what it made of a server that is left is dropped.
    :returns: what `read` made, and for each server that was left a sentence that says why.
    :raises InputError: for settings that cannot work.
    :raises DirectoryError: when no server gave everything, or one said what another would say too.
    """
    addresses = check_access(access)
    context = directory_context(access)
    left: list[_Left] = []
    for address in addresses:
        try:
            with open_session(access, address, context) as session:
                made = read(session)
            return made, [f"Left {each.uri} for the next server. {each.error}" for each in left]
        except ServerError as error:
            left.append(_Left(address.uri, error.tried, error.answer, error.remedy))
    raise left[0].error if len(left) == 1 else _error_of_all(left)


def _error_of_all(left: Sequence[_Left]) -> DirectoryError:
    return DirectoryError(
        f"None of {len(left)} servers gave everything",
        "; ".join(f"{each.tried}: {each.answer}" for each in left),
        ". ".join(dict.fromkeys(each.remedy.rstrip(".") for each in left)),
    )
