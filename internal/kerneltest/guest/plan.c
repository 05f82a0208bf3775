// SPDX-License-Identifier: Apache-2.0
/*
 * The first and only process of a kernel that makes the steps of plans. It reads
 * /script, does what each line says, and writes what came of it to the second serial
 * port; the first one is the kernel's console.
 *
 *	plan NAME		the steps of another plan follow
 *	load FILE [PARAMETERS]	finit_module()
 *	unload NAME		delete_module()
 *	write PATH TEXT		write a file of /proc or /sys
 *	quietly PATH TEXT	the same, and no step
 *	stalls			there is a transition at the next step that does not end
 *
 * Records: "plan NAME"; "step", "errno NAME-OR-OK", "log LINE", "active NAME",
 * "owner FUNC NAME", "stalled", "end" for each step; "done" at last.
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
#include <termios.h>
#include <unistd.h>

#define LIVEPATCH "/sys/kernel/livepatch"

/* An errno of the kernel alone, which libc has no name for. */
#define ENOTSUPP 524

/* The mark of what the modules of the plans say, in the log and in /proc. */
#define MARK "klpplan: "

enum { SETTLE_TENTHS = 600, STALL_TENTHS = 30, UNLOAD_TENTHS = 100 };

static FILE *out;
static int kmsg = -1;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
	fflush(out);
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* number reads a file that holds one; -1 when it can't. */
static int number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? atoi(text) : -1;
}

/* each calls f with the name of each livepatch that sysfs has. */
static int each(int (*f)(const char *name))
{
	DIR *d = opendir(LIVEPATCH);
	struct dirent *e;
	int sum = 0;

	if (!d)
		return 0;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			sum += f(e->d_name);
	closedir(d);
	return sum;
}

static int file_of(const char *name, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), LIVEPATCH "/%s/%s", name, file);
	return number(path);
}

/* One that is disabled is on its way out of sysfs. */
static int unsettled(const char *name) { return file_of(name, "transition") == 1 || file_of(name, "enabled") == 0; }
static int in_transition(const char *name) { return file_of(name, "transition") == 1; }

static int tell_active(const char *name)
{
	if (file_of(name, "enabled") == 1)
		say("active %s", name);
	return 0;
}

/* owner says whose code runs for a func that a file of /proc answers. */
static void owner(const char *func, const char *path)
{
	char line[256] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		return;
	if (fgets(line, sizeof(line), f) && !strncmp(line, MARK, strlen(MARK))) {
		line[strcspn(line, "\n")] = 0;
		say("owner %s %s", func, line + strlen(MARK));
	}
	fclose(f);
}

/* log_lines passes on what the modules of the plans logged since the last call. */
static void log_lines(int tell)
{
	char record[4096], *text;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue; /* overwritten */
		record[n] = 0;
		record[strcspn(record, "\n")] = 0;
		text = strchr(record, ';');
		if (tell && text && !strncmp(text + 1, MARK, strlen(MARK)))
			say("log %s", text + 1 + strlen(MARK));
	}
}

static int load(const char *file, const char *parameters)
{
	int fd = open(file, O_RDONLY), err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0) < 0)
		err = errno;
	close(fd);
	return err;
}

/* A livepatch is held for a moment after its transition ended. */
static int unload(const char *name)
{
	int i;

	for (i = 0; syscall(SYS_delete_module, name, O_NONBLOCK) < 0; i++) {
		if ((errno != EAGAIN && errno != EBUSY) || i == UNLOAD_TENTHS)
			return errno;
		usleep(100000);
	}
	return 0;
}

static void step(char *line, int stalls)
{
	char *verb = strtok(line, " "), *what = strtok(NULL, " "), *rest = strtok(NULL, "");
	int err, i, limit = stalls ? STALL_TENTHS : SETTLE_TENTHS;

	if (!verb || !what)
		return;
	if (!strcmp(verb, "quietly")) {
		put(what, rest ? rest : "");
		return;
	}
	log_lines(0);
	say("step");
	if (!strcmp(verb, "load"))
		err = load(what, rest ? rest : "");
	else if (!strcmp(verb, "unload"))
		err = unload(what);
	else
		err = put(what, rest ? rest : "");
	for (i = 0; i < limit && (stalls ? each(in_transition) : each(unsettled)); i++)
		usleep(100000);
	say("errno %s", !err ? "OK" : err == ENOTSUPP ? "ENOTSUPP" : strerrorname_np(err));
	if (i == limit)
		say("stalled");
	log_lines(1);
	each(tell_active);
	owner("vmlinux:cmdline_proc_show", "/proc/cmdline");
	owner("vmlinux:meminfo_proc_show", "/proc/meminfo");
	owner("test_klp_mod_target:test_klp_mod_target_show", "/proc/test_klp_mod_target");
	say("end");
}

/* busy makes the system call that one of the plans patches, all the time. */
static void busy(void)
{
	if (fork() == 0)
		for (;;) {
			syscall(SYS_getpid);
			usleep(1000);
		}
}

int main(void)
{
	char line[1024];
	struct termios raw;
	FILE *script;
	int stalls = 0;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	out = fopen("/dev/ttyS1", "w");
	if (!out)
		return 1;
	if (!tcgetattr(fileno(out), &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fileno(out), TCSANOW, &raw);
	}
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	script = fopen("/script", "r");
	if (kmsg < 0 || !script)
		return 1;
	busy();
	while (fgets(line, sizeof(line), script)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "plan ", 5)) {
			say("%s", line);
		} else if (!strcmp(line, "stalls")) {
			stalls = 1;
		} else {
			step(line, stalls);
			stalls = 0;
		}
	}
	say("done");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
