#!/usr/bin/env bash
# Cross-builds static klplint binaries and packs each with man pages, shell
# completions and licences: dist/klplint-VERSION-linux-ARCH.tar.gz, SHA256SUMS.
#
#   packaging/dist.sh [FOLDER]     build into FOLDER (default: dist)
#   packaging/dist.sh --check      build twice, the second time in another folder
#                                  with an empty build cache, and compare
#
# The same source, Go release and SOURCE_DATE_EPOCH (default: the last commit's
# time) give the same bytes. VERSION and ARCHES can be set in the environment.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C TZ=UTC
umask 022
ARCHES=${ARCHES:-amd64 arm64 ppc64le s390x loong64 riscv64}
: "${VERSION:=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)}"
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
export ARCHES VERSION SOURCE_DATE_EPOCH
# Whatever the user's environment says must not decide what is built.
export CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath' GOTOOLCHAIN=local GOEXPERIMENT=
export GOAMD64=v1 GOARM64=v8.0 GOPPC64=power8 GORISCV64=rva20u64

# build OS ARCH FILE
build() {
	GOOS=$1 GOARCH=$2 go build -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.release=$VERSION" -o "$3" ./cmd/klplint
}

# licences prints those of the modules that are linked in.
licences() {
	local module dir file
	GOOS=linux GOARCH=amd64 go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/klplint |
		sort -u | while read -r module version dir; do
			printf '==== %s %s\n' "$module" "$version"
			file=$(find "$dir" -maxdepth 1 -type f -iregex '.*/\(\(un\)?licen[cs]e\|copying\|notice\).*' | sort)
			[[ -n $file ]] || { echo "no licence in $module" >&2; return 1; }
			xargs -d '\n' cat <<<"$file"
		done
	printf '==== The Go standard library and runtime\n'
	cat "$(go env GOROOT)/LICENSE"
}

scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT

dist() {
	local out=$1 work=$scratch/dist arch name shell
	mkdir -p "$out" "$work/man" "$work/completions"
	KLPLINT_MAN=$work/man go test -count=1 -run '^TestManPages$' ./cmd/klplint >/dev/null
	gzip -9n "$work"/man/*.1
	build "$(go env GOHOSTOS)" "$(go env GOHOSTARCH)" "$work/klplint"
	for shell in bash zsh fish; do
		"$work/klplint" completion "$shell" >"$work/completions/klplint.$shell"
	done
	licences >"$work/LICENSES-OF-LIBRARIES"
	for arch in $ARCHES; do
		name=klplint-$VERSION-linux-$arch
		mkdir "$work/$name"
		build linux "$arch" "$work/$name/klplint"
		cp -r README.md LICENSE "$work"/{man,completions,LICENSES-OF-LIBRARIES} "$work/$name/"
		tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
			--mode=u+rw,go+r,go-w --format=ustar -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
		rm -r "${work:?}/$name"
	done
	(cd "$out" && sha256sum klplint-"$VERSION"-linux-*.tar.gz >SHA256SUMS)
}

check() {
	local work=$scratch/check
	dist "$work/first"
	# Another path, another cache, other times.
	mkdir -p "$work/elsewhere/src"
	git ls-files -z --cached --others --exclude-standard |
		while IFS= read -r -d '' f; do [[ ! -e $f ]] || printf '%s\0' "$f"; done |
		tar --null -T - -cf - | tar -C "$work/elsewhere/src" -xmf -
	GOCACHE=$work/cache "$work/elsewhere/src/packaging/dist.sh" "$work/second"
	diff "$work/first/SHA256SUMS" "$work/second/SHA256SUMS"
	(cd "$work/second" && sha256sum --quiet -c SHA256SUMS)
	cat "$work/second/SHA256SUMS"
	echo "dist: two builds, the same bytes"
}

case ${1:-dist} in
--check) check ;;
-*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 3 ;;
*) dist "$(realpath -m "${1:-dist}")" ;;
esac
