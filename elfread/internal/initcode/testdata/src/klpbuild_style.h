/*
 * An init function in the manner of klp-build's: the tables are found by their
 * section's name and copied into a freshly allocated patch. Included once a
 * variant, with V, PATCH, FIELD and VALUE as in kpatch_style.h, and
 *	BEFORE_ENABLE	statements between the stores and the call
 *	PATCH_ALLOC	how the patch is allocated
 *	NO_MOD		the module is not stored
 *	NO_STORE	the field is not stored
 *	LOCAL		the pointer is a local variable
 *
 * SPDX-License-Identifier: GPL-2.0
 */
#ifndef BEFORE_ENABLE
#define BEFORE_ENABLE
#endif
#ifndef PATCH_ALLOC
#define PATCH_ALLOC ZALLOC
#endif
#ifdef LOCAL
#define P p
#else
static PATCH *V(patch);
#define P V(patch)
#endif

INIT int V(init)(void);
INIT int V(init)(void)
{
	struct ext_object *from;
	struct klp_object *objs;
	size_t size = 0;
	u32 nr, i, j;
	int ret;
#ifdef LOCAL
	PATCH *p;
#endif

	from = klp_find_section_by_name(THIS_MODULE, ".init.klp_objects", &size);
	nr = size / sizeof(*from);
	if (!nr) {
		SHOW("nothing to patch\n");
		return -22;
	}
	P = PATCH_ALLOC(sizeof(PATCH));
	if (!P)
		return -12;
	ret = -12;
	objs = ZALLOC(sizeof(*objs) * (nr + 1));
	if (!objs)
		goto drop;
	for (i = 0; i < nr; i++) {
		struct ext_object *x = from + i;
		struct klp_func *funcs;
		u32 n = x->nr;

		funcs = ZALLOC(sizeof(*funcs) * (n + 1));
		if (!funcs) {
			while (i--)
				kfree(objs[i].funcs);
			kfree(objs);
			goto drop;
		}
		for (j = 0; j < n; j++) {
			funcs[j].old_name = x->funcs[j].name;
			funcs[j].new_func = x->funcs[j].fn;
			funcs[j].old_sympos = x->funcs[j].sympos;
		}
		objs[i].name = x->name;
		objs[i].funcs = funcs;
	}
#ifndef NO_MOD
	P->mod = THIS_MODULE;
#endif
	P->objs = objs;
#ifndef NO_STORE
	P->FIELD = VALUE;
#endif
	BEFORE_ENABLE;
	return klp_enable_patch((struct klp_patch *)P);
drop:
	kfree(P);
	return ret;
}
#undef P
#undef V
#undef PATCH
#undef FIELD
#undef VALUE
#undef BEFORE_ENABLE
#undef PATCH_ALLOC
#undef NO_MOD
#undef NO_STORE
#undef LOCAL
