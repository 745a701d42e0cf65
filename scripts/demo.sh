#!/usr/bin/env bash
# demo.sh: the specification's first scenario on real files. A daemon of its own in a temporary folder audits
# PATH_TO_AUDIT with three tasks at once; then everything it started is stopped and removed. BIN_DIR names the folder of
# the programs. Exit status 0: all tasks succeeded and nothing was left behind.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
: "${BIN_DIR:?must name the folder of the built programs}"
BIN_DIR=$(cd "$BIN_DIR" && pwd)
target=${PATH_TO_AUDIT:-$root/.build/checkouts}
[ -e "$target" ] || { echo "PATH_TO_AUDIT is $target, where nothing is." >&2; exit 1; }
target=$(realpath "$target")
# How long the daemon may take to be ready, and to end.
ready_within=20 end_within=30

# The paths of Unix sockets are at most 107 bytes long: not below TMPDIR, which may be deep.
folder=$(mktemp -d /tmp/jarvis-demo.XXXXXX)
export XDG_RUNTIME_DIR=$folder/run XDG_STATE_HOME=$folder/state XDG_CONFIG_HOME=$folder/config
export JARVIS_DATA_DIR=$root/etc/jarvis
unset JARVIS_SOCKET JARVIS_TASK_ID JARVIS_BRANCH NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
log=$folder/jarvisd.log

jarvisctl() { "$BIN_DIR/jarvisctl" "$@"; }
report() { JARVISCTL=$BIN_DIR/jarvisctl python3 "$root/scripts/demo_report.py" "$@"; }

# ---- Cleaning up, whatever happens -----------------------------------------------------------------------------------

daemon="" warden="" reader="" waiter="" events="" progress=""

# is PID NAME: whether the process lives and is still that program.
# shellcheck disable=SC2317 # called by the trap
is() { [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }
# gone PID SECONDS: waits for its end; fails when the time is up.
# shellcheck disable=SC2317
gone() { timeout "$2" tail --pid="$1" -s 0.05 -f /dev/null 2>/dev/null || ! kill -0 "$1" 2>/dev/null; }

# shellcheck disable=SC2317
clean_up() {
  local status=$? left="" pid agents=""
  # Ctrl-C pressed twice must not leave half of it.
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  for pid in $waiter $events $progress; do kill "$pid" 2>/dev/null; done
  if is "$daemon" jarvisd; then
    # It may have come after its daemon was ready.
    [ -n "$warden" ] ||
      warden=$(timeout 5 "$BIN_DIR/jarvisctl" --json call daemon.info '{}' 2>/dev/null | report warden 2>/dev/null)
    agents=$(timeout 5 env JARVISCTL="$BIN_DIR/jarvisctl" python3 "$root/scripts/demo_report.py" pids 2>/dev/null)
    kill -TERM "$daemon"
    if ! gone "$daemon" "$end_within"; then
      left+=" jarvisd=$daemon (did not end on SIGTERM)"
      kill -KILL "$daemon"
    fi
    wait "$daemon" 2>/dev/null
  fi
  # It ends with its daemon, or shortly after.
  if is "$warden" jarvis-warden && ! gone "$warden" 3; then
    kill -TERM "$warden"
    if ! gone "$warden" 15; then
      left+=" jarvis-warden=$warden (did not end on SIGTERM)"
      kill -KILL "$warden"
    fi
  fi
  for pid in $agents; do
    gone "$pid" 1 || left+=" agent=$pid"
  done
  [ -z "$reader" ] || kill "$reader" 2>/dev/null
  if [ "$status" != 0 ] && [ "$status" -lt 128 ] && [ -s "$log" ]; then
    echo "jarvisd said:" >&2
    tail -n 20 "$log" >&2
  fi
  rm -rf "$folder"
  if [ -n "$left" ]; then
    echo "Left behind:$left" >&2
    [ "$status" != 0 ] || status=1
  elif [ -n "$daemon" ]; then
    echo "Stopped jarvisd ($daemon)${warden:+ and jarvis-warden ($warden)}, removed $folder."
  fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- Start -----------------------------------------------------------------------------------------------------------

# Open for reading and writing: neither side ever waits for the other to open it.
mkfifo "$folder/stderr"
exec {lines}<>"$folder/stderr"
# In a session of its own, so that Ctrl-C reaches it only through the clean-up above.
setsid "$BIN_DIR/jarvisd" --standalone </dev/null >>"$log" 2>"$folder/stderr" {lines}>&- &
daemon=$!

deadline=$((SECONDS + ready_within))
until [ -S "$XDG_RUNTIME_DIR/jarvis/jarvis.sock" ] && info=$(jarvisctl --json call daemon.info '{}' 2>/dev/null); do
  if ! kill -0 "$daemon" 2>/dev/null; then
    while read -r -t 0 -u "$lines" && read -r -u "$lines" line; do printf '%s\n' "$line" >>"$log"; done
    echo "jarvisd ended before it was ready." >&2
    exit 1
  fi
  [ "$SECONDS" -lt "$deadline" ] || { echo "jarvisd was not ready within $ready_within seconds." >&2; exit 1; }
  # It writes a line when it is ready; without one, its end or the deadline is looked at once a second.
  if read -r -t 1 -u "$lines" line; then printf '%s\n' "$line" >>"$log"; fi
done
cat <&"$lines" >>"$log" &
reader=$!
exec {lines}>&-
warden=$(report warden <<<"$info")

# ---- The scenario ----------------------------------------------------------------------------------------------------

echo "jarvisd is ready (process $daemon, warden ${warden:-on its way}). Auditing $target."
# The build and the start have just kept the machine busy; tasks would rightly be started one at a time.
report settled 15
if [ ! -t 2 ]; then
  # There will be no progress bar: a line for each thing that happens instead, kept until the batch has been shown.
  mkfifo "$folder/events"
  exec {feed}<>"$folder/events"
  "$BIN_DIR/jarvisctl" --json events --kind task --branch security-audit >"$folder/events" {feed}>&- &
  events=$!
fi
batch=$(jarvisctl --json skill run security-audit path="$target" --branch security-audit)
report submitted <<<"$batch"
id=$(report batch_id <<<"$batch")
if [ -n "$events" ]; then
  report progress <"$folder/events" {feed}>&- &
  progress=$!
  # Now the reader's end comes with the writer's.
  exec {feed}>&-
fi

status=0
# In the background, because a trap waits for what runs in the foreground.
"$BIN_DIR/jarvisctl" wait --batch "$id" &
waiter=$!
wait "$waiter" || status=$?
waiter=""
if [ -n "$events" ]; then
  kill "$events" 2>/dev/null || true
  wait "$events" 2>/dev/null || true
  events=""
  wait "$progress" 2>/dev/null || true
  progress=""
fi
echo
report findings "$id" "$target" || status=1
[ "$status" = 0 ] || echo "The audit did not succeed (status $status)." >&2
exit "$status"
