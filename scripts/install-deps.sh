#!/usr/bin/env bash
# install-deps.sh [build|test|demo|bench]: checks the Swift toolchain and installs the Debian packages that are missing.
# Takes some milliseconds when nothing is missing. Exit status: 0 all there; 1 something is missing, and why.
set -euo pipefail

purpose=${1:-build}
least=6.2

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# ---- The toolchain ---------------------------------------------------------------------------------------------------

get_swift="Install Swift $least or newer (6.3 is what Jarvis is tested with): the installer \"swiftly\" or the archive
for Debian 12, both from swift.org; then put its usr/bin folder into PATH."

swift=${SWIFT:-swift}

check_swift() {
  local text version
  command -v "$swift" >/dev/null || fail "No $swift was found in PATH." "$get_swift"
  text=$("$swift" --version 2>&1) || fail "$swift --version failed:" "$text" "$get_swift"
  version=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$text" | head -n 1)
  [ -n "$version" ] || fail "$swift --version doesn't tell a version:" "$text" "$get_swift"
  [ "$(printf '%s\n' "$least" "$version" | sort -V | head -n 1)" = "$least" ] ||
    fail "Swift $version was found ($(command -v "$swift")); Jarvis needs $least or newer." "$get_swift"
}

# ---- Packages --------------------------------------------------------------------------------------------------------

has_python() { python3 -c "import sys; sys.exit(sys.version_info < $1)" 2>/dev/null; }

# Prints the packages that the purpose needs and that are not there. Programs and headers can come from elsewhere (a
# Python of pyenv, say): what counts is that they work.
missing_packages() {
  local package
  for package in libsystemd-dev libsqlite3-dev; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
  command -v pkg-config >/dev/null || echo pkg-config
  command -v git >/dev/null || echo git
  # TOMLKit is C++.
  compgen -G '/usr/include/c++/*/vector' >/dev/null || echo g++
  case $purpose in
    demo) has_python '(3, 9)' || echo python3 ;;
    bench)
      has_python '(3, 9)' || echo python3
      # What the scheduling benchmark compares with.
      command -v parallel >/dev/null || echo parallel
      ;;
    test)
      if ! has_python '(3, 10)'; then
        echo python3
        echo python3-venv
      elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        echo python3-venv
      fi
      command -v systemd-analyze >/dev/null || echo systemd
      command -v socat >/dev/null || echo socat
      ;;
  esac
}

install_packages() {
  local -a as_root=()
  local command="apt-get install -y --no-install-recommends $*"
  if [ "$(id -u)" != 0 ]; then
    command="sudo $command"
    command -v sudo >/dev/null ||
      fail "Missing packages: $*" "You are not root and there is no sudo. As root, run:" "  ${command#sudo }"
    as_root=(sudo)
    # Without a terminal nobody could type the password.
    [ -t 0 ] || as_root=(sudo -n)
    "${as_root[@]}" true || fail "Missing packages: $*" "sudo doesn't let you become root. Have somebody run:" \
      "  $command"
  fi
  local -a apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  echo "Installing: $*"
  # The package lists may be missing or old; they are fetched only then.
  "${apt[@]}" install -y --no-install-recommends "$@" </dev/null && return
  echo "Once more, with fresh package lists."
  "${apt[@]}" update </dev/null || fail "apt-get update failed. When it works again, run:" "  $command"
  "${apt[@]}" install -y --no-install-recommends "$@" </dev/null || fail "This failed, see above:" "  $command"
}

case $purpose in
  build | test | demo | bench) ;;
  *) fail "install-deps.sh: \"$purpose\" is not a purpose; expected build, test, demo or bench." ;;
esac
check_swift
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is no Debian: nothing is installed by itself. Jarvis needs the headers of libsystemd and SQLite 3, a C++" \
    "standard library, git and pkg-config; its tests also Python 3.10 with venv, systemd-analyze and socat." >&2
  pkg-config --exists libsystemd sqlite3 2>/dev/null || fail "pkg-config doesn't find libsystemd and sqlite3."
  exit 0
fi
mapfile -t packages < <(missing_packages)
[ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"
mapfile -t packages < <(missing_packages)
[ ${#packages[@]} = 0 ] ||
  fail "Still missing after the installation: ${packages[*]}." \
    "Does PATH lead to another python3 or pkg-config than Debian's? ($(command -v python3 pkg-config | tr '\n' ' '))"
