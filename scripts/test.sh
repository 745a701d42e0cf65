#!/usr/bin/env bash
# test.sh: builds once (debug), runs the Swift tests, then the Python tests against the programs just built.
# PYTEST_ARGS and SWIFT_TEST_ARGS are passed on. Exit status 0 only when both passed.
set -euo pipefail

cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
# A test that hangs must not take the machine's day.
limit="timeout --foreground -k 30 2400"

"$swift" build --build-tests
JARVIS_BIN=$("$swift" build --show-bin-path)
export JARVIS_BIN
for program in jarvisd jarvis-warden jarvisctl jarvis-simulate; do
  [ -x "$JARVIS_BIN/$program" ] || { echo "The build made no $JARVIS_BIN/$program." >&2; exit 1; }
done

# The developer's own daemon must not meet the tests.
unset JARVIS_SOCKET JARVIS_TASK_ID JARVIS_BRANCH JARVIS_DATA_DIR NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES

swift_status=0 python_status=0
# shellcheck disable=SC2086 # words of their own
$limit "$swift" test --skip-build ${SWIFT_TEST_ARGS:-} || swift_status=$?

if ! scripts/venv.sh .build/venv Tests/requirements.txt Tests/requirements-agents.txt; then
  python_status=1
else
  export PYTHONPYCACHEPREFIX=$PWD/.build/pycache
  # shellcheck disable=SC2086 # words of their own
  $limit .build/venv/bin/python -m pytest Tests -ra -o cache_dir="$PWD/.build/pytest" ${PYTEST_ARGS:-} ||
    python_status=$?
fi

word() {
  case $1 in
    0) echo passed ;;
    124 | 137) echo "FAILED (took too long)" ;;
    *) echo "FAILED (status $1)" ;;
  esac
}
echo "Swift tests: $(word "$swift_status"). Python tests: $(word "$python_status")."
[ "$swift_status" = 0 ] && [ "$python_status" = 0 ]
