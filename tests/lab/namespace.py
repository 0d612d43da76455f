# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program as an ordinary user who is root in namespaces of his own (user_namespaces(7)).

There the program may listen on ports below 1024, of a loopback that belongs to it alone, and finds
unpacked packages below /usr, where they were built to lie. Its ports are reached through ports of
the loopback outside: a socket goes on listening in the namespace that it was made in, so whoever
holds it hands its clients on from there.

The file has two sides. Imported, it offers `namespace_command` and `can_create_namespaces`. Run as a script, it
makes the sockets outside, goes inside, and starts the program; that side needs nothing but the
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
"""The environment variable that tells where unpacked packages lie; unset, the system's are used."""

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--net")
_CHUNK = 1 << 16
# To bring an interface up: netdevice(7).
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


class _Job(TypedDict):
    """What is to be run inside.

    :ivar usr: what lies over /usr there; empty for nothing.
    :ivar ports: for each port of the loopback inside the one outside; outside, and once inside the
        descriptor of the socket that listens there.
    """

    argv: list[str]
    usr: str
    ports: dict[str, int]
    is_inside: bool


def unpacked_packages() -> Path | None:
    """Return where packages lie unpacked, if anywhere."""
    path = os.environ.get(ROOT_VARIABLE)
    return Path(path) if path else None


def can_create_namespaces() -> bool:
    """Tell whether this user may make such namespaces here, and lay file systems over each other in them."""
    overlay = ("mount", "-t", "overlay", "lab", "-o", "lowerdir=/etc:/usr", "/mnt")
    done = subprocess.run([*_UNSHARE, *overlay], capture_output=True, check=False)
    return done.returncode == 0


def namespace_command(argv: Sequence[str], ports: Mapping[int, int]) -> list[str]:
    """Return the command that runs another one inside; it ends when that one does, with its code.

    Packages that lie unpacked are there as if they were installed.

    :param ports: for each port of the loopback inside the one of the loopback outside that leads to it.
    """
    root = unpacked_packages()
    job: _Job = {
        "argv": list(argv),
        "usr": str(root / "usr") if root else "",
        "ports": {str(inside): outside for inside, outside in ports.items()},
        "is_inside": False,
    }
    # -I: neither the environment nor the current directory may change what is imported.
    return [sys.executable, "-I", __file__, json.dumps(job)]


# The other side: what runs when this file is the program.


def _enter_namespace(job: _Job) -> int:
    """Run the same program inside, with sockets that listen outside; return its code."""
    listeners = {
        inside: socket.create_server(("127.0.0.1", outside))
        for inside, outside in job["ports"].items()
    }
    numbers = {inside: listener.fileno() for inside, listener in listeners.items()}
    job = {**job, "ports": numbers, "is_inside": True}
    argv = [*_UNSHARE, sys.executable, "-I", __file__, json.dumps(job)]
    return subprocess.run(argv, pass_fds=numbers.values(), check=False).returncode


def _prepare_namespace(usr: str) -> None:
    """Make inside what a new namespace lacks: packages in their places, and a loopback that is up."""
    if usr:
        layers = f"lowerdir={usr}:/usr"
        subprocess.run(["mount", "-t", "overlay", "lab", "-o", layers, "/usr"], check=True)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


async def _run(job: _Job) -> int:
    """Start the program inside, hand on who connects, and return its code."""
    child = await asyncio.create_subprocess_exec(*job["argv"])
    for inside, listening in job["ports"].items():
        await _forward_connections(socket.socket(fileno=listening), int(inside))
    return await child.wait()


async def _forward_connections(listener: socket.socket, port: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:  # it does not listen yet
            writer.close()
            return
        await asyncio.gather(_copy(reader, target_writer), _copy(target_reader, writer))

    await asyncio.start_server(serve, sock=listener)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:  # one of the two has gone; so shall the other
        pass
    finally:
        writer.close()


def main() -> None:
    """Run what the order on the command line says."""
    job: _Job = json.loads(sys.argv[1])
    if not job["is_inside"]:
        sys.exit(_enter_namespace(job))
    _prepare_namespace(job["usr"])
    sys.exit(asyncio.run(_run(job)))


if __name__ == "__main__":
    main()
