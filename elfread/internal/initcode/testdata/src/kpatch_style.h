/*
 * An init function in the manner of kpatch-build's hook: tables of the linker
 * are sorted into lists, lists into a freshly allocated patch whose address is
 * kept in a static variable. Included once a variant:
 *	V(x)		name of x in this variant
 *	PATCH		type of the patch
 *	FIELD, VALUE	what init stores
 *	EARLY		the store comes before that of the module
 *
 * SPDX-License-Identifier: GPL-2.0
 */
static struct ring V(objects) = { &V(objects), &V(objects) };
static int V(nr_objects);
static PATCH *V(patch);

static struct new_object *V(object)(const char *name)
{
	struct ring *r;
	struct new_object *o;

	for (r = V(objects).next; r != &V(objects); r = r->next) {
		o = (struct new_object *)r;
		if (same_name(o->name, name))
			return o;
	}
	o = ZALLOC(sizeof(*o));
	if (!o)
		return NULL;
	o->name = name;
	ring_start(&o->funcs);
	ring_add(&V(objects), &o->ring);
	V(nr_objects)++;
	return o;
}

static void V(drop_lists)(void)
{
	struct ring *r, *next, *f, *fnext;

	for (r = V(objects).next; r != &V(objects); r = next) {
		struct new_object *o = (struct new_object *)r;

		next = r->next;
		for (f = o->funcs.next; f != &o->funcs; f = fnext) {
			fnext = f->next;
			ring_del(f);
			kfree(f);
		}
		ring_del(r);
		kfree(o);
	}
}

static void V(drop_patch)(PATCH *p)
{
	struct klp_object *o;

	if (!p)
		return;
	for (o = p->objs; o && o->name; o++)
		kfree(o->funcs);
	kfree(p->objs);
	kfree(p);
}

INIT int V(init)(void);
INIT int V(init)(void)
{
	const struct table_func *t;
	const struct table_call *c;
	struct klp_object *objs;
	struct ring *r, *f;
	int ret, i, j;

	for (t = table_funcs; t != table_funcs_end; t++) {
		struct new_func *n = ZALLOC(sizeof(*n));
		struct new_object *o;

		ret = -12;
		if (!n)
			goto fail;
		ring_start(&n->ring);
		n->from = t;
		o = V(object)(t->object);
		if (!o) {
			kfree(n);
			goto fail;
		}
		ring_add(&o->funcs, &n->ring);
		o->nr++;
	}
	for (c = table_calls; c != table_calls_end; c++) {
		struct new_object *o = V(object)(c->object);

		ret = -12;
		if (!o)
			goto fail;
		ret = -22;
		if (o->pre_patch) {
			SHOW("two callbacks for %s\n", o->name);
			goto fail;
		}
		o->pre_patch = c->fn;
	}

	V(patch) = ZALLOC(sizeof(PATCH));
	ret = -12;
	if (!V(patch))
		goto fail;
	objs = ZALLOC(sizeof(*objs) * (V(nr_objects) + 1));
	if (!objs)
		goto fail;
#ifdef EARLY
	V(patch)->FIELD = VALUE;
#endif
	V(patch)->mod = THIS_MODULE;
	V(patch)->objs = objs;
#ifndef EARLY
	V(patch)->FIELD = VALUE;
#endif
	i = 0;
	for (r = V(objects).next; r != &V(objects); r = r->next) {
		struct new_object *o = (struct new_object *)r;
		struct klp_object *k = &objs[i];
		struct klp_func *funcs;

		k->name = o->name;
		funcs = ZALLOC(sizeof(*funcs) * (o->nr + 1));
		if (!funcs)
			goto fail;
		k->funcs = funcs;
		j = 0;
		for (f = o->funcs.next; f != &o->funcs; f = f->next) {
			const struct table_func *t = ((struct new_func *)f)->from;

			funcs[j].old_name = t->name;
			funcs[j].new_func = t->fn;
			funcs[j].old_sympos = t->sympos;
			j++;
		}
		i++;
	}
	V(drop_lists)();
	ret = klp_enable_patch((struct klp_patch *)V(patch));
	if (ret)
		V(drop_patch)(V(patch));
	return ret;
fail:
	V(drop_patch)(V(patch));
	V(drop_lists)();
	return ret;
}
#undef V
#undef PATCH
#undef FIELD
#undef VALUE
#undef EARLY
