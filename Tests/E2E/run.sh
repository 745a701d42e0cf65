#!/usr/bin/env bash
# run.sh: the end-to-end tests. A virtual machine with systemd as its first process and cgroup v2 with all controllers
# gets Jarvis installed for a user, and guest/ tests it there; half-way its power is cut. BIN_DIR names the folder of
# the programs. Prints a line for each test, "PASS name" or "FAIL name: why", and counts them at the end. Exit status 0
# only when every test has passed: a test without a result has failed.
#
# ONLY="name name" runs these tests alone. ACCEL=kvm and CPU=host are faster where guests boot with it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${BIN_DIR:?must name the folder of the built programs}"
cache=$root/.build/e2e
out=$cache/last
# Seconds. Together with them, the tests are over within 20 minutes.
image_within=300 guest_within=900

fail() { printf '%s\n' "$@" >&2; exit 1; }

# ---- What is needed --------------------------------------------------------------------------------------------------

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

missing=()
command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
[ -x /usr/sbin/mke2fs ] || command -v mke2fs >/dev/null || missing+=(e2fsprogs)
if [ ${#missing[@]} != 0 ]; then
  command -v apt-get >/dev/null || fail "Missing: ${missing[*]}. This is no Debian: install them by hand."
  install=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y
    --no-install-recommends "${missing[@]}")
  "${as_root[@]}" true || fail "Missing packages: ${missing[*]}" "As root, run:" \
    "  apt-get install -y --no-install-recommends ${missing[*]}"
  "${as_root[@]}" "${install[@]}" </dev/null || {
    "${as_root[@]}" apt-get -q update </dev/null
    "${as_root[@]}" "${install[@]}" </dev/null
  } || fail "These packages could not be installed, see above: ${missing[*]}"
fi
for program in jarvisd jarvis-warden jarvisctl jarvis-simulate; do
  [ -x "$BIN_DIR/$program" ] || fail "$BIN_DIR/$program is missing: make build makes it."
done

# ---- The guest's image, made anew when its script has changed --------------------------------------------------------

image=$cache/image-$(sha256sum "$here/image.sh" | cut -c 1-16)
if [ ! -f "$image/root.img" ]; then
  echo "Making the guest's image, once: about a minute."
  mkdir -p "$cache"
  rm -rf "$image.new"
  "${as_root[@]}" true || fail "Making the image needs root. Have somebody run this once:" \
    "  sudo $here/image.sh $image"
  "${as_root[@]}" env PATH="$PATH:/usr/sbin:/sbin" timeout -k 10 "$image_within" "$here/image.sh" "$image.new" ||
    fail "The guest's image could not be made, see above."
  # Those of older scripts.
  "${as_root[@]}" rm -rf "$cache"/image-????????????????
  mv "$image.new" "$image"
fi

# ---- The guest -------------------------------------------------------------------------------------------------------

work=$(mktemp -d)
guest="" reader=""
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  for pid in $guest $reader; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

rm -rf "$out"
mkdir -p "$out" "$work/in/bin"
cp -R "$here/guest.sh" "$here/guest" "$root/scripts" "$root/systemd" "$root/etc" "$work/in/"
for program in jarvisd jarvis-warden jarvisctl jarvis-simulate; do
  strip -o "$work/in/bin/$program" "$BIN_DIR/$program"
done
[ -z "${ONLY:-}" ] || printf 'ONLY=%q\n' "$ONLY" >"$work/in/only"
tar cf "$work/in.tar" -C "$work/in" --owner=0 --group=0 --mode=go+rX --exclude=__pycache__ .
truncate -s 128M "$work/out.tar"

accel=${ACCEL:-tcg}
[ "$accel" != tcg ] || accel=tcg,thread=multi,tb-size=512
# TMPDIR: what the guest writes to its disk goes there, and away with it.
: >"$out/console.txt"
TMPDIR=$work timeout -k 10 "$guest_within" qemu-system-x86_64 -machine q35 -accel "$accel" -cpu "${CPU:-Nehalem}" \
  -smp 2 -m 2048 -display none -nodefaults -no-user-config -net none -serial "file:$out/console.txt" \
  -kernel "$image/vmlinuz" -initrd "$image/initrd" \
  -append "root=/dev/vda rw console=ttyS0 quiet psi=1 mitigations=off systemd.show_status=0 panic=-1" \
  -drive "file=$image/root.img,format=raw,if=virtio,snapshot=on" \
  -drive "file=$work/in.tar,format=raw,if=virtio,readonly=on" \
  -drive "file=$work/out.tar,format=raw,if=virtio" \
  -device virtio-rng-pci </dev/null >"$out/qemu.log" 2>&1 &
guest=$!
# As they come; the results that count are read from the disk afterwards.
tail -n +1 -s 0.5 --pid="$guest" -f "$out/console.txt" 2>/dev/null |
  grep --line-buffered -aE '^(PASS|FAIL|FIGURE|boot|     [0-9.]+ s)' | sed -u 's/\r$//' &
reader=$!
status=0
wait "$guest" || status=$?
guest=""
wait "$reader" || true
reader=""

# ---- The results -----------------------------------------------------------------------------------------------------

tar xf "$work/out.tar" -C "$out" 2>/dev/null || true
touch "$out/results"
passed=0 failures=()
while read -r name; do
  [ -z "${ONLY:-}" ] || [[ " $ONLY " == *" $name "* ]] || continue
  line=$(grep -E "^(PASS|FAIL) $name(:|\$)" "$out/results" | tail -n 1 || true)
  case $line in
    PASS*) passed=$((passed + 1)) ;;
    FAIL*) failures+=("$line") ;;
    *) failures+=("FAIL $name: it has no result") ;;
  esac
done < <(sed -n 's/^def test_\([a-z0-9_]*\)(.*/\1/p' "$here"/guest/*.py)

echo
[ ${#failures[@]} = 0 ] || printf '%s\n' "${failures[@]}"
case $status in
  0) ;;
  124 | 137) echo "The guest was stopped: it ran for more than $guest_within seconds." ;;
  *) echo "The virtual machine ended with status $status:"; tail -n 5 "$out/qemu.log" "$out/console.txt" ;;
esac
[ ${#failures[@]} = 0 ] || echo "The guest's log, console and journal are in ${out#"$PWD/"}."
echo "$passed passed, ${#failures[@]} failed"
[ ${#failures[@]} = 0 ] && [ "$passed" -gt 0 ]
