#!/usr/bin/env bash
# image.sh FOLDER: makes the guest's image in FOLDER from Debian's packages: root.img (ext4), vmlinuz and initrd.
# The guest is a bare Debian 12 with systemd as its first process, pure cgroup v2, and a lingering user "test".
# Needs root, mmdebstrap and e2fsprogs; takes about a minute.
set -euo pipefail

folder=$1
packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,libsystemd0,libsqlite3-0,libstdc++6,python3-minimal
packages+=,libpython3-stdlib,udev,kmod,procps,linux-image-cloud-amd64,initramfs-tools,zstd

mkdir -p "$folder"
root=$folder/rootfs
rm -rf "$root"
trap 'rm -rf "$root"' EXIT

# The machine's own choice of mirrors, if it says one.
sources=()
for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  if grep -qs bookworm "$file"; then sources=("$file"); break; fi
done
exclude=(--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
  --dpkgopt='path-exclude=/usr/share/locale/*')
mmdebstrap --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' "${exclude[@]}" \
  --include="$packages" bookworm "$root" "${sources[@]}" >"$folder/mmdebstrap.log" 2>&1 </dev/null ||
  { tail -n 30 "$folder/mmdebstrap.log" >&2; exit 1; }

# ---- The user --------------------------------------------------------------------------------------------------------

# The group may read the kernel's messages, to learn when it killed.
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash --groups systemd-journal test
mkdir -p "$root/var/lib/systemd/linger" "$root/var/log/journal"
touch "$root/var/lib/systemd/linger/test"

# ---- The machine -----------------------------------------------------------------------------------------------------

echo jarvis-e2e >"$root/etc/hostname"
echo 'tmpfs /tmp tmpfs mode=1777 0 0' >"$root/etc/fstab"
# Everything that the tests look for must be there.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nRateLimitIntervalSec=0\nStorage=persistent\n' >"$root/etc/systemd/journald.conf.d/e2e.conf"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer getty@tty1.service serial-getty@ttyS0.service systemd-pstore.service systemd-timesyncd.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Debian delegates cpu, memory and pids to user managers; the weights of the disks are to be tested, too.
mkdir -p "$root/etc/systemd/system/user@.service.d"
printf '[Service]\nDelegate=cpu io memory pids\n' >"$root/etc/systemd/system/user@.service.d/e2e.conf"

# ---- What runs in it: the tar on the second disk is unpacked once, its guest.sh run at each boot, the folder out of it
# comes back as a tar on the third disk.

cat >"$root/etc/systemd/system/e2e.service" <<'UNIT'
[Unit]
Description=The end-to-end tests
After=user@1000.service dbus.service
Wants=user@1000.service
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
Type=oneshot
TimeoutStartSec=30min
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/usr/local/sbin/e2e

[Install]
WantedBy=multi-user.target
UNIT
ln -s ../e2e.service "$root/etc/systemd/system/multi-user.target.wants/e2e.service"
cat >"$root/usr/local/sbin/e2e" <<'SCRIPT'
#!/bin/bash
boot=$(($(cat /e2e/boot 2>/dev/null || echo 0) + 1))
if [ "$boot" = 1 ]; then
  mkdir -p /e2e
  tar xf /dev/vdb -C /e2e
  mkdir -p /e2e/out
fi
echo "$boot" >/e2e/boot
sync
echo "boot $boot after $(cut -d' ' -f1 /proc/uptime) s"
# A machine that crashes over and over is given up.
[ "$boot" -gt 2 ] || bash /e2e/guest.sh "$boot" 2>&1 | tee -a /e2e/out/log.txt
echo "boot $boot is over after $(cut -d' ' -f1 /proc/uptime) s"
journalctl --no-pager -o short-monotonic >/e2e/out/journal.txt 2>&1
touch /e2e/out/complete
tar cf /dev/vdc -C /e2e/out .
sync
SCRIPT
chmod 755 "$root/usr/local/sbin/e2e"

# ---- Pack ------------------------------------------------------------------------------------------------------------

cp "$root"/boot/vmlinuz-* "$folder/vmlinuz"
cp "$root"/boot/initrd.img-* "$folder/initrd"
rm -rf "${root:?}"/boot/* "$root"/usr/share/{doc,man,locale} "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
rm -f "$folder/root.img"
mke2fs -q -t ext4 -L root -E lazy_itable_init=1 -d "$root" "$folder/root.img" 1536M
chmod a+r "$folder"/{root.img,vmlinuz,initrd}
