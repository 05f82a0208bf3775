// Package kerneltest asks real kernels whether klplint's predictions are true.
//
// A Scenario is a sequence of loads, disables and unloads of described
// modules. The package writes C for each module, builds it against a kernel's
// headers, boots that kernel in an emulator with an initramfs of a small init
// (guest/init.c) and the modules, and records what the kernel answered after
// each step: the errno, its log lines, the active livepatches and whose
// function really runs. The same .ko files are read and judged by klplint
// beforehand; the tests compare the two, step by step.
//
// The form of the descriptions is that of replace/testdata/verdicts, so a
// scenario found here can become a verdict there, and the other way round.
//
// Everything needs an emulator, compilers and kernel packages and is therefore
// behind the environment variable KLPLINT_KERNELS, a folder made by fetch.sh;
// without it only the parts that need none of these are tested.
package kerneltest
