#!/usr/bin/env bash
# Builds a small kernel for each architecture whose kernels of Debian's have no
# livepatches, from Debian's newest source, into a folder for the kernel tests:
#
#	kerneltest/small.sh FOLDER [ARCHITECTURE...]
#
# FOLDER/small/ARCHITECTURE then holds build, the folder against which modules are
# built, with the image in it, and modules. FOLDER/small/kpatch/patch holds what kpatch-build
# links to each of its livepatches. What is there for the same source,
# configuration and compiler stays. The archive's newest source is taken, of whatever
# version it is; without an answer from the archive what is there is used, and there
# must be something.
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
folder=${1:?usage: small.sh FOLDER [ARCHITECTURE...]}
shift
arches=("$@")
((${#arches[@]})) || arches=(s390x ppc64le arm64)
mkdir -p "$folder/small" "$folder/packages"
folder=$(cd "$folder" && pwd)
. "$here/archive.sh"

# of sets what an architecture is built with, and what is built of it.
of() {
	case $1 in
	s390x) variables=(ARCH=s390 CROSS_COMPILE=s390x-linux-gnu-) targets=(vmlinux bzImage) ;;
	ppc64le) variables=(ARCH=powerpc CROSS_COMPILE=powerpc64le-linux-gnu-) targets=(vmlinux) ;;
	arm64) variables=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-) targets=(vmlinux Image) ;;
	*)
		echo "small.sh: no kernel for $1 is known" >&2
		return 1
		;;
	esac
}

# kbuild runs make for an architecture in its build folder.
kbuild() {
	local arch=$1
	local -a variables targets
	shift
	of "$arch"
	make -s -C "$source" "${variables[@]}" O="$folder/small/$arch/build" -j"$(nproc)" "$@"
}

# digest of what a kernel is made of.
digest() {
	local arch=$1
	local -a variables targets
	of "$arch"
	{
		echo "$version" "${variables[@]}" "${targets[@]}"
		"${variables[1]#CROSS_COMPILE=}gcc" --version
		cat "$here/small/common.config" "$here/small/$arch.config" "$here/small/label.c"
	} | sha256sum | cut -d ' ' -f 1
}

# there says of the architectures that their kernels are built, of whatever source.
there() {
	local arch
	[[ -e $folder/small/kpatch/complete ]] || return 1
	for arch in "${arches[@]}"; do
		[[ -e $folder/small/$arch/complete ]] || return 1
	done
}

# The newest source of all, by its series; asked for once an hour.
package='' version=''
if [[ -n $(find "$folder/small/newest" -mmin -60 2>/dev/null) ]]; then
	read -r package version <"$folder/small/newest"
elif private 'trixie trixie-backports sid' amd64; then
	package=$(apt-cache "${options[@]}" pkgnames linux-source- | awk '/^linux-source-[0-9]+\.[0-9]+$/' | sort -V | sed -n '$p')
	[[ -z $package ]] || version=$(apt-cache "${options[@]}" --no-all-versions show "$package" | sed -n 's/^Version: //p')
fi
if [[ -z $version ]]; then
	rm -rf "$apt"
	there || {
		echo 'small.sh: no kernel source came, or no kpatch' >&2
		exit 1
	}
	echo 'the archive did not answer: the small kernels are what there was'
	exit
fi
source=$folder/small/$package

# unpack brings the source, without the files of drivers that these kernels cannot
# have: some 700 MB.
unpack() {
	[[ ! -e $source/complete || $(<"$source/complete") != "$version" ]] || return 0
	[[ -d $apt/state ]] || private 'trixie trixie-backports sid' amd64
	rm -rf "$folder/small"/linux-source-* "$folder/packages/$package"_*.deb
	(cd "$folder/packages" && timeout -k 10 600 apt-get "${options[@]}" -qq download "$package")
	local root=$folder/small/unpacked
	rm -rf "$root"
	dpkg-deb -x "$folder/packages/$package"_*.deb "$root"
	rm -f "$folder/packages/$package"_*.deb
	tar -xJf "$root/usr/src/$package.tar.xz" -C "$folder/small" --exclude='*/Documentation/*.rst' --exclude='*/Documentation/*.yaml' \
		--exclude='*/drivers/gpu/*.[chS]' --exclude='*/drivers/net/*.[ch]' --exclude='*/drivers/media/*.[ch]' --exclude='*/sound/*.[ch]' \
		--exclude='*/tools/testing' --exclude='*/arch/*.dts' --exclude='*/arch/*.dtsi'
	rm -rf "$root"
	printf 'obj-y += label_%d.o\n' 1 2 3 >>"$source/fs/proc/Makefile"
	echo "$version" >"$source/complete"
	echo "$package $version" >"$folder/small/newest"
}

hook

# label writes the files with functions of one name into the source.
label() {
	local i
	for i in 1 2 3; do
		{
			printf '#define LABEL "label_%d"\n#define DIRECT "klp_direct_%d"\n' "$i" "$i"
			cat "$here/small/label.c"
		} >"$source/fs/proc/label_$i.c"
	done
}

build() {
	local arch=$1 made=$folder/small/$1 begin=$SECONDS wanted
	local -a variables targets
	of "$arch"
	wanted=$(digest "$arch")
	rm -rf "$made"
	mkdir -p "$made/build" "$made/modules"
	cat "$here/small/common.config" "$here/small/$arch.config" >"$made/fragment"
	kbuild "$arch" KCONFIG_ALLCONFIG="$made/fragment" allnoconfig
	if ! grep -q '^CONFIG_LIVEPATCH=y' "$made/build/.config"; then
		echo "small.sh: $package has no livepatches for $arch with this configuration" >&2
		return 1
	fi
	kbuild "$arch" "${targets[@]}" modules modules_prepare
	cp "$made/build"/modules.{builtin,builtin.modinfo,order} "$made/modules"
	mkdir -p "$made/modules/kernel"
	(cd "$made/build" && find . -name '*.ko' -exec cp --parents -t "$made/modules/kernel" {} +)
	echo "$wanted" >"$made/complete"
	echo "$arch: $version built in $(((SECONDS - begin) / 60)):$(printf %02d $(((SECONDS - begin) % 60))) minutes"
}

for arch in "${arches[@]}"; do
	if [[ -e $folder/small/$arch/complete && $(<"$folder/small/$arch/complete") == "$(digest "$arch")" ]]; then
		echo "$arch: $version is there"
		continue
	fi
	unpack
	label
	build "$arch"
done
rm -rf "$apt"
