# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program in a user, mount and network namespace (user_namespaces(7)), without root permissions.

Inside the namespace, the program can listen on ports below 1024 of a separate loopback interface, and unpacked
Debian packages are mounted over /usr, the path for which they were built. Clients outside the namespace connect to
forwarded ports of the host's loopback interface. Forwarding works because a socket that was created outside the
namespace keeps accepting connections there even if it is passed to a process inside the namespace.

This file is both a module and a script: the module provides `namespace_command`, `can_create_namespaces` and
`unpacked_packages`. The script creates the sockets, enters the namespace and starts the program. It imports only the
standard library.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT_VARIABLE = "LAB_ROOT"
"""Environment variable that contains the directory of unpacked packages; if unset, the installed packages are used."""

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--net")
_CHUNK = 1 << 16
# The ioctl request and the flag that activate a network interface (netdevice(7)).
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


class _Job(TypedDict):
    """A program to run in a namespace.

    :ivar argv: command line of the program.
    :ivar usr: directory to mount over /usr; empty to mount nothing.
    :ivar ports: forwarded ports. Keys are ports inside the namespace. Values are ports outside the namespace or, once
        the script has entered the namespace, file descriptors of the sockets that listen on these ports.
    :ivar is_inside: whether the script has entered the namespace.
    """

    argv: list[str]
    usr: str
    ports: dict[str, int]
    is_inside: bool


def unpacked_packages() -> Path | None:
    """Return the directory of unpacked packages, or None if the installed packages are used."""
    path = os.environ.get(ROOT_VARIABLE)
    return Path(path) if path else None


def can_create_namespaces() -> bool:
    """Return whether the current user can create the namespaces and mount overlay file systems in them."""
    overlay = ("mount", "-t", "overlay", "lab", "-o", "lowerdir=/etc:/usr", "/mnt")
    done = subprocess.run([*_UNSHARE, *overlay], capture_output=True, check=False)
    return done.returncode == 0


def namespace_command(argv: Sequence[str], ports: Mapping[int, int]) -> list[str]:
    """Return a command line that runs a program in a namespace and exits with the program's status.

    Unpacked packages are available as if they were installed.

    :param argv: command line of the program.
    :param ports: forwarded ports of the loopback interfaces: ports outside the namespace by port inside it.
    """
    root = unpacked_packages()
    job: _Job = {
        "argv": list(argv),
        "usr": str(root / "usr") if root else "",
        "ports": {str(inside): outside for inside, outside in ports.items()},
        "is_inside": False,
    }
    # -I: ignore PYTHON* variables, and do not import modules from the directory of this file.
    return [sys.executable, "-I", __file__, json.dumps(job)]


# The functions below run only in the script.


def _enter_namespace(job: _Job) -> int:
    """Create the sockets, run this script with them inside a new namespace, and return its exit status."""
    listeners = {
        inside: socket.create_server(("127.0.0.1", outside))
        for inside, outside in job["ports"].items()
    }
    descriptors = {inside: listener.fileno() for inside, listener in listeners.items()}
    job = {**job, "ports": descriptors, "is_inside": True}
    argv = [*_UNSHARE, sys.executable, "-I", __file__, json.dumps(job)]
    return subprocess.run(argv, pass_fds=descriptors.values(), check=False).returncode


def _prepare_namespace(usr: str) -> None:
    """Mount the unpacked packages, and activate the loopback interface."""
    if usr:
        layers = f"lowerdir={usr}:/usr"
        subprocess.run(["mount", "-t", "overlay", "lab", "-o", layers, "/usr"], check=True)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


async def _run(job: _Job) -> int:
    """Start the program, forward its ports, and return its exit status."""
    child = await asyncio.create_subprocess_exec(*job["argv"])
    for inside, descriptor in job["ports"].items():
        await _forward_connections(socket.socket(fileno=descriptor), int(inside))
    return await child.wait()


async def _forward_connections(listener: socket.socket, port: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:  # the program is not listening yet
            writer.close()
            return
        await asyncio.gather(_copy(reader, target_writer), _copy(target_reader, writer))

    await asyncio.start_server(serve, sock=listener)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:  # one side closed the connection, so the other side is closed below
        pass
    finally:
        writer.close()


def main() -> None:
    """Run the job given on the command line."""
    job: _Job = json.loads(sys.argv[1])
    if not job["is_inside"]:
        sys.exit(_enter_namespace(job))
    _prepare_namespace(job["usr"])
    sys.exit(asyncio.run(_run(job)))


if __name__ == "__main__":
    main()
