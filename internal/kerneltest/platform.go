package kerneltest

import (
	"bufio"
	"io"
	"path/filepath"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Platform is one architecture as the tests build modules for it and emulate it.
type Platform struct {
	Arch klp.Arch
	// Image is the file of the build folder that is booted and read; "" where the
	// kernel was not built here.
	Image string
	// Make are the variables that Kbuild wants to hear beside the folder.
	Make     []string
	compiler string // of the guest's init
	emulator string
	machine  []string // the emulator's arguments for the machine alone
	// console is the one device of the guest's, with the arguments that connect it to
	// the standard output: kernel and init both write to it. Without one there are two
	// serial ports.
	console []string
	device  string // the console's name for the kernel
	// Without a wish for more a run has so many random scenarios, over so many modules.
	random, pool int
	guests       int // that share a suite's scenarios
}

// x86 has Debian's own kernels.
var x86 = Platform{
	Arch: klp.X86_64, compiler: "gcc", emulator: "qemu-system-x86_64",
	machine: []string{"-m", "512", "-nographic"},
	random:  60, pool: 40, guests: 1,
}

// small are the platforms whose kernels small.sh builds.
var small = []Platform{
	{
		Arch: klp.S390X, Image: "arch/s390/boot/bzImage", Make: []string{"ARCH=s390", "CROSS_COMPILE=s390x-linux-gnu-"},
		compiler: "s390x-linux-gnu-gcc", emulator: "qemu-system-s390x",
		machine: []string{"-M", "s390-ccw-virtio", "-cpu", "max"},
		console: []string{"-chardev", "stdio,id=c0", "-device", "sclpconsole,chardev=c0"}, device: "ttyS1",
		random: 12, pool: 12, guests: 3,
	},
	{
		Arch: klp.PPC64LE, Image: "vmlinux", Make: []string{"ARCH=powerpc", "CROSS_COMPILE=powerpc64le-linux-gnu-"},
		compiler: "powerpc64le-linux-gnu-gcc", emulator: "qemu-system-ppc64",
		machine: []string{"-M", "pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", "-cpu", "power9"},
		console: []string{"-serial", "stdio"}, device: "hvc0",
		random: 12, pool: 12, guests: 3,
	},
	{
		Arch: klp.ARM64, Image: "arch/arm64/boot/Image", Make: []string{"ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-"},
		compiler: "aarch64-linux-gnu-gcc", emulator: "qemu-system-aarch64",
		machine: []string{"-M", "virt", "-cpu", "cortex-a57"},
		console: []string{"-device", "virtio-serial-device", "-chardev", "stdio,id=c0", "-device", "virtconsole,chardev=c0"}, device: "hvc0",
		random: 12, pool: 12, guests: 3,
	},
}

// commandLine is what the kernels are started with: one that is lost dies.
const commandLine = " panic=-1 oops=panic softlockup_panic=1 watchdog_thresh=5 hung_task_panic=1 sysctl.kernel.hung_task_timeout_secs=20 mitigations=off nokaslr"

// mark begins the guest's records where the console carries the kernel's lines too.
const mark = "@klp "

// arguments are the emulator's, without a monitor.
func (m *Machine) arguments(initramfs string) []string {
	p := &m.Platform
	args := append([]string{"-accel", "tcg", "-no-reboot", "-kernel", m.Vmlinuz, "-initrd", initramfs}, p.machine...)
	if len(p.console) == 0 {
		return append(args, "-serial", "file:"+m.console(), "-serial", "stdio", "-append", "console=ttyS0 loglevel=7"+commandLine)
	}
	args = append(args, "-m", "512", "-nodefaults", "-display", "none")
	args = append(args, p.console...)
	// init finds the last two in its environment.
	return append(args, "-append", "console="+p.device+" loglevel=4"+commandLine+" RECORDS=/dev/console MARK="+strings.TrimSpace(mark))
}

// console is the file that keeps what the kernel said at the last boot.
func (m *Machine) console() string { return filepath.Join(m.Work, "console") }

// records returns the guest's records out of what the emulator writes; the
// kernel's own lines between them go to console.
func (p *Platform) records(output io.Reader, console io.Writer) io.Reader {
	if len(p.console) == 0 {
		return output
	}
	reader, writer := io.Pipe()
	go func() {
		lines := bufio.NewReader(output)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				writer.CloseWithError(err)
				return
			}
			record, is := strings.CutPrefix(line, mark)
			if !is {
				_, _ = io.WriteString(console, line)
				continue
			}
			if _, err := io.WriteString(writer, record); err != nil {
				return // nobody listens any more
			}
		}
	}()
	return reader
}
