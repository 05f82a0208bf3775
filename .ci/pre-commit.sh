#!/usr/bin/env bash
# Tries the hooks of .pre-commit-hooks.yaml with the real pre-commit program, in
# a scratch repository with a good and a bad module. Needs pre-commit, git, Go.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE)
export GOMODCACHE GOCACHE
export HOME=$work/home PRE_COMMIT_HOME=$work/pre-commit GIT_CONFIG_NOSYSTEM=1
mkdir "$HOME"
git config --global user.name test
git config --global user.email test@example.org
git config --global init.defaultBranch main

fail() {
	echo "pre-commit: $1" >&2
	exit 1
}

# run WANTED-CODE ARGUMENT... runs pre-commit and keeps what it prints in $log.
log=$work/log
run() {
	local wanted=$1 code=0
	shift
	pre-commit run --verbose "$@" >"$log" 2>&1 || code=$?
	[[ $code == "$wanted" ]] || { cat "$log"; fail "exit code $code of pre-commit run $*, want $wanted"; }
}
has() { grep -q -e "$1" "$log" || { cat "$log"; fail "no line has: $1"; }; }

# The hooks' repository: this tree as it would be committed.
mkdir "$work/klplint"
git ls-files -z --cached --others --exclude-standard |
	while IFS= read -r -d '' f; do [[ ! -e $f ]] || printf '%s\0' "$f"; done |
	tar --null -T - -cf - | tar -C "$work/klplint" -xf -
git -C "$work/klplint" init -q
git -C "$work/klplint" add -A
git -C "$work/klplint" commit -q -m tree
pre-commit validate-manifest "$work/klplint/.pre-commit-hooks.yaml"

git init -q "$work/patches"
cd "$work/patches"
cat >.pre-commit-config.yaml <<END
repos:
  - repo: $work/klplint
    rev: $(git -C "$work/klplint" rev-parse HEAD)
    hooks:
      - id: klplint
        args: [--kernel=none, --]
      - id: klplint-system
        args: [--kernel=none, --]
END
pre-commit install-hooks
installed=$(find "$PRE_COMMIT_HOME"/repo*/golangenv-* -path '*/bin/*' -type f -printf '%f\n')
[[ $installed == klplint ]] || fail "go install ./... made: $installed"
PATH=$(dirname "$(find "$PRE_COMMIT_HOME"/repo*/golangenv-* -path '*/bin/klplint')"):$PATH

cp "$root/fixtures/kpatch/one-func.ko" good.ko
cp "$root/fixtures/packed/one-func.ko.xz" .
echo text >readme
git add .
run 0 --all-files
has 'klplint (installed).*Passed'
has '^klplint\.\.*Passed'

mkdir sub
cp "$root/fixtures/rules/KLP208/bad.ko" sub/
git add .
run 1 --all-files
has '^sub/bad.ko: error: .*\[KLP208\]'
has '^- exit code: 1'
has '^klplint\.\.*Failed'

# What is no module is not passed over because of its content.
printf 'version https://git-lfs.github.com/spec/v1\n' >sub/bad.ko
git add .
run 1 --all-files
has 'sub/bad.ko: .*Git LFS'
has '^- exit code: 2'

# As a hook of a commit.
pre-commit install >/dev/null
if git commit -q -m bad >"$log" 2>&1; then fail 'the commit went through'; fi
git rm -q -f sub/bad.ko
git commit -q -m good >"$log" 2>&1 || { cat "$log"; fail 'a good commit was stopped'; }
echo "pre-commit: $(pre-commit --version), both hooks pass, fail and refuse"
