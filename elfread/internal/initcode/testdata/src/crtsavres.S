/*
 * The functions that gcc -Os calls on ppc64le to save and restore registers, which
 * the kernel's build links into every module. By the ABI's description of them.
 *
 * SPDX-License-Identifier: GPL-2.0
 */
	.text
	.irp n,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.globl _savegpr0_\n
	.type _savegpr0_\n, @function
_savegpr0_\n:
	std \n, -8*(32-\n)(1)
	.endr
	std 0, 16(1)
	blr

	.irp n,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.globl _restgpr0_\n
	.type _restgpr0_\n, @function
_restgpr0_\n:
	ld \n, -8*(32-\n)(1)
	.endr
	ld 0, 16(1)
	mtlr 0
	blr
