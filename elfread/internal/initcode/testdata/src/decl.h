/*
 * What the variants need of a kernel. With KERNEL_HEADERS set the kernel's own
 * headers give it; otherwise these declarations do, which have the sizes and
 * offsets of the real structs and nothing else of them.
 *
 * SPDX-License-Identifier: GPL-2.0
 */
#ifndef DECL_H
#define DECL_H

#ifdef KERNEL_HEADERS

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/livepatch.h>
#include <linux/printk.h>
#define INIT __init
#define NOINLINE noinline
#define SHOW(...) pr_info(__VA_ARGS__)
#define PARAM_BOOL(name) static bool name; module_param_named(name, name, bool, 0444)
#define ZALLOC(size) kzalloc(size, GFP_KERNEL)
#define ALLOC(size) kmalloc(size, GFP_KERNEL)

#else

typedef _Bool bool;
typedef unsigned int u32;
typedef unsigned int gfp_t;
typedef unsigned long size_t;
#define true 1
#define false 0
#define NULL ((void *)0)

struct module;
extern struct module __this_module;
#define THIS_MODULE (&__this_module)

struct klp_func {
	const char *old_name;
	void *new_func;
	unsigned long old_sympos;
	char kernels_own[128];
};

struct klp_object {
	const char *name;
	struct klp_func *funcs;
	void *callbacks[4];
	bool post_unpatch_enabled;
	char kernels_own[112];
};

struct klp_patch {
	struct module *mod;
	struct klp_object *objs;
	void *states;
	bool replace;
	char kernels_own[168];
};

extern int klp_enable_patch(struct klp_patch *);

struct kmem_cache;
extern struct kmem_cache *kmalloc_caches[4][14];
extern void *__kmalloc_cache_noprof(struct kmem_cache *, gfp_t, size_t);
extern void *__kmalloc_noprof(size_t, gfp_t);
extern void kfree(const void *);
extern int _printk(const char *, ...);

typedef void *(*shadow_ctor)(void *, void *, void *);
extern void *klp_shadow_get(void *, unsigned long);
extern void *klp_shadow_alloc(void *, unsigned long, size_t, gfp_t, shadow_ctor, void *);
extern void *klp_shadow_get_or_alloc(void *, unsigned long, size_t, gfp_t, shadow_ctor, void *);
extern void klp_shadow_free(void *, unsigned long, void *);
extern void klp_shadow_free_all(unsigned long, void *);
#define GFP_KERNEL 0xcc0u

#define INIT __attribute__((section(".init.text"), cold))
#define NOINLINE __attribute__((noinline))
#define SHOW(...) _printk(__VA_ARGS__)

struct parameter { const char *name; void *arg; };
#define PARAM_BOOL(v)							\
	static bool v;							\
	static const struct parameter __param_##v			\
	__attribute__((used, section("__param"))) = { #v, &v }

static inline __attribute__((always_inline)) void *alloc_flags(size_t size, gfp_t flags)
{
	if (__builtin_constant_p(size) && size <= 256)
		return __kmalloc_cache_noprof(kmalloc_caches[0][8], flags, size);
	return __kmalloc_noprof(size, flags);
}
#define ZALLOC(size) alloc_flags(size, 0xdc0u)
#define ALLOC(size) alloc_flags(size, 0xcc0u)

#endif

/* The two proposed fields in the slot of replace. */
struct set_patch {
	struct module *mod;
	struct klp_object *objs;
	void *states;
	u32 replace_set;
	char kernels_own[168];
};

struct sets_patch {
	struct module *mod;
	struct klp_object *objs;
	void *states;
	const u32 *replace_sets;
	char kernels_own[168];
};

#endif
