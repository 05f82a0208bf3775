# Sourced by fetch.sh and small.sh, with their folder in $folder: packages of suites
# of Debian that this machine does not use.

# private SUITES ARCHITECTURES reads the lists of suites that this machine does
# not use, beside its own state; then `apt` and its options name them. It fails
# where the archive does not answer in a few minutes.
apt=$folder/apt
options=(-o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list"
	-o Dir::Etc::sourceparts=/nonexistent -o Dir::State::status=/dev/null -o Acquire::Languages=none
	-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
private() {
	local suites=$1 architectures=$2 archive suite
	archive=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null || true; } |
		awk '/^URIs:/ { uri = $2 } /^deb / { uri = /^deb \[/ ? $4 : $2 } !found && uri ~ /\/debian\/?$/ { print uri; found = 1 }')
	if [[ -z $archive ]]; then
		echo "apt's sources name no Debian archive"
		return 1
	fi
	rm -rf "$apt" # a hundred megabytes of lists of other architectures
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	for suite in $suites; do
		echo "deb [arch=$architectures signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main"
	done >"$apt/sources.list"
	options+=(-o APT::Architectures="$architectures")
	timeout -k 10 240 apt-get "${options[@]}" -qq update
}

# hook unpacks kpatch-build, which this suite does not have, into FOLDER/small/kpatch:
# FOLDER/small/kpatch/patch is what it links to each of its livepatches.
hook() {
	[[ ! -e $folder/small/kpatch/complete ]] || return 0
	[[ -d $apt/state ]] || private 'trixie trixie-backports sid' amd64
	rm -rf "$folder/small/kpatch" "$folder/packages"/kpatch-build_*.deb
	mkdir -p "$folder/small/kpatch"
	(cd "$folder/packages" && timeout -k 10 120 apt-get "${options[@]}" -qq download kpatch-build)
	dpkg-deb -x "$folder/packages"/kpatch-build_*.deb "$folder/small/kpatch/root"
	ln -sfn root/usr/share/kpatch/patch "$folder/small/kpatch/patch"
	[[ -e $folder/small/kpatch/patch/livepatch-patch-hook.c ]]
	echo "kpatch-build: $(basename "$folder/packages"/kpatch-build_*.deb)"
	rm -f "$folder/packages"/kpatch-build_*.deb
	touch "$folder/small/kpatch/complete"
}
