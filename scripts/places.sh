# shellcheck shell=bash disable=SC2034 # sourced by install.sh and uninstall.sh
# Where Jarvis is installed, without DESTDIR. Base folders that are not absolute don't count, as XDG says.

base() {
  case ${!1:-} in
    /*) printf '%s\n' "${!1%/}" ;;
    *) printf '%s\n' "$HOME/$2" ;;
  esac
}

case ${HOME:-} in /*) ;; *) echo "HOME must be an absolute path." >&2; exit 1 ;; esac
PREFIX=${PREFIX:-$HOME/.local}
case $PREFIX in /*) ;; *) echo "PREFIX is \"$PREFIX\", expected an absolute path." >&2; exit 1 ;; esac
PREFIX=${PREFIX%/} DESTDIR=${DESTDIR:-}
case $DESTDIR in "" | /*) ;; *) echo "DESTDIR is \"$DESTDIR\", expected an absolute path." >&2; exit 1 ;; esac
DESTDIR=${DESTDIR%/}

config_home=$(base XDG_CONFIG_HOME .config)
bindir=$PREFIX/bin
datadir=$PREFIX/share/jarvis
unitdir=$config_home/systemd/user
configdir=$config_home/jarvis
statedir=$(base XDG_STATE_HOME .local/state)/jarvis
# One line for each file ("f PATH") and folder ("d PATH") that install made, in that order.
manifest=$datadir/manifest

units=(jarvis.target jarvisd.socket jarvisd.service jarvis-warden.service jarvis.slice)

# Whether a user manager can be spoken to, and is meant.
has_manager() {
  [ -z "$DESTDIR" ] && command -v systemctl >/dev/null &&
    timeout 10 systemctl --user show-environment >/dev/null 2>&1
}
