#!/bin/sh
# Builds modules/kernel/synth_target.ko with gcc for x86_64. The built file is
# kept beside its source, so that tests need no compiler.
set -eu
cd "$(dirname "$0")"
out=$(mktemp -d)
for half in a b; do
	gcc -c -O2 -fno-pic -mcmodel=kernel -pg -mfentry -mrecord-mcount -fcf-protection=none \
		-fno-asynchronous-unwind-tables -fno-stack-protector -ffile-prefix-map="$PWD=." \
		-o "$out/$half.o" "target_$half.c"
done
ld -r -o modules/kernel/synth_target.ko "$out/a.o" "$out/b.o"
strip -g --remove-section=.comment --remove-section=.note.GNU-stack modules/kernel/synth_target.ko
chmod 644 modules/kernel/synth_target.ko
rm -r "$out"
