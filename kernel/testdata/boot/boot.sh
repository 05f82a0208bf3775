#!/bin/sh
# Boots a kernel in an emulator and brings out what it says of itself:
#
#	boot.sh VMLINUZ MODULES OUT
#
# OUT then holds kallsyms, filter (available_filter_functions), addrs (its _addrs
# form, empty before 6.5) and version. Some modules of the folder MODULES are
# loaded first. It needs qemu-system-x86_64, a static busybox, cpio,
# gzip and xz.
set -eu

vmlinuz=$1 modules=$2 out=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/ko" "$work/root/proc" "$work/root/sys" "$work/root/dev" "$out"
busybox=$(command -v busybox)
cp "$busybox" "$work/root/bin/busybox"

# In the order of their dependencies; the index keeps it in the guest.
index=10
for name in crc16 mbcache jbd2 ext4 loop dummy 8021q tun; do
	file=$(find -L "$modules" -name "$name.ko" -o -name "$name.ko.xz" | head -n 1)
	case $file in
	*.xz) xz -dc "$file" >"$work/root/ko/$index-$name.ko" ;;
	?*) cp "$file" "$work/root/ko/$index-$name.ko" ;;
	esac
	index=$((index + 1))
done

cat >"$work/root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tracefs tracefs /sys/kernel/tracing
echo 0 >/proc/sys/kernel/kptr_restrict
for ko in /ko/*.ko; do insmod "$ko"; done
stty -F /dev/ttyS1 raw -echo
mkdir /out
cat /proc/kallsyms >/out/kallsyms
cat /sys/kernel/tracing/available_filter_functions >/out/filter
cat /sys/kernel/tracing/available_filter_functions_addrs >/out/addrs
cat /proc/version >/out/version
cd /out && tar c kallsyms filter addrs version | gzip -1 >/dev/ttyS1
sleep 1
poweroff -f
INIT
chmod 755 "$work/root/init"
ln -s busybox "$work/root/bin/sh"
(cd "$work/root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs"

timeout 240 qemu-system-x86_64 -accel tcg -m 1024 -display none -no-reboot -monitor none \
	-kernel "$vmlinuz" -initrd "$work/initramfs" \
	-append 'console=ttyS0 nokaslr quiet panic=-1' \
	-serial "file:$out/console" -serial "file:$work/out.tar.gz"
tar -xzf "$work/out.tar.gz" -C "$out"
