#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds vmlinux-gcc and vmlinux-clang, linked with debug information.
set -eu
cd "$(dirname "$0")"
cat >/tmp/vmlinux.lds.$$ <<'LDS'
SECTIONS {
	. = 0xffffffff81000000;
	.text : { _text = .; _stext = .; QUAD(0xcccccccccccccccc) QUAD(0xcccccccccccccccc) *(.text .text.*) _etext = .; }
	.init.text : { _sinittext = .; *(.init.text) _einittext = .; }
	.rodata : { *(.rodata .rodata.* .data.rel.ro*) }
	.data : { *(.data .bss COMMON) }
	/DISCARD/ : { *(.comment .note.* .eh_frame) }
}
LDS
for compiler in gcc clang-19; do
	$compiler -std=gnu89 -O2 -gdwarf-5 -ffreestanding -fno-pic -mcmodel=kernel -fcf-protection=none -fdebug-prefix-map="$PWD"=fs -nostdlib -static \
		-Wl,--build-id=none -Wl,-T,/tmp/vmlinux.lds.$$ -o "vmlinux-${compiler%-*}" seq_file.c cmdline.c
done
rm /tmp/vmlinux.lds.$$
