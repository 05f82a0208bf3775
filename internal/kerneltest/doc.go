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
// # Running it
//
// Everything needs an emulator, compilers and kernel packages and is therefore
// behind the environment variable KLPLINT_KERNELS, a folder made by fetch.sh;
// without it only the parts that need none of these are tested. `make
// kernel-test` is a full run, which writes docs/kernel-agreement.md. More
// variables:
//
//	KLPLINT_SUITES     verdicts, fixed, fixtures, random: some of them, with commas between
//	KLPLINT_SEED       of the random scenarios; 1 by default
//	KLPLINT_SCENARIOS  how many random scenarios; 60 by default
//	KLPLINT_STEPS      steps of each; 6 by default
//	KLPLINT_FIXTURES   fixtures rebuilt for the kernels of today (fixtures/build.sh --out)
//	KLPLINT_WORK       keep modules and answers here and use them again: for working on predictions
//	KLPLINT_UPDATE     write docs/kernel-agreement.md, where all kernels agreed
//
// So, for thousands of random steps, here 3,000 a kernel:
//
//	KLPLINT_KERNELS=... KLPLINT_SUITES=random KLPLINT_SEED=$RANDOM KLPLINT_SCENARIOS=500 \
//		go test -count=1 -timeout 4h -v -run 'TestAgreement$' ./kerneltest
//
// # Mutants
//
// TestMutants draws changed copies of good fixtures (package mutant), loads,
// disables and unloads each on 6.12, and holds the answers against klplint's
// findings, kind by kind. After a crash, or a warning that leaves the kernel
// spoilt, the next one starts from a snapshot of the booted guest. KLPLINT_SEED
// is the day's number by default, KLPLINT_MUTANTS is 600:
//
//	KLPLINT_KERNELS=... KLPLINT_SEED=2 KLPLINT_MUTANTS=600 \
//		go test -count=1 -timeout 1h -v -run 'TestMutants$' ./internal/kerneltest
//
// # Disagreements
//
// A random scenario in which kernel and prediction differ is minimised: see
// Minimise. What is left is printed as a file for testdata/found, whose
// scenarios are among the fixed ones of every later run.
package kerneltest
