#!/bin/sh
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Install the requirements of a Python script in this repository, and run the script:
#
#     tests/bootstrap.sh NAME SCRIPT [ARGUMENT...]
#
# The requirements in tests/requirements/NAME.txt are installed into the virtual environment .venv/NAME. The lab's
# servers are Debian packages. If this script runs as root, missing packages are installed. Otherwise, packages that
# work without root permissions are unpacked below .cache; Samba is one of them if the user can create namespaces. If
# nothing is missing, this takes a fraction of a second.
set -eu
cd "$(dirname "$0")/.."

is_root() { [ "$(id -u)" -eq 0 ]; }

package_names() { sed 's/#.*//' "$1" | xargs; }

missing_packages() {
  for package in $(package_names "$1"); do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: .* installed$' || echo "$package"
  done
}

apt_install() (
  # The services must start neither now nor at boot, because the lab's servers listen on the same ports.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >&2
  if [ -d /run/systemd/system ]; then
    dpkg -L "$@" | sed -n 's,.*/systemd/system/\([^/@]*\.service\)$,\1,p' | xargs -r systemctl -q disable || true
  fi
)

install_packages() {
  missing=$(missing_packages tests/lab/packages-root.txt)
  # shellcheck disable=SC2086  # word splitting is intended
  [ -z "$missing" ] || apt_install $missing
}

can_create_namespaces() {
  # The same operations as in tests/lab/namespace.py.
  unshare --user --map-root-user --mount --net \
    mount -t overlay lab -o lowerdir=/etc:/usr /mnt 2>/dev/null
}

unpack_packages() {
  missing=$(missing_packages tests/lab/packages-user.txt)
  if can_create_namespaces; then
    missing="$missing $(missing_packages tests/lab/packages-namespace.txt)"
  fi
  missing=$(echo "$missing" | xargs)
  [ -n "$missing" ] || return 0
  cache_dir=$PWD/.cache/debian
  export LAB_ROOT="$cache_dir/root"
  [ "$(cat "$cache_dir/stamp" 2>/dev/null)" != "$missing" ] || return 0
  rm -rf "$cache_dir"
  mkdir -p "$cache_dir/lists/partial" "$cache_dir/archives/partial" "$cache_dir/root"
  # Only root can write to the default directories of apt.
  set -- -qq -o "Dir::State::Lists=$cache_dir/lists" -o "Dir::Cache=$cache_dir" -o Debug::NoLocking=1
  apt-get "$@" update
  # shellcheck disable=SC2086
  packages=$(apt-get "$@" --simulate install --no-install-recommends $missing | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  # shellcheck disable=SC2086
  (cd "$cache_dir/archives" && apt-get "$@" download $packages)
  for archive in "$cache_dir"/archives/*.deb; do dpkg -x "$archive" "$cache_dir/root"; done
  # Move these directories below /usr, as on the system, because only /usr is mounted in a namespace.
  for folder in bin sbin lib lib64; do
    [ ! -d "$cache_dir/root/$folder" ] || cp -a "$cache_dir/root/$folder" "$cache_dir/root/usr/"
    rm -rf "${cache_dir:?}/root/$folder"
  done
  echo "$missing" >"$cache_dir/stamp"
}

find_python() {
  # Find a suitable Python in PATH or in pyenv. Each candidate has to be run, because a name in PATH might be a pyenv
  # shim, and Debian's Python cannot create virtual environments without the package python3-venv.
  for python in python3.13 python3.12 python3.11 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
    "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
  done
  return 1
}

create_environment() {
  environment=.venv/$1
  stamp=$(cat tests/bootstrap.sh tests/requirements/*.txt meta/*requirements.txt | sha256sum)
  [ ! -x "$environment/bin/python" ] || [ "$(cat "$environment/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  if ! find_python && is_root && command -v apt-get >/dev/null; then
    apt_install python3 python3-venv
    find_python || true
  fi
  find_python || { echo 'No Python 3.11 or newer with venv found. On Debian, install python3-venv.' >&2; exit 1; }
  rm -rf "$environment"
  "$python" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "tests/requirements/$1.txt"
  echo "$stamp" >"$environment/stamp"
}

if ! command -v apt-get >/dev/null; then
  echo "apt-get not found. The lab needs the programs of these Debian packages:" \
    "$(package_names tests/lab/packages-root.txt)" >&2
elif is_root; then
  install_packages
else
  unpack_packages
fi
name=$1
shift
create_environment "$name"
# Without bytecode files, each of the many processes would compile all modules again.
unset PYTHONDONTWRITEBYTECODE
exec ".venv/$name/bin/python" "$@"
