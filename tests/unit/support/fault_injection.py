# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults at any operation of a run: a simulated kill, an I/O error, or a full disk.

A simulated kill is an exception after which all further operations are prevented, so that no clean-up has an effect, as
after SIGKILL.
"""

from __future__ import annotations

import enum
import errno
import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

READS = frozenset({"list", "open", "read"})
"""Names of the operations that do not change anything."""

_EVENTS = {
    "os.chmod": "chmod",
    "os.link": "link",
    "os.listdir": "list",
    "os.mkdir": "mkdir",
    "os.remove": "unlink",
    "os.rename": "rename",
    "os.scandir": "list",
}
"""Names of the operations, by audit event of Python."""

_NEED_SPACE = frozenset({"create", "link", "mkdir", "rename", "write"})
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class SimulatedKill(BaseException):
    """Ends a run at the operation at which it is killed."""


class Fault(enum.Enum):
    """A fault at one operation; on a full disk, also at all later operations that need space."""

    KILL = "SIGKILL"
    IO_ERROR = "EIO"
    DISK_FULL = "ENOSPC"


class FaultInjector:
    """Counts the file operations below a directory and the calls of `reach`, and injects a fault at one of them.

    :param root: directory whose files are observed; operations on open files are observed everywhere.
    :ivar operations: names of all operations of the last run, in order.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.operations: list[str] = []
        self._fault: Fault | None = None
        self._position: int | None = None
        self._is_dead = False
        self._thread = 0

    @contextmanager
    def inject(self, fault: Fault | None = None, position: int | None = None) -> Iterator[None]:
        """Observe the operations of the current thread in a block, and inject a fault at one of them.

        :param fault: the fault; None to observe only.
        :param position: number of operations before the one with the fault.
        """
        global _active  # noqa: PLW0603  # audit hooks cannot be removed, so the hook is shared by all injectors
        _install_hook()
        self.operations, self._is_dead = [], False
        self._fault, self._position = fault, position
        self._thread = threading.get_ident()
        _active = self
        try:
            with (
                mock.patch("io.open", _open),
                mock.patch("os.fsync", _before("sync", os.fsync)),
                mock.patch("os.pread", _before("read", os.pread)),
            ):
                yield
        finally:
            _active = None

    @property
    def is_dead(self) -> bool:
        """Whether the run was killed."""
        return self._is_dead

    def reach(self, operation: str) -> None:
        """Record an operation, and raise the fault if it is due.

        :raises SimulatedKill: if the run is killed here, or was killed before.
        :raises OSError: if the operation fails.
        """
        if threading.get_ident() != self._thread:
            return
        if self._is_dead:
            raise SimulatedKill
        index = len(self.operations)
        self.operations.append(operation)
        if self._position is None or index < self._position:
            return
        if index == self._position and self._fault is Fault.KILL:
            self._is_dead = True
            raise SimulatedKill
        if index == self._position and self._fault is Fault.IO_ERROR:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self._fault is Fault.DISK_FULL and (index == self._position or operation in _NEED_SPACE):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def observe(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Handle an audit event of Python."""
        if event != "open" and event not in _EVENTS:
            return
        path = arguments[0]
        if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(self._root):
            if event != "open":
                self.reach(_EVENTS[event])
            else:
                self.reach("create" if arguments[2] & _WRITE_FLAGS else "open")


_active: FaultInjector | None = None
_hooks: list[object] = []


def _install_hook() -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if _active is not None:
            _active.observe(event, arguments)

    if not _hooks:
        _hooks.append(hook)
        sys.addaudithook(hook)


def _reach(operation: str) -> None:
    if _active is not None:
        _active.reach(operation)


def _before(operation: str, function: Any) -> Any:
    def call(*arguments: Any) -> Any:
        _reach(operation)
        return function(*arguments)

    return call


class _ObservedFile(io.FileIO):
    """A file whose reads and writes can fail. A write that is killed writes half of the data."""

    def write(self, data: Any) -> int:
        try:
            _reach("write")
        except SimulatedKill:
            with suppress(OSError):
                super().write(bytes(data)[: len(data) // 2])
            raise
        if _active is None:
            # The buffer of a killed run is flushed when the file object is deleted; discard the data.
            return len(data)
        return super().write(data)

    def readinto(self, buffer: Any) -> int:
        _reach("read")
        return super().readinto(buffer) or 0

    def readall(self) -> bytes:
        _reach("read")
        return super().readall()


def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    *arguments: Any,
    closefd: bool = True,
    opener: Any = None,
    **options: Any,
) -> Any:
    """Open a file like `io.open`; binary files are observed."""
    if "b" not in mode:
        function: Any = open
        return function(
            file, mode, buffering, *arguments, closefd=closefd, opener=opener, **options
        )
    raw = _ObservedFile(file, mode.replace("b", ""), closefd, opener)
    if not buffering:
        return raw
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    if "+" in mode:
        return io.BufferedRandom(raw, size)
    return io.BufferedReader(raw, size) if mode.startswith("r") else io.BufferedWriter(raw, size)
