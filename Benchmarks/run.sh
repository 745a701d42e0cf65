#!/usr/bin/env bash
# run.sh [PART...]: all benchmarks, or the parts named: micro, throughput, latency, idle, status, mcp, learning. BIN_DIR
# names a folder of built release programs; without it they are built. Results: Benchmarks/results/latest.md and .json.
# Exit status: 0 all figures reach what is required; 1 some fall short; 2 something could not be built or measured.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
swift=${SWIFT:-swift}

if [ -z "${BIN_DIR:-}" ]; then
  make -C "$root" build || exit 2
  BIN_DIR=$("$swift" build --package-path "$root" -c release --static-swift-stdlib --show-bin-path)
fi
export BIN_DIR

parts=() micro=
for part in "$@"; do
  if [ "$part" = micro ]; then micro=yes; else parts+=("$part"); fi
done
[ $# -gt 0 ] || micro=yes

PROBE=$(mktemp /tmp/jarvis-probe.XXXXXX)
export PROBE
trap 'rm -f "$PROBE"' EXIT
cc -std=gnu11 -O2 -Wall -o "$PROBE" "$here/probe.c" -lsqlite3 || exit 2

status=0
if [ $# -eq 0 ] || [ ${#parts[@]} -gt 0 ]; then
  python3 "$here/whole.py" ${parts[@]+"${parts[@]}"} || status=$?
fi
if [ -n "$micro" ]; then
  "$swift" package --package-path "$here" benchmark || status=2
fi
exit "$status"
