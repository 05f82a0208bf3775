#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compiles src/variants.c for every architecture with the compilers that are
# here, with the code generation options of that architecture's kernel, and puts
# the objects beside this script. Objects of compilers or headers that are not
# here stay as they are.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
src=$here/src
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

common="-std=gnu11 -ffreestanding -fno-strict-aliasing -fno-common -fno-asynchronous-unwind-tables
 -fno-unwind-tables -fno-delete-null-pointer-checks -fno-strict-overflow -Wall -Wno-main"

# keep OUT: strips what no test reads.
keep() {
	objcopy --strip-debug --remove-section=.comment --remove-section='.note*' \
		--remove-section=.llvm_addrsig --remove-section=.eh_frame --remove-section=.rela.eh_frame \
		--remove-section=__patchable_function_entries --remove-section=.rela__patchable_function_entries \
		"$1" "$tmp/kept.o"
	gzip -9nc "$tmp/kept.o" >"$here/$2.gz"
}

objcopy() {
	for tool in llvm-objcopy-19 llvm-objcopy-14 llvm-objcopy; do
		if command -v $tool >/dev/null; then
			$tool "$@"
			return
		fi
	done
	echo "no llvm-objcopy" >&2
	return 1
}

# compile NAME COMPILER FLAGS...
compile() {
	name=$1 cc=$2
	shift 2
	command -v "${cc%% *}" >/dev/null || { echo "no ${cc%% *}: $name left out" >&2; return 0; }
	for opt in O2 Os; do
		$cc $common "-$opt" "$@" -c "$src/variants.c" -o "$tmp/$name-$opt.o"
		case $name in ppc64le-gcc*)
			$cc -c "$src/crtsavres.S" -o "$tmp/crtsavres.o"
			powerpc64le-linux-gnu-ld -r "$tmp/$name-$opt.o" "$tmp/crtsavres.o" -o "$tmp/linked.o"
			mv "$tmp/linked.o" "$tmp/$name-$opt.o"
			;;
		esac
		keep "$tmp/$name-$opt.o" "$name-$opt.o"
	done
}

# headers NAME FOLDER: with a kernel's own headers and flags, by Kbuild.
headers() {
	name=$1 dir=$2
	[ -d "$dir" ] || { echo "no $dir: $name left out" >&2; return 0; }
	for opt in O2 Os; do
		work=$tmp/$name-$opt
		mkdir "$work"
		cp "$src"/* "$work"
		echo "obj-m := variants.o" >"$work/Makefile"
		echo "ccflags-y := -DKERNEL_HEADERS -$opt -g0" >>"$work/Makefile"
		make -s -C "$dir" M="$work" variants.o >/dev/null
		keep "$work/variants.o" "$name-$opt.o"
	done
}

for r in 6.1 6.12; do
	for d in /usr/src/linux-headers-$r.*-amd64; do
		case $d in *rt-amd64 | *cloud-amd64) continue ;; esac
		headers "x86_64-gcc-headers$r" "$d"
	done
done

x86="-m64 -mcmodel=kernel -fno-pic -mno-sse -mno-mmx -mno-sse2 -mno-80387 -mno-red-zone -fcf-protection=branch -pg -mfentry"
compile x86_64-clang "clang-19 --target=x86_64-linux-gnu" $x86 -mretpoline-external-thunk -mfunction-return=thunk-extern -mstack-alignment=8
compile x86_64-gcc gcc-12 $x86 -mindirect-branch=thunk-extern -mindirect-branch-register -mfunction-return=thunk-extern -mpreferred-stack-boundary=3 -fstack-protector-strong

arm="-mgeneral-regs-only -mbranch-protection=pac-ret+bti -mlittle-endian -fno-pic -fpatchable-function-entry=4,2 -fno-stack-protector"
compile arm64-gcc aarch64-linux-gnu-gcc-12 $arm -mabi=lp64
compile arm64-clang "clang-19 --target=aarch64-linux-gnu" $arm

ppc="-m64 -mcpu=power8 -mno-altivec -mno-vsx -msoft-float -mcmodel=medium -mabi=elfv2 -fno-pic -fno-stack-protector"
compile ppc64le-gcc powerpc64le-linux-gnu-gcc-12 $ppc -mlittle-endian -mno-pointers-to-nested-functions -mtraceback=no -pg -mprofile-kernel
compile ppc64le-gcc-large powerpc64le-linux-gnu-gcc-12 $ppc -mcmodel=large -mlittle-endian -mno-pointers-to-nested-functions -mtraceback=no -pg -mprofile-kernel
compile ppc64le-clang "clang-19 --target=powerpc64le-linux-gnu" $ppc

s390="-m64 -march=z13 -mbackchain -msoft-float -mpacked-stack -fPIC -fno-stack-protector"
compile s390x-gcc s390x-linux-gnu-gcc-12 $s390 -pg -mfentry -mnop-mcount -mrecord-mcount -mindirect-branch=thunk -mfunction-return=thunk
compile s390x-gcc-plain s390x-linux-gnu-gcc-12 $s390 -march=z10 -pg -mfentry
compile s390x-clang "clang-19 --target=s390x-linux-gnu" $s390

loong="-mabi=lp64s -msoft-float -fno-pic -fno-stack-protector -fpatchable-function-entry=2"
compile loongarch64-clang "clang-19 --target=loongarch64-linux-gnu" $loong -mcmodel=medium -fno-direct-access-external-data
