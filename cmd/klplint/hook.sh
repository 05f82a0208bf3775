#!/bin/sh
# Checks the livepatch modules that a commit adds or changes.
# Made by klplint hook install.

# git runs hooks in the top folder, and so the names that it gives are paths.
modules() {
	git diff --cached --name-only -z --diff-filter=ACMRT -- '*.ko' '*.ko.gz' '*.ko.xz' '*.ko.zst'
}

[ -n "$(modules | tr -d '\0')" ] || exit 0

# klplint reads the files; what is committed is the index.
changed=$(modules | xargs -0 git --literal-pathspecs diff --name-only --)
if [ -n "$changed" ]; then
	echo "klplint hook: these differ from what was added; git add or git restore them:" >&2
	echo "$changed" >&2
	exit 2
fi
if ! command -v klplint >/dev/null; then
	echo "klplint hook: klplint is not in PATH, so nothing was checked" >&2
	exit 2
fi
modules | klplint --quiet -z -
