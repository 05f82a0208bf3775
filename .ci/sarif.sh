#!/usr/bin/env bash
# Holds SARIF of the fixtures against Microsoft's validator: no error, no warning.
# The validator is an npm package, kept in the folder that is named.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=5.7.0
cache=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

validator=$cache/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
if ! [[ -x $validator && -e $cache/$version ]]; then
	command -v npm >/dev/null || apt-get install -q -y --no-install-recommends npm
	npm install --prefix "$cache" --no-audit --no-fund --ignore-scripts "@microsoft/sarif-multitool-linux@$version"
	chmod +x "$validator"
	touch "$cache/$version"
fi

go build -o "$work/klplint" ./cmd/klplint
status=0
"$work/klplint" --quiet --kernel none --format "sarif=$work/klplint.sarif" --format "sarif-github=$work/github.sarif" \
	./fixtures "$PWD/fixtures/../fixtures/static/one-func.ko" README.md || status=$?
# Findings, and files that are no modules.
[[ $status == 2 ]]

export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
for log in klplint github; do
	"$validator" validate "$work/$log.sarif" --rule-kind 'Sarif;Gh' | tee "$work/$log.txt"
	grep -q '1 files scanned' "$work/$log.txt"
	if grep -E '(warning|error) (SARIF|GH|ERR|JSON)' "$work/$log.txt"; then
		exit 1
	fi
done
