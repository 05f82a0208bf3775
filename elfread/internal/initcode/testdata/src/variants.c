// SPDX-License-Identifier: GPL-2.0
/*
 * Init functions of many kinds side by side. The test analyses each by itself;
 * the names say what must come out (see the table in the test).
 */
#include "decl.h"

struct ring { struct ring *next, *prev; };

struct table_func {
	void *fn;
	unsigned long new_size, old_addr, old_size, sympos;
	const char *name, *object;
};

struct table_call { void *fn; const char *object; };

struct new_func { struct ring ring; const struct table_func *from; };

struct new_object {
	struct ring ring;
	struct ring funcs;
	void *pre_patch;
	const char *name;
	int nr;
};

struct ext_func { const char *name; void *fn; unsigned long sympos; };
struct ext_object {
	const char *name;
	struct ext_func *funcs;
	void *callbacks[5];
	u32 nr;
};

extern const struct table_func table_funcs[], table_funcs_end[];
extern const struct table_call table_calls[], table_calls_end[];
extern void *klp_find_section_by_name(const struct module *, const char *, size_t *);
extern void outside(void *);
extern void *elsewhere(void);
extern void (*hook)(void);

static inline void ring_start(struct ring *r)
{
	r->next = r->prev = r;
}

static inline void ring_add(struct ring *head, struct ring *r)
{
	r->prev = head->prev;
	r->next = head;
	head->prev->next = r;
	head->prev = r;
}

static inline void ring_del(struct ring *r)
{
	r->next->prev = r->prev;
	r->prev->next = r->next;
}

static bool same_name(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

PARAM_BOOL(choice);
static const u32 list_of_sets[] = { 7, 9, 0 };

/* ---- kpatch-build */
#define V(x) kp_true_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#include "kpatch_style.h"

#define V(x) kp_false_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE false
#define EARLY
#include "kpatch_style.h"

#define V(x) kp_param_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE choice
#include "kpatch_style.h"

#define V(x) kp_set_##x
#define PATCH struct set_patch
#define FIELD replace_set
#define VALUE 0x12345
#include "kpatch_style.h"

/* ---- klp-build */
#define V(x) kb_true_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#include "klpbuild_style.h"

#define V(x) kb_false_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE false
#include "klpbuild_style.h"

#define V(x) kb_local_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define LOCAL
#include "klpbuild_style.h"

#define V(x) kb_set_##x
#define PATCH struct set_patch
#define FIELD replace_set
#define VALUE 3
#include "klpbuild_style.h"

#define V(x) kb_setzero_##x
#define PATCH struct set_patch
#define FIELD replace_set
#define VALUE 0
#include "klpbuild_style.h"

#define V(x) kb_sets_##x
#define PATCH struct sets_patch
#define FIELD replace_sets
#define VALUE list_of_sets
#include "klpbuild_style.h"

#define V(x) kb_setsnull_##x
#define PATCH struct sets_patch
#define FIELD replace_sets
#define VALUE NULL
#include "klpbuild_style.h"

#define V(x) kb_param_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE choice
#include "klpbuild_style.h"

#define V(x) kb_branch_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define BEFORE_ENABLE if (elsewhere()) P->replace = false
#include "klpbuild_style.h"

#define V(x) kb_nostore_##x
#define PATCH struct klp_patch
#define NO_STORE
#include "klpbuild_style.h"

#define V(x) kb_garbage_##x
#define PATCH struct klp_patch
#define PATCH_ALLOC ALLOC
#define NO_STORE
#include "klpbuild_style.h"

#define V(x) kb_nomod_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define NO_MOD
#include "klpbuild_style.h"

/* The patch leaves our sight between the store and the call. */
#define V(x) kb_passed_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define BEFORE_ENABLE outside(P)
#include "klpbuild_style.h"

/* Code that we cannot see may be a function of the module. */
#define V(x) kb_hook_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define BEFORE_ENABLE hook()
#include "klpbuild_style.h"

/* A store to an object that cannot be the patch takes nothing away. */
#define V(x) kb_other_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define BEFORE_ENABLE *(char *)elsewhere() = 0
#include "klpbuild_style.h"

/* The last store counts. */
#define V(x) kb_again_##x
#define PATCH struct klp_patch
#define FIELD replace
#define VALUE true
#define BEFORE_ENABLE SHOW("again\n"); P->replace = false
#include "klpbuild_style.h"

/* ---- static */
static void replacement(void)
{
	SHOW("replaced\n");
}

static struct klp_func st_funcs[] = {
	{ .old_name = "original", .new_func = replacement },
	{ }
};

static struct klp_object st_objs[] = {
	{ .funcs = st_funcs },
	{ }
};

#define STATIC_PATCH(name)						\
	static struct klp_patch name = {				\
		.mod = THIS_MODULE, .objs = st_objs, .replace = true	\
	}

#define STATIC_INIT(name)						\
	STATIC_PATCH(st_##name##_patch);				\
	INIT int st_##name##_init(void);				\
	INIT int st_##name##_init(void)

STATIC_INIT(plain)
{
	return klp_enable_patch(&st_plain_patch);
}

STATIC_INIT(ifret)
{
	int ret = klp_enable_patch(&st_ifret_patch);

	if (ret) {
		SHOW("refused\n");
		return ret;
	}
	SHOW("enabled\n");
	return 0;
}

STATIC_INIT(param)
{
	st_param_patch.replace = choice;
	return klp_enable_patch(&st_param_patch);
}

STATIC_INIT(cond)
{
	if (choice)
		st_cond_patch.replace = false;
	return klp_enable_patch(&st_cond_patch);
}

STATIC_INIT(store)
{
	st_store_patch.replace = false;
	return klp_enable_patch(&st_store_patch);
}

STATIC_INIT(twice)
{
	int ret = klp_enable_patch(&st_twice_patch);

	if (ret)
		return ret;
	SHOW("once more\n");
	return klp_enable_patch(&st_twice_patch);
}

STATIC_INIT(careless)
{
	klp_enable_patch(&st_careless_patch);
	return klp_enable_patch(&st_careless_patch);
}

STATIC_INIT(retry)
{
	int ret = klp_enable_patch(&st_retry_patch);

	if (ret) {
		SHOW("refused, once more\n");
		ret = klp_enable_patch(&st_retry_patch);
	}
	return ret;
}

STATIC_INIT(loop)
{
	int ret;

	do {
		ret = klp_enable_patch(&st_loop_patch);
	} while (elsewhere());
	return ret;
}

STATIC_INIT(until)
{
	while (klp_enable_patch(&st_until_patch))
		SHOW("refused\n");
	return 0;
}

STATIC_INIT(either)
{
	if (choice) {
		SHOW("this way\n");
		return klp_enable_patch(&st_either_patch);
	}
	outside(NULL);
	return klp_enable_patch(&st_either_patch);
}

STATIC_PATCH(st_two_other);
STATIC_INIT(two)
{
	int ret = klp_enable_patch(&st_two_patch);

	if (ret)
		return ret;
	return klp_enable_patch(&st_two_other);
}

static struct klp_patch st_many_patches[] = {
	{ .mod = THIS_MODULE, .objs = st_objs },
	{ .mod = THIS_MODULE, .objs = st_objs },
	{ .mod = THIS_MODULE, .objs = st_objs },
};
INIT int st_many_init(void);
INIT int st_many_init(void)
{
	int i, ret;

	for (i = 0; i < 3; i++) {
		ret = klp_enable_patch(&st_many_patches[i]);
		if (ret)
			return ret;
	}
	return 0;
}

INIT int st_null_init(void);
INIT int st_null_init(void)
{
	return klp_enable_patch(NULL);
}

INIT int st_never_init(void);
INIT int st_never_init(void)
{
	SHOW("nothing enabled\n");
	return 0;
}

static NOINLINE int st_enable(struct klp_patch *p)
{
	SHOW("enabling\n");
	return klp_enable_patch(p);
}

STATIC_INIT(helper)
{
	int ret = st_enable(&st_helper_patch);

	if (ret)
		SHOW("refused\n");
	return ret;
}

static NOINLINE void st_decide(struct klp_patch *p)
{
	SHOW("deciding\n");
	p->replace = elsewhere() != NULL;
}

STATIC_INIT(decide)
{
	st_decide(&st_decide_patch);
	return klp_enable_patch(&st_decide_patch);
}

STATIC_INIT(passed)
{
	outside(&st_passed_patch);
	return klp_enable_patch(&st_passed_patch);
}

STATIC_INIT(given)
{
	st_given_patch.replace = (long)elsewhere() & 1;
	return klp_enable_patch(&st_given_patch);
}

/* ---- shadow variables */
int shadow_user(void *obj, unsigned long id);
int shadow_user(void *obj, unsigned long id)
{
	int *v = klp_shadow_get(obj, 0x11);

	if (!v)
		v = klp_shadow_get_or_alloc(obj, 0x123456789abcUL, 8, GFP_KERNEL, NULL, NULL);
	if (v)
		klp_shadow_alloc(obj, id, 8, GFP_KERNEL, NULL, NULL);
	klp_shadow_free(obj, 0x11, NULL);
	klp_shadow_get(obj, (unsigned long)-1);
	return v != NULL;
}

void shadow_end(void);
void shadow_end(void)
{
	klp_shadow_free_all(0x4321, NULL);
}

#ifdef KERNEL_HEADERS
MODULE_LICENSE("GPL");
#endif
