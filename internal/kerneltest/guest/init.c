// SPDX-License-Identifier: Apache-2.0
/*
 * The first and only process of the test kernel. It reads /script, does what
 * each line says, and writes what the kernel answered to the second serial
 * port, one record a line; the first one is the kernel's console. A machine with
 * one port only names it in the environment, as RECORDS, and in MARK what each
 * record begins with, so that it is told from the kernel's own lines.
 *
 *	scenario NAME		start from a clean kernel
 *	load FILE		finit_module()
 *	disable NAME		echo 0 > /sys/kernel/livepatch/NAME/enabled
 *	unload NAME		delete_module()
 *	copy PATH		send a file of /proc or /sys, line by line
 *	owners off		don't call patched funcs: not all modules are fit for it
 *	hold FILE		load, and disable again when the transition does not end
 *	calls on		make the calls of say_calls() behind each step
 *	wait snapshot		say "ready", read a number from the port, pass over so many scenarios
 *
 * Records: "begin NAME", "step N", "errno NAME-OR-OK", "log LINE", "active NAME",
 * "owner PATH NAME", "call NAME RESULT", "held", "stuck", "taint NUMBER", "end" after each step; "dirty" when a scenario
 * cannot be cleaned up (the host then boots again); "done" at last.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#define LIVEPATCH "/sys/kernel/livepatch"

/* An errno of the kernel alone, which libc has no name for. */
#define ENOTSUPP 524

/* Transitions need every task to pass a safe point; an emulated idle kernel takes well under this. */
enum { WAIT_TENTHS = 300, MAX_LOGS = 64 };

static FILE *out;
static char *mark = "";
static int kmsg = -1;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs(mark, out);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
	fflush(out);
}

/* read_line reads the first line of a file; -1 with errno when it can't. */
static int read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, line, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* each_patch calls do_one for every livepatch the kernel shows. */
static void each_patch(void (*do_one)(const char *name))
{
	DIR *dir = opendir(LIVEPATCH);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			do_one(entry->d_name);
	closedir(dir);
}

static int attribute(const char *name, const char *file)
{
	char path[512], line[64];

	snprintf(path, sizeof(path), LIVEPATCH "/%s/%s", name, file);
	if (read_line(path, line, sizeof(line)))
		return -1;
	return atoi(line);
}

static int pending;

static void count_pending(const char *name)
{
	/* A disabled patch's folder goes away in a work item after its transition. */
	if (attribute(name, "transition") == 1 || attribute(name, "enabled") == 0)
		pending++;
}

/* settle waits for transitions to end; false when they don't. */
static int settle(void)
{
	for (int i = 0; i < WAIT_TENTHS; i++) {
		pending = 0;
		each_patch(count_pending);
		if (!pending)
			return 1;
		usleep(100000);
	}
	return 0;
}

static void say_active(const char *name)
{
	if (attribute(name, "enabled") == 1)
		say("active %s", name);
}

static void say_owner(const char *path)
{
	char line[256];

	if (read_line(path, line, sizeof(line)))
		return;
	if (!strncmp(line, "klp:", 4))
		say("owner %s %s", path, line + 4);
}

static int call_owners = 1, make_calls;

static void say_owners(void)
{
	static const char *const files[] = {
		"/proc/cmdline", "/proc/version", "/proc/uptime", "/proc/loadavg",
		"/proc/meminfo", "/proc/filesystems", "/proc/softirqs",
		"/proc/klp_target_one", "/proc/klp_target_two",
		"/proc/klp_direct_1", "/proc/klp_direct_2", "/proc/klp_direct_3",
	};

	if (!call_owners)
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		say_owner(files[i]);
}

#ifdef __x86_64__
/* call32 is a call by the entry of 32-bit programs; what it points to lies low. */
static long call32(long number, void *argument)
{
	long result;

	asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(argument) : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static long result_of(long result)
{
	return result < 0 ? -errno : result;
}

/* say_calls calls what livepatches of the suite calls patch. */
static void say_calls(void)
{
	static struct utsname name;
	static struct statfs root;

	if (!make_calls)
		return;
	say("call getpid %ld", result_of(syscall(SYS_getpid)));
	say("call getpid32 %ld", call32(20, NULL));
	say("call newuname %ld", result_of(syscall(SYS_uname, &name)));
	say("call newuname32 %ld", call32(122, &name));
	say("call statfs %ld", result_of(syscall(SYS_statfs, "/", &root)));
}
#else
/* What the suite calls patch has other names on other architectures. */
static void say_calls(void)
{
}
#endif

static void say_taint(void)
{
	char line[64];

	if (!read_line("/proc/sys/kernel/tainted", line, sizeof(line)))
		say("taint %s", line);
}

/* wait_host says that all is ready and returns how many scenarios to pass over. */
static int wait_host(void)
{
	char line[64];
	int skip = 0;
	FILE *in = fopen("/dev/ttyS1", "r");
	struct termios mode;

	if (!in)
		return 0;
	/* The port must not send back what it reads. */
	if (!tcgetattr(fileno(in), &mode)) {
		mode.c_lflag &= ~ECHO;
		tcsetattr(fileno(in), TCSANOW, &mode);
	}
	say("ready");
	/* What is left of an older line may come first. */
	while (fgets(line, sizeof(line), in))
		if (sscanf(line, "go %d", &skip) == 1)
			break;
	fclose(in);
	return skip;
}

static void say_logs(void)
{
	char record[8192];
	ssize_t n;
	int lines = 0;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *text;

		if (n < 0)
			continue;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || ++lines > MAX_LOGS)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		say("log %s", text);
	}
}

/* MODULE_INIT_COMPRESSED_FILE of linux/module.h: the kernel unpacks the file, as modprobe asks it to. */
enum { FINIT_COMPRESSED = 4 };

static void do_load(const char *name, int *err)
{
	char path[1024], magic[4];
	int fd, flags = 0;

	snprintf(path, sizeof(path), "/m/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		*err = errno;
		return;
	}
	if (read(fd, magic, sizeof(magic)) == sizeof(magic) && memcmp(magic, "\177ELF", sizeof(magic)))
		flags = FINIT_COMPRESSED;
	*err = syscall(SYS_finit_module, fd, "", flags) ? errno : 0;
	close(fd);
}

static void do_disable(const char *name, int *err)
{
	char path[1024];

	snprintf(path, sizeof(path), LIVEPATCH "/%s/enabled", name);
	*err = write_text(path, "0");
}

static void do_unload(const char *name, int *err)
{
	*err = syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

/* do_hold gives a transition five seconds, which is twice what others take. */
static void do_hold(const char *name, int *err)
{
	char module[256];

	do_load(name, err);
	if (*err)
		return;
	snprintf(module, sizeof(module), "%.*s", (int)strcspn(name, "."), name);
	for (int i = 0; i < 50 && attribute(module, "transition") == 1; i++)
		usleep(100000);
	if (attribute(module, "transition") != 1)
		return;
	say("held");
	do_disable(module, err);
}

static void disable_one(const char *name)
{
	int err;

	do_disable(name, &err);
}

/* clean brings the kernel back to no livepatch and no module; false when it can't. */
static int clean(void)
{
	for (int round = 0; round < 20; round++) {
		char line[512], name[256];
		FILE *modules;
		int left = 0, users;

		each_patch(disable_one);
		settle();
		modules = fopen("/proc/modules", "r");
		if (!modules)
			return 0;
		while (fgets(line, sizeof(line), modules)) {
			if (sscanf(line, "%255s %*s %d", name, &users) != 2)
				continue;
			/* O_TRUNC forces out what has no exit function (CONFIG_MODULE_FORCE_UNLOAD). */
			if (users || syscall(SYS_delete_module, name, O_NONBLOCK | O_TRUNC))
				left++;
		}
		fclose(modules);
		if (!left)
			return 1;
		usleep(50000);
	}
	return 0;
}

static void copy(const char *path, int *err)
{
	static char line[65536];
	FILE *in = fopen(path, "r");

	if (!in) {
		*err = errno;
		return;
	}
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		say("text %s", line);
	}
	fclose(in);
}

static void step(int number, const char *op, const char *arg)
{
	int err = 0;

	say("step %d", number);
	/* A step may kill the kernel: the host must know by then that it has begun. */
	tcdrain(fileno(out));
	if (!strcmp(op, "load"))
		do_load(arg, &err);
	else if (!strcmp(op, "disable"))
		do_disable(arg, &err);
	else if (!strcmp(op, "unload"))
		do_unload(arg, &err);
	else if (!strcmp(op, "hold"))
		do_hold(arg, &err);
	else if (!strcmp(op, "copy"))
		copy(arg, &err);
	else
		err = ENOSYS;
	if (!settle())
		say("stuck");
	say("errno %s", !err ? "OK" : err == ENOTSUPP ? "ENOTSUPP" : strerrorname_np(err));
	say_logs();
	if (!call_owners)
		say_taint();
	each_patch(say_active);
	say_owners();
	say_calls();
	say("end");
}

int main(void)
{
	char line[1024], op[32], arg[512];
	int fd, number = 0, started = 0, skip = 0, passing = 0;
	const char *records;
	FILE *script;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	records = getenv("RECORDS");
	if (getenv("MARK"))
		asprintf(&mark, "%s ", getenv("MARK"));
	fd = open(records ? records : "/dev/ttyS1", O_WRONLY | O_NOCTTY);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	script = fopen("/script", "r");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (!out || !script || kmsg < 0) {
		perror("init");
		reboot(RB_POWER_OFF);
	}
	if (*mark)
		fputc('\n', out); /* firmware may have left half a line */
	while (fgets(line, sizeof(line), script)) {
		if (sscanf(line, "%31s %511s", op, arg) != 2)
			continue;
		if (!strcmp(op, "owners")) {
			call_owners = strcmp(arg, "off") != 0;
			continue;
		}
		if (!strcmp(op, "calls")) {
			make_calls = !strcmp(arg, "on");
			continue;
		}
		if (!strcmp(op, "wait")) {
			skip = wait_host();
			continue;
		}
		if (!strcmp(op, "scenario")) {
			passing = skip > 0;
			if (passing) {
				skip--;
				continue;
			}
			if (started && !clean()) {
				say("dirty");
				break;
			}
			started = 1;
			number = 0;
			lseek(kmsg, 0, SEEK_END);
			say("begin %s", arg);
			continue;
		}
		if (!passing)
			step(number++, op, arg);
	}
	say("done");
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
