#!/usr/bin/env bash
# user-manager.sh FOLDER COMMAND…: runs COMMAND beside a `systemd --user` of its own, whose home and runtime folder
# are in FOLDER. Mounts and cgroups are its own and go away with it, so the machine's systemd (if any) is not involved.
# Needs root. Exit status: COMMAND's; 77 when this machine can't do it.
set -euo pipefail

folder=$1
if [ -z "${IN_OWN_MOUNTS:-}" ]; then
  exec env IN_OWN_MOUNTS=1 unshare --mount --propagation private bash "$0" "$@"
fi
shift
cant() { echo "user-manager.sh: $*" >&2; exit 77; }

manager=/lib/systemd/systemd
[ -x "$manager" ] || cant "there is no $manager"
umount -R /sys/fs/cgroup 2>/dev/null || umount -lR /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup || cant "cgroup v2 can't be mounted"
# systemctl asks whether systemd runs the machine by looking for this.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system "$folder/run" "$folder/home"
chmod 700 "$folder/run"

# A folder below our own group, where we may be restricted to.
own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
group=${own%/}/jarvis-test-$$
mkdir "$group" "$group/command" || cant "no cgroup can be made in $own"

environment=(HOME="$folder/home" PATH="$PATH" XDG_RUNTIME_DIR="$folder/run" LANG=C.UTF-8)
in_group() (
  echo "$BASHPID" >"$1/cgroup.procs"
  shift
  exec env -i "${environment[@]}" "$@"
)

mkdir "$group/manager"
in_group "$group/manager" "$manager" --user --log-target=console >"$folder/manager.log" 2>&1 &
pid=$!

clean_up() {
  kill -TERM "$pid" 2>/dev/null || true
  echo 1 >"$group/cgroup.kill" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  # The kernel needs a moment to let go of the dead.
  for _ in {1..100}; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.02
  done
}
trap clean_up EXIT

for _ in {1..200}; do
  state=$(env -i "${environment[@]}" systemctl --user is-system-running 2>/dev/null || true)
  case $state in running | degraded) break ;; esac
  kill -0 "$pid" 2>/dev/null || { cat "$folder/manager.log" >&2; cant "the user manager ended"; }
  sleep 0.05
done
case ${state:-} in running | degraded) ;; *) echo "The user manager did not come up." >&2; exit 1 ;; esac

in_group "$group/command" "$@"
