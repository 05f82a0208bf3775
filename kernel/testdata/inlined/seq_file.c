// SPDX-License-Identifier: GPL-2.0
/* Functions that are inlined into others and kept for the rest, as in a kernel;
 * what they do does not matter. build.sh makes vmlinux-gcc and vmlinux-clang of
 * this and cmdline.c.
 */
#define inlined __attribute__((__always_inline__))
#define noinline __attribute__((__noinline__))
#define init __attribute__((__section__(".init.text")))

const char linux_banner[] = "Linux version 6.12.99-dwarf (nobody@nowhere) #1";
volatile int count;

inlined inline void seq_list_start(int n);
inlined inline void seq_list_start(int n)
{
	count += n;
	count ^= n;
}
void (*const kept)(int) = seq_list_start;
extern inline void seq_list_start(int n);

noinline void seq_list_start_head(int n)
{
	seq_list_start(n);
}

init noinline void seq_file_init(void)
{
	seq_list_start(1);
}

static inlined inline int local(int n)
{
	count = n;
	return count * n;
}
int (*const kept_local)(int) = local;

noinline int seq_local(int n)
{
	return local(n);
}

noinline int seq_puts(int n)
{
	return n ? local(n + 1) : 0;
}

/* What is left of a function that the compiler split, called from near and far. */
noinline int seq_path_part(int n) __asm__("seq_path.part.0");
noinline int seq_path_part(int n)
{
	return count + n;
}

noinline int seq_path(int n)
{
	return n ? seq_path_part(n) : 0;
}

noinline int seq_file_path(int n)
{
	return seq_path_part(n + 1) * 2;
}

init noinline int seq_path_init(void)
{
	return seq_path_part(0) + 1;
}

/* Nobody calls it but the function that it is a part of. */
static noinline int seq_dentry_part(int n) __asm__("seq_dentry.part.0");
static noinline int seq_dentry_part(int n)
{
	return count - n;
}

noinline int seq_dentry(int n)
{
	return n ? seq_dentry_part(n) : 0;
}
