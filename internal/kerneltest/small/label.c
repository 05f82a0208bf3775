// SPDX-License-Identifier: GPL-2.0
/*
 * One of three files of the small kernels that each have a static function of one
 * name, which answers a file of its own: livepatches choose by position. The
 * macro LABEL is the file's.
 */
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static noinline int label_show(struct seq_file *m, void *v)
{
	seq_puts(m, LABEL "\n");
	return 0;
}

static int __init label_init(void)
{
	return proc_create_single(LABEL, 0444, NULL, label_show) ? 0 : -ENOMEM;
}
fs_initcall(label_init);
