# Sourced by fetch.sh and small.sh, with their folder in $folder: packages of suites
# of Debian that this machine does not use.

# private SUITES ARCHITECTURES reads the lists of suites that this machine does
# not use, beside its own state; then `apt` and its options name them. It fails
# where the archive does not answer in a few minutes.
apt=$folder/apt
options=(-o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list"
	-o Dir::Etc::sourceparts=/nonexistent -o Dir::State::status=/dev/null -o Acquire::Languages=none
	-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
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
