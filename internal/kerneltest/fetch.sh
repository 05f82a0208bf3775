#!/usr/bin/env bash
# Unpacks Debian's current 6.1 and 6.12 kernels for amd64, and the newest kernel
# that its backports or sid have, with their headers, into a folder for the kernel
# tests, without installing anything:
#
#	kerneltest/fetch.sh FOLDER [newest]
#
# FOLDER then holds, per kernel, FOLDER/RELEASE/{vmlinuz,headers,modules}. The newest
# one comes where the second argument asks for it, as FOLDER/newest/RELEASE, with
# kpatch's hook (see archive.sh). The versions are whatever the packages are today;
# a kernel that they replace is removed, because fixtures are built for today's.
set -euo pipefail

folder=${1:?usage: fetch.sh FOLDER [newest]}
mkdir -p "$folder/packages"
folder=$(cd "$folder" && pwd)

# depends prints the real package behind a meta package.
depends() { apt-cache depends "$1" | awk '!found && $1 == "Depends:" && $2 ~ /^linux-(image|headers)-[0-9]/ { print $2; found = 1 }'; }

# settle ROOT HEADERS makes unpacked headers usable where they lie: their
# makefiles name each other, and those of before 7 link to each other, by absolute
# path. Programs of a newer suite run with the C library that lies beside them, and
# where its compiler is not there, this suite's is taken.
settle() {
	local root=$1 tree=$1/usr/src/$2 link to program compiler
	grep -lE '/usr/(src|lib)/linux-' "$tree/Makefile" "$tree/.kernelvariables" 2>/dev/null |
		xargs -r sed -i "s#/usr/src/linux-#$root/usr/src/linux-#g; s#/usr/lib/linux-#$root/usr/lib/linux-#g"
	for link in scripts tools; do
		if [[ -L $tree/$link ]]; then
			to=$(readlink "$tree/$link")
			[[ $to != /* ]] || ln -sfn "$root$to" "$tree/$link"
		fi
	done
	while IFS= read -r program; do
		[[ $(ldd "$program" 2>&1) == *GLIBC_*' not found'* ]] || continue
		mv "$program" "$program.newer"
		printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$root/usr/lib64/ld-linux-x86-64.so.2" \
			"$root/usr/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu" "$program.newer" >"$program"
		chmod 755 "$program"
	done < <(find "$root/usr/lib" -path '*/linux-kbuild-*' -type f -perm -1)
	compiler=$(sed -n 's/^CC = .*)\(gcc-[0-9]*\)$/\1/p' "$tree/.kernelvariables")
	if [[ -n $compiler ]] && ! command -v "$compiler" >/dev/null; then
		sed -i "s/^\(CC = .*)\)gcc-[0-9]*\$/\1gcc-12/" "$tree/.kernelvariables"
		# What the configuration says of a compiler that this one is not.
		sed -i -E '/CONFIG_CC_HAS_(MIN_FUNCTION_ALIGNMENT|ASSUME)\b/d' "$tree/include/config/auto.conf" "$tree/include/generated/autoconf.h"
		sed -i "s/^CONFIG_PAHOLE_VERSION=.*/CONFIG_PAHOLE_VERSION=$(pahole --numeric_version)/" "$tree/include/config/auto.conf"
	fi
}

current=()
for flavour in amd64 6.12-amd64; do
	image=$(depends "linux-image-$flavour")
	headers=$(depends "linux-headers-$flavour")
	release=${image#linux-image-}
	if [[ -z $image || -z $headers ]]; then
		echo "fetch.sh: no kernel packages for $flavour; run apt-get update first" >&2
		exit 1
	fi
	current+=("$release")
	if [[ -e $folder/$release/complete ]]; then
		echo "$release is there"
		continue
	fi
	common=$(apt-cache depends "$headers" | sed -n 's/^ *Depends: \(linux-headers-.*-common\)$/\1/p')
	kbuild=$(apt-cache depends "$headers" | sed -n 's/^ *Depends: \(linux-kbuild-.*\)$/\1/p')
	root=$folder/$release/root
	rm -rf "$folder/$release"
	mkdir -p "$root"
	rm -f "$folder/packages"/*.deb
	(cd "$folder/packages" && timeout -k 10 900 apt-get -o Acquire::Retries=3 -o Acquire::http::Timeout=60 download "$image" "$headers" "$common" "$kbuild")
	for package in "$image" "$headers" "$common" "$kbuild"; do
		for deb in "$folder/packages/${package}"_*.deb; do
			dpkg-deb -x "$deb" "$root"
			rm -f "$deb"
		done
	done
	settle "$root" "$headers"
	ln -sfn "root/boot/vmlinuz-$release" "$folder/$release/vmlinuz"
	ln -sfn "root/usr/src/$headers" "$folder/$release/headers"
	ln -sfn "root/lib/modules/$release" "$folder/$release/modules"
	touch "$folder/$release/complete"
	echo "$release is ready"
done
for complete in "$folder"/*/complete; do
	release=$(basename "${complete%/complete}")
	if [[ " ${current[*]} " != *" $release "* ]]; then
		rm -rf "${folder:?}/$release"
		echo "$release is replaced"
	fi
done

. "${BASH_SOURCE[0]%/*}/archive.sh"

# newest unpacks the newest kernel for amd64 that backports or sid have whole, in
# place of an older one. Versions leave these suites every few weeks: without an
# answer from the archive the one of the last time is used, and there must be one.
newest() {
	local release version name package root
	local -a packages
	if private 'trixie-backports sid' amd64; then
		for release in $(apt-cache "${options[@]}" pkgnames linux-headers- | sed -n 's/^linux-headers-\([0-9].*-amd64\)$/\1/p' |
			grep -vE -- '-(rt|cloud)-' | sort -Vr); do
			version=${release%-amd64}
			packages=(linux-binary-"$release" linux-modules-"$release" linux-base-"$release"
				linux-headers-"$release" linux-headers-"$version"-common linux-kbuild-"$version" libc6)
			[[ $(apt-cache "${options[@]}" --no-all-versions show "${packages[@]}" 2>/dev/null | grep -c ^Package:) == "${#packages[@]}" ]] || continue
			if [[ -e $folder/newest/$release/complete ]]; then
				echo "$release is there"
				return
			fi
			root=$folder/newest/$release/root
			rm -rf "$folder/newest/$release" "$folder/packages"/*.deb
			mkdir -p "$root"
			(cd "$folder/packages" && timeout -k 10 600 apt-get "${options[@]}" -qq download "${packages[@]}") || break
			for package in "$folder/packages"/*.deb; do
				dpkg-deb -x "$package" "$root"
				rm -f "$package"
			done
			settle "$root" "linux-headers-$release"
			ln -sfn "root/usr/lib/modules/$release/vmlinuz" "$folder/newest/$release/vmlinuz"
			ln -sfn "root/usr/src/linux-headers-$release" "$folder/newest/$release/headers"
			ln -sfn "root/usr/lib/modules/$release" "$folder/newest/$release/modules"
			for name in "$folder"/newest/*/complete; do
				[[ ! -e $name ]] || rm -rf "${name%/complete}"
			done
			touch "$folder/newest/$release/complete"
			echo "$release is ready"
			return
		done
	fi
	for name in "$folder"/newest/*/complete; do
		if [[ -e $name ]]; then
			echo "$(basename "${name%/complete}") is what there was"
			return
		fi
	done
	echo "fetch.sh: no kernel newer than 6.12 came" >&2
	return 1
}
if [[ ${2:-} == newest ]]; then
	newest
	hook
fi

# images unpacks the newest boot image that sid has for each other architecture
# into FOLDER/images/ARCHITECTURE/vmlinuz; some 10 MB each. What the archive does
# not have, or cannot give in a few minutes, is left out and said: the tests read
# what is there. The limits of time hold for each step, so that an archive that
# hangs costs ten minutes at most.
images() {
	local arch package size root image begin=$SECONDS
	local -a missing=()
	for arch in s390x arm64 ppc64el loong64 riscv64; do
		[[ -e $folder/images/$arch/vmlinuz ]] || missing+=("$arch")
	done
	((${#missing[@]})) || return 0
	mkdir -p "$folder/images"
	private sid "$(IFS=, && echo "${missing[*]}")" || echo "sid's lists did not come in whole"
	for arch in "${missing[@]}"; do
		# One process reads to the end: a closed pipe would count as a failure.
		package=$(apt-cache "${options[@]}" pkgnames linux-binary- | awk -v end="-${arch/ppc64el/powerpc64le}" \
			'substr($0, length($0) - length(end) + 1) == end && !/-(rt|cloud)-/' | sort -V | sed -n '$p') || true
		if [[ -z $package ]]; then
			echo "no image for $arch"
			continue
		fi
		size=$(apt-cache "${options[@]}" --no-all-versions show "$package:$arch" | awk '$1 == "Size:" { size = $2 } END { print size + 0 }') || true
		if ((size == 0 || size > 100000000 || SECONDS - begin > 600)); then
			echo "no image for $arch: $package has ${size:-no} bytes, after $((SECONDS - begin)) seconds"
			continue
		fi
		root=$folder/images/$arch/root
		rm -rf "$root"
		mkdir -p "$root"
		if (cd "$folder/packages" && timeout -k 10 120 apt-get "${options[@]}" -qq download "$package:$arch" && dpkg-deb -x "${package}"_*.deb "$root"); then
			image=$(find "$root" -name 'vmlinu*' -type f | sort | sed -n 1p)
			[[ -z $image ]] || ln -sfn "${image#"$folder/images/$arch/"}" "$folder/images/$arch/vmlinuz"
			echo "an image for $arch: $package"
		else
			echo "no image for $arch: $package did not come"
		fi
		rm -f "$folder/packages/${package}"_*.deb
	done
}
images
rm -rf "$apt"
