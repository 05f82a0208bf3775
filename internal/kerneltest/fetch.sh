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
depends() { apt-cache depends "$1" | awk '!found && $1 == "Depends:" && $2 ~ /^linux-(image|headers)-[0-9]/ { print $2; found = 1 }'; }

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
	rm -f "$folder/packages"/*.deb
	(cd "$folder/packages" && timeout -k 10 900 apt-get -o Acquire::Retries=3 -o Acquire::http::Timeout=60 download "$image" "$headers" "$common" "$kbuild")
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
# not have, or cannot give in a few minutes, is left out and said: the tests read
# what is there. The limits of time hold for each step, so that an archive that
# hangs costs ten minutes at most.
images() {
	local archive apt=$folder/apt arch package size root image begin=$SECONDS
	local -a missing=()
	for arch in s390x arm64 ppc64el loong64 riscv64; do
		[[ -e $folder/images/$arch/vmlinuz ]] || missing+=("$arch")
	done
	((${#missing[@]})) || return 0
	archive=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null || true; } |
		awk '/^URIs:/ { uri = $2 } /^deb / { uri = /^deb \[/ ? $4 : $2 } !found && uri ~ /\/debian\/?$/ { print uri; found = 1 }')
	if [[ -z $archive ]]; then
		echo "no images: apt's sources name no Debian archive"
		return
	fi
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$folder/images"
	echo "deb [arch=$(IFS=, && echo "${missing[*]}") signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive sid main" >"$apt/sources.list"
	local -a private=(-o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list"
		-o Dir::Etc::sourceparts=/nonexistent -o Dir::State::status=/dev/null -o APT::Architectures=s390x,arm64,ppc64el,loong64,riscv64
		-o Acquire::Languages=none
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
	timeout -k 10 240 apt-get "${private[@]}" -qq update || echo "sid's lists did not come in whole"
	for arch in "${missing[@]}"; do
		# One process reads to the end: a closed pipe would count as a failure.
		package=$(apt-cache "${private[@]}" pkgnames linux-binary- | awk -v end="-${arch/ppc64el/powerpc64le}" \
			'substr($0, length($0) - length(end) + 1) == end && !/-(rt|cloud)-/' | sort -V | sed -n '$p') || true
		if [[ -z $package ]]; then
			echo "no image for $arch"
			continue
		fi
		size=$(apt-cache "${private[@]}" --no-all-versions show "$package:$arch" | awk '$1 == "Size:" { size = $2 } END { print size + 0 }') || true
		if ((size == 0 || size > 100000000 || SECONDS - begin > 600)); then
			echo "no image for $arch: $package has ${size:-no} bytes, after $((SECONDS - begin)) seconds"
			continue
		fi
		root=$folder/images/$arch/root
		rm -rf "$root"
		mkdir -p "$root"
		if (cd "$folder/packages" && timeout -k 10 120 apt-get "${private[@]}" -qq download "$package:$arch" && dpkg-deb -x "${package}"_*.deb "$root"); then
			image=$(find "$root" -name 'vmlinu*' -type f | sort | sed -n 1p)
			[[ -z $image ]] || ln -sfn "${image#"$folder/images/$arch/"}" "$folder/images/$arch/vmlinuz"
			echo "an image for $arch: $package"
		else
			echo "no image for $arch: $package did not come"
		fi
		rm -f "$folder/packages/${package}"_*.deb
	done
	rm -rf "$apt" # a hundred megabytes of lists
}
images
