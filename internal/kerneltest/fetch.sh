#!/usr/bin/env bash
# Unpacks Debian's current 6.1 and 6.12 kernels for amd64, with their headers,
# into a folder for the kernel tests, without installing anything:
#
#	kerneltest/fetch.sh FOLDER
#
# FOLDER then holds, per kernel, FOLDER/RELEASE/{vmlinuz,headers,modules}. The
# versions are whatever the packages are today.
set -euo pipefail

folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder/packages"
folder=$(cd "$folder" && pwd)

# depends prints the real package behind a meta package.
depends() { apt-cache depends "$1" | sed -n 's/^ *Depends: \(linux-\(image\|headers\)-[0-9].*\)$/\1/p' | head -n 1; }

for flavour in amd64 6.12-amd64; do
	image=$(depends "linux-image-$flavour")
	headers=$(depends "linux-headers-$flavour")
	release=${image#linux-image-}
	if [[ -z $image || -z $headers ]]; then
		echo "fetch.sh: no kernel packages for $flavour; run apt-get update first" >&2
		exit 1
	fi
	if [[ -e $folder/$release/complete ]]; then
		echo "$release is there"
		continue
	fi
	common=$(apt-cache depends "$headers" | sed -n 's/^ *Depends: \(linux-headers-.*-common\)$/\1/p')
	kbuild=$(apt-cache depends "$headers" | sed -n 's/^ *Depends: \(linux-kbuild-.*\)$/\1/p')
	root=$folder/$release/root
	rm -rf "$folder/$release"
	mkdir -p "$root"
	(cd "$folder/packages" && apt-get download "$image" "$headers" "$common" "$kbuild")
	for package in "$image" "$headers" "$common" "$kbuild"; do
		for deb in "$folder/packages/${package}"_*.deb; do
			dpkg-deb -x "$deb" "$root"
			rm -f "$deb"
		done
	done
	# The headers' makefiles name each other by absolute path.
	grep -rlE '/usr/(src|lib)/linux-' "$root/usr/src/$headers/Makefile" "$root/usr/src/$headers/.kernelvariables" 2>/dev/null |
		xargs -r sed -i "s#/usr/src/linux-#$root/usr/src/linux-#g; s#/usr/lib/linux-#$root/usr/lib/linux-#g"
	for link in scripts tools; do
		if [[ -L $root/usr/src/$headers/$link ]]; then
			to=$(readlink "$root/usr/src/$headers/$link")
			[[ $to != /* ]] || ln -sfn "$root$to" "$root/usr/src/$headers/$link"
		fi
	done
	ln -sfn "root/boot/vmlinuz-$release" "$folder/$release/vmlinuz"
	ln -sfn "root/usr/src/$headers" "$folder/$release/headers"
	ln -sfn "root/lib/modules/$release" "$folder/$release/modules"
	touch "$folder/$release/complete"
	echo "$release is ready"
done

# images unpacks the newest boot image that sid has for each other architecture
# into FOLDER/images/ARCHITECTURE/vmlinuz; some 10 MB each. What the archive does
# not have, or cannot give today, is left out: the tests read what is there.
images() {
	local archive apt=$folder/apt arch package root image
	archive=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null | grep -m 1 debian) || return 0
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$folder/images"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive sid main" >"$apt/sources.list"
	local -a private=(-o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list"
		-o Dir::Etc::sourceparts=/nonexistent -o Dir::State::status=/dev/null -o APT::Architectures=s390x,arm64,ppc64el,loong64,riscv64)
	apt-get "${private[@]}" -qq update || true
	for arch in s390x arm64 ppc64el loong64 riscv64; do
		[[ ! -e $folder/images/$arch/vmlinuz ]] || continue
		package=$(apt-cache "${private[@]}" pkgnames linux-binary- | grep -E -- "-${arch/ppc64el/powerpc64le}\$" | grep -vE -- '-(rt|cloud)-' | sort -V | tail -n 1) || true
		if [[ -z $package ]]; then
			echo "no image for $arch"
			continue
		fi
		root=$folder/images/$arch/root
		mkdir -p "$root"
		if (cd "$folder/packages" && apt-get "${private[@]}" -qq download "$package:$arch" && dpkg-deb -x "${package}"_*.deb "$root"); then
			image=$(find "$root" -name 'vmlinu*' -type f | head -n 1)
			[[ -z $image ]] || ln -sfn "${image#"$folder/images/$arch/"}" "$folder/images/$arch/vmlinuz"
		fi
		rm -f "$folder/packages/${package}"_*.deb
	done
}
images
