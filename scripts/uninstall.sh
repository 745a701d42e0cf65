#!/usr/bin/env bash
# uninstall.sh: stops Jarvis and removes what install.sh put. Configuration and state (queue, history, output, findings)
# stay, unless PURGE=1. PREFIX and DESTDIR as for install.sh.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/places.sh
. "$root/scripts/places.sh"

purge=no
case ${PURGE:-} in
  1 | yes) purge=yes ;;
  "" | 0 | no) ;;
  *) echo "PURGE is \"$PURGE\", expected 1 or nothing." >&2; exit 2 ;;
esac

manager=no
if has_manager; then
  manager=yes
  for unit in "${units[@]}"; do
    [ -e "$unitdir/$unit" ] || continue
    systemctl --user stop "$unit"
  done
fi

# A daemon that was started by hand holds this lock; it would go on writing into what is removed.
lock=$DESTDIR$statedir/lock
if [ "$purge" = yes ] && [ -e "$lock" ] && ! flock -n "$lock" true; then
  echo "A jarvisd (process $(head -c 20 "$lock" | tr -dc 0-9)) uses $DESTDIR$statedir. Stop it first." >&2
  exit 1
fi

# ---- Files -----------------------------------------------------------------------------------------------------------

folders=()
if [ -f "$DESTDIR$manifest" ]; then
  # What `systemctl enable` made would point nowhere.
  for unit in "${units[@]}"; do
    for link in "$DESTDIR$unitdir"/*.wants/"$unit"; do
      [ ! -L "$link" ] || rm -f "$link"
    done
  done
  for folder in "$DESTDIR$unitdir"/*.wants; do
    [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty "$folder"
  done
  while read -r kind path; do
    case $kind in
      f) rm -f "$DESTDIR$path" ;;
      d) folders=("$path" "${folders[@]}") ;;
    esac
  done <"$DESTDIR$manifest"
  rm -f "$DESTDIR$manifest"
  removed=yes
else
  removed=no
fi

if [ "$purge" = yes ]; then
  rm -rf "$DESTDIR$configdir" "$DESTDIR$statedir"
fi
# The newest first, so that a folder goes before the one that holds it. What has other things in it stays.
for folder in "${folders[@]}"; do
  rmdir "$DESTDIR$folder" 2>/dev/null || true
done

if [ "$manager" = yes ]; then
  systemctl --user daemon-reload
  systemctl --user reset-failed "${units[@]}" 2>/dev/null || true
fi

# ---- What is left ----------------------------------------------------------------------------------------------------

if [ "$removed" = no ]; then
  echo "Nothing of Jarvis is installed under $DESTDIR$PREFIX (no $DESTDIR$manifest)."
else
  echo "Jarvis is removed from $DESTDIR$PREFIX."
fi
catalog=/usr/local/lib/systemd/catalog/jarvis.catalog
if [ -z "$DESTDIR" ] && [ -e "$catalog" ]; then
  printf '%s\n' "$catalog stays; as root: rm $catalog && journalctl --update-catalog"
fi
for folder in "$configdir" "$statedir"; do
  [ ! -d "$DESTDIR$folder" ] || echo "$DESTDIR$folder stays; make uninstall PURGE=1 removes it."
done
