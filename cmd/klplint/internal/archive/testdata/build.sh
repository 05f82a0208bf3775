#!/usr/bin/env bash
# Rebuilds the packages beside it with the real tools (Debian: rpm, dpkg-dev).
# Each holds the same files: modules that are short texts, a link to one, a pair
# of hard links, and files that are no modules.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1700000000 TZ=UTC
umask 022

fill() {
	local dir=$1/lib/modules/6.12.0 doc=$1/usr/share/doc/klp
	mkdir -p "$dir/extra" "$dir/updates" "$doc"
	printf 'first\n' >"$dir/extra/a.ko"
	printf 'the second one\n' >"$dir/extra/b.ko.xz"
	ln -s ../extra/a.ko "$dir/updates/a.ko"
	printf 'linked\n' >"$dir/extra/h1.ko"
	ln "$dir/extra/h1.ko" "$dir/extra/h2.ko"
	seq 100 >"$doc/numbers"
	find "$1" -exec touch -h -d @$SOURCE_DATE_EPOCH {} +
}

fill "$work/deb"
mkdir "$work/deb/DEBIAN"
cat >"$work/deb/DEBIAN/control" <<'END'
Package: klp
Version: 1
Architecture: all
Maintainer: klplint <klplint@example.org>
Description: test package
END
for z in gzip xz zstd none; do
	dpkg-deb --root-owner-group -Z$z -b "$work/deb" "$here/$z.deb" >/dev/null
done

declare -A payload=([gzip]=w9.gzdio [xz]=w6.xzdio [zstd]=w19.zstdio [bzip2]=w9.bzdio)
fill "$work/rpm"
cat >"$work/klp.spec" <<'END'
Name: klp
Version: 1
Release: 1
Summary: test package
License: Apache-2.0
BuildArch: noarch
%description
A test package.
%install
cp -a %{files_from}/. %{buildroot}
%files
/lib
/usr
END
for z in "${!payload[@]}"; do
	rpmbuild -bb --quiet --define "_topdir $work/top" --define "files_from $work/rpm" \
		--define "_binary_payload ${payload[$z]}" --define '__os_install_post %{nil}' \
		--define '_buildhost example.org' --define 'use_source_date_epoch_as_buildtime 1' \
		--define 'clamp_mtime_to_source_date_epoch 1' "$work/klp.spec" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	mv "$work"/top/RPMS/noarch/klp-1-1.noarch.rpm "$here/$z.rpm"
done
