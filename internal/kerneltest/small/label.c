// SPDX-License-Identifier: GPL-2.0
/*
 * One of three files of the small kernels that each have static functions of the
 * same names, which answer files of their own: livepatches choose by position. The
 * macros LABEL and DIRECT are the file's.
 *
 * label_show() and klp_direct_show() are called through pointers, klp_direct_put()
 * is called by its name: where a function has two entries, each is used by one.
 */
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static noinline int label_show(struct seq_file *m, void *v)
{
	seq_puts(m, LABEL "\n");
	return 0;
}

static noinline __noclone int klp_direct_put(struct seq_file *m, void *v)
{
	seq_printf(m, DIRECT "%s", v ? "\n" : "");
	return 0;
}

static noinline int klp_direct_show(struct seq_file *m, void *v)
{
	int err = klp_direct_put(m, v);

	seq_puts(m, "shown\n");
	return err;
}

static int __init label_init(void)
{
	if (!proc_create_single(LABEL, 0444, NULL, label_show) ||
	    !proc_create_single(DIRECT, 0444, NULL, klp_direct_show))
		return -ENOMEM;
	return 0;
}
fs_initcall(label_init);
