#!/usr/bin/env bash
# venv.sh FOLDER REQUIREMENTS...: makes a virtual environment with what the files REQUIREMENTS list. Nothing happens when
# it was made from the same text with the same Python.
set -euo pipefail

folder=$1
shift
stamp="$(python3 -c 'import sys; print(sys.version, sys.prefix)') $(cat "$@" | sha256sum)"
[ "$stamp" = "$(cat "$folder/stamp" 2>/dev/null)" ] && "$folder/bin/python" -c '' 2>/dev/null && exit 0

echo "Making the Python environment of the tests in $folder"
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "${@/#/--requirement=}"
# Last: an environment that is not whole has no stamp.
printf '%s\n' "$stamp" >"$folder/stamp"
