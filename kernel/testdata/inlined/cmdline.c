// SPDX-License-Identifier: GPL-2.0
/* Another function of the name local, which is a function of its own here too. */
#define inlined __attribute__((__always_inline__))
#define noinline __attribute__((__noinline__))

extern volatile int count;

static inlined inline int local(int n)
{
	count -= n;
	return count;
}
int (*const kept_other)(int) = local;

/* Never a function of its own: not to be patched. */
static inlined inline void always(void)
{
	count++;
}

noinline int cmdline_proc_show(int n)
{
	always();
	return local(n);
}
