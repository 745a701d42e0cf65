#!/usr/bin/env bash
# guest.sh BOOT: what runs in the guest, as root, at its first and at its second boot. /e2e holds the project's files
# and the programs; /e2e/out comes back to the host. Between the boots, the power is cut.
set -uo pipefail

boot=$1
runtime=/run/user/1000
results=/e2e/out/results

as_test() {
  setpriv --reuid test --regid test --init-groups env -i HOME=/home/test USER=test LOGNAME=test SHELL=/bin/bash \
    PATH=/home/test/.local/bin:/usr/bin:/bin LANG=C.UTF-8 XDG_RUNTIME_DIR=$runtime \
    DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus PYTHONDONTWRITEBYTECODE=1 ONLY="${ONLY:-}" "$@"
}
suite() { as_test python3 /e2e/guest/suite.py "$results" "$@"; }

# shellcheck source=/dev/null
[ ! -f /e2e/only ] || . /e2e/only

chown test: /e2e/out
touch "$results"
chown test: "$results"
for _ in {1..600}; do
  state=$(as_test systemctl --user is-system-running 2>/dev/null)
  case $state in running | degraded) break ;; esac
  sleep 0.1
done
echo "boot $boot: the user manager is $state after $(cut -d' ' -f1 /proc/uptime) s, kernel $(uname -r)," \
  "systemd $(systemctl --version | head -n 1)"

case $boot in
  1)
    as_test env BIN_DIR=/e2e/bin /e2e/scripts/install.sh || exit 1
    # As the installation advises.
    install -D -m 644 /home/test/.local/share/jarvis/jarvis.catalog /usr/local/lib/systemd/catalog/jarvis.catalog || exit 1
    journalctl --update-catalog || exit 1
    as_test systemctl --user enable jarvisd.socket jarvis.target || exit 1
    # What is installed was installed long ago: it is not what a power cut is to prove.
    sync
    as_test env PYTHONPATH=/e2e/guest python3 -c 'import world; world.configure()' || exit 1
    suite starting limits ladder machine spawning services records alerts
    # No file system is told, nothing is written back: what is not on the disk then is lost.
    as_test timeout 180 python3 /e2e/guest/before_the_cut.py && echo b >/proc/sysrq-trigger
    ;;
  2) suite after_the_cut ;;
esac
