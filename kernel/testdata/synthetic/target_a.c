// One half of synth_target.ko, an ordinary module of the synthetic kernel. It
// uses no kernel header: only what klplint reads of a module is there.
// build.sh links the two halves.
#define SECTION(name) __attribute__((section(name), used))
#define NOTRACE __attribute__((no_instrument_function, noinline))
#define KEEP __attribute__((noinline, used))

static const char info[] SECTION(".modinfo") =
	"license=GPL\0"
	"srcversion=0123456789ABCDEF0123456\0"
	"depends=\0"
	"name=synth_target\0"
	"vermagic=6.12.99-synthetic SMP preempt mod_unload modversions ";

struct { char bytes[1280]; } __this_module SECTION(".gnu.linkonce.this_module");

int target_data = 3;

KEEP int target_one(int n) { return n + target_data; }
static KEEP int target_pair(int n) { return 2 * n; }
static KEEP NOTRACE int target_quiet(int n) { return 3 * n; }

int __attribute__((section(".init.text"))) init_module(void)
{
	return target_one(1) + target_pair(2) + target_quiet(3);
}
