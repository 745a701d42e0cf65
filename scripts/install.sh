#!/usr/bin/env bash
# install.sh: puts Jarvis in place for the current user. The programs come from BIN_DIR; PREFIX (~/.local) and DESTDIR
# say where to. May be run again: files that a newer version doesn't have any more are removed, changed configuration
# is left alone.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/places.sh
. "$root/scripts/places.sh"
: "${BIN_DIR:?must name the folder of the built programs}"

for program in jarvisd jarvis-warden jarvisctl jarvis-simulate; do
  [ -x "$BIN_DIR/$program" ] || { echo "$BIN_DIR/$program is missing: make build makes it." >&2; exit 1; }
done

[ -z "$DESTDIR" ] || mkdir -p "$DESTDIR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=() folders=()
old_files=() old_folders=()
if [ -f "$DESTDIR$manifest" ]; then
  while read -r kind path; do
    case $kind in f) old_files+=("$path") ;; d) old_folders+=("$path") ;; esac
  done <"$DESTDIR$manifest"
fi

# make_folder PATH [MODE]: with its parents; remembers those that it made.
make_folder() {
  local path=$1
  [ ! -d "$DESTDIR$path" ] || return 0
  make_folder "$(dirname "$path")"
  mkdir -m "${2:-755}" "$DESTDIR$path"
  folders+=("$path")
}

# put MODE SOURCE PATH: never writes into a file in use, nobody ever sees half of it.
put() {
  make_folder "$(dirname "$3")"
  install -m "$1" "$2" "$DESTDIR$3.jarvis-new"
  # On the disk before it takes the old one's name: a power cut leaves one or the other, never an empty file.
  sync "$DESTDIR$3.jarvis-new"
  mv -f "$DESTDIR$3.jarvis-new" "$DESTDIR$3"
  files+=("$3")
}

# ---- Programs, without debug information (names for backtraces stay) -------------------------------------------------

for program in jarvisd jarvis-warden jarvisctl jarvis-simulate; do
  cp "$BIN_DIR/$program" "$work/$program"
  strip --strip-debug "$work/$program" 2>/dev/null || true
  put 755 "$work/$program" "$bindir/$program"
done

# ---- Configuration: what the user has changed is the user's ----------------------------------------------------------

shipped=$root/etc/jarvis/jarvis.toml
config=$configdir/jarvis.toml
config_note=""
make_folder "$configdir" 700
if [ ! -e "$DESTDIR$config" ] || cmp -s "$DESTDIR$config" "$DESTDIR$datadir/jarvis.toml"; then
  # None yet, or the defaults of the version before, as they were.
  put 600 "$shipped" "$config"
  # It may be changed later, and stays then.
  unset 'files[-1]'
elif ! cmp -s "$DESTDIR$config" "$shipped"; then
  put 600 "$shipped" "$config.new"
  config_note="Your $config was left as it is; the new defaults are beside it in jarvis.toml.new."
fi

# ---- Data ------------------------------------------------------------------------------------------------------------

put 644 "$shipped" "$datadir/jarvis.toml"
put 644 "$root/systemd/jarvis.catalog" "$datadir/jarvis.catalog"
for file in "$root"/etc/jarvis/{runners,skills,workloads}/*.toml; do
  put 644 "$file" "$datadir/${file#"$root"/etc/jarvis/}"
done

# ---- Units -----------------------------------------------------------------------------------------------------------

# systemd reads % and $ as its own, and quotes and blanks as a shell does.
exec_bindir=$(sed 's/\\/\\\\/g; s/%/%%/g; s/\$/$$/g; s/ /\\x20/g; s/"/\\x22/g; s/'\''/\\x27/g' <<<"$bindir")
for unit in "${units[@]}"; do
  text=$(<"$root/systemd/$unit")
  printf '%s\n' "${text//@bindir@/"$exec_bindir"}" >"$work/$unit"
  put 644 "$work/$unit" "$unitdir/$unit"
done

# ---- Completions -----------------------------------------------------------------------------------------------------

complete() {
  "$BIN_DIR/jarvisctl" completions "$1" >"$work/completions" </dev/null
  put 644 "$work/completions" "$2"
}
complete bash "$PREFIX/share/bash-completion/completions/jarvisctl"
complete zsh "$PREFIX/share/zsh/site-functions/_jarvisctl"
complete fish "$config_home/fish/completions/jarvisctl.fish"

# ---- What the version before had and this one has not ----------------------------------------------------------------

for path in "${old_files[@]}"; do
  case $'\n'$(printf '%s\n' "${files[@]}")$'\n' in
    *$'\n'"$path"$'\n'*) ;;
    *) rm -f "$DESTDIR$path" ;;
  esac
done
{
  printf 'f %s\n' "${files[@]}"
  [ ${#old_folders[@]} = 0 ] || printf 'd %s\n' "${old_folders[@]}"
  [ ${#folders[@]} = 0 ] || printf 'd %s\n' "${folders[@]}"
} >"$work/manifest"
put 644 "$work/manifest" "$manifest"
for path in "${files[@]}" "$config"; do dirname "$DESTDIR$path"; done | sort -u | tr '\n' '\0' | xargs -0 sync

# ---- What to do next -------------------------------------------------------------------------------------------------

echo "Jarvis is installed: programs in $DESTDIR$bindir, units in $DESTDIR$unitdir, configuration in $DESTDIR$configdir."
[ -z "$config_note" ] || echo "$config_note"
[ -z "$DESTDIR" ] || exit 0

running=no
if has_manager; then
  systemctl --user daemon-reload
  systemctl --user --quiet is-active jarvisd.service && running=yes
fi

echo
case :${PATH:-}: in
  *:"$bindir":*) ;;
  *) printf '%s\n' "Put $bindir into PATH:" "  export PATH=\"$bindir:\$PATH\"" ;;
esac
if [ "$running" = yes ]; then
  printf '%s\n' "The version before still runs. This puts the new one in force; agents go on running:" \
    "  systemctl --user restart jarvisd.service"
elif has_manager; then
  printf '%s\n' "Start it, now and at every login:" \
    "  systemctl --user enable --now jarvisd.socket jarvis.target" \
    "Let it run on when you log out:" \
    "  loginctl enable-linger"
else
  printf '%s\n' "There is no systemd user manager here. Start it in a terminal of its own:" \
    "  jarvisd --standalone"
fi
printf '%s\n' "Make it known to Claude Code:" \
  "  claude mcp add jarvis -- jarvisctl mcp" \
  "See whether everything is there:" \
  "  jarvisctl doctor"
if command -v journalctl >/dev/null; then
  # The catalog is the machine's, not the user's.
  printf '%s\n' "To have journalctl -x explain Jarvis's entries, as root:" \
    "  install -D -m 644 \"$datadir/jarvis.catalog\" /usr/local/lib/systemd/catalog/jarvis.catalog" \
    "  journalctl --update-catalog"
fi
case ${SHELL:-} in
  */zsh) echo "For completions, have this in ~/.zshrc before compinit: fpath+=($PREFIX/share/zsh/site-functions)" ;;
esac
