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
//	KLPLINT_SUITES     verdicts, fixed, fixtures, random, hook, listing, functions: some of them, with commas between
//	KLPLINT_SEED       of the random scenarios; 1 by default
//	KLPLINT_SCENARIOS  how many random scenarios; 60 by default
//	KLPLINT_STEPS      steps of each; 6 by default
//	KLPLINT_FIXTURES   fixtures rebuilt for the kernels of today (fixtures/build.sh --out)
//	KLPLINT_WORK       keep modules and answers here and use them again: for working on predictions
//	KLPLINT_UPDATE     write docs/kernel-agreement.md, where all kernels that were asked agreed
//
// So, for thousands of random steps, here 3,000 a kernel:
//
//	KLPLINT_KERNELS=... KLPLINT_SUITES=random KLPLINT_SEED=$RANDOM KLPLINT_SCENARIOS=500 \
//		go test -count=1 -timeout 4h -v -run 'TestAgreement$' ./kerneltest
//
// # The newest kernel
//
// fetch.sh unpacks Debian's newest kernel for amd64, too, where its second argument is
// newest, and kpatch's hook. It is asked the suites hook and fixed. What its image holds
// can be asked of it as well:
//
//	KLPLINT_KERNELS=... KLPLINT_SUITES=listing,functions go test -count=1 -v \
//		-run 'TestAgreement$/^[7-9]' ./internal/kerneltest
//
// # Other architectures
//
// Debian's kernels for other architectures have no livepatches. small.sh builds
// small ones of Debian's newest source with Debian's cross compilers, from the
// configurations in the folder small, and TestOtherArchitectures asks them: what
// their images hold, livepatches that kpatch's own hook makes at load, the fixed
// scenarios and some random ones. A Platform says what differs in building and
// emulating. KLPLINT_SUITES (all but fixtures), KLPLINT_SEED and the other variables
// hold for it too:
//
//	internal/kerneltest/small.sh ~/.cache/klplint-dev/kernels s390x
//	KLPLINT_KERNELS=~/.cache/klplint-dev/kernels go test -count=1 -v \
//		-run TestOtherArchitectures/s390x ./internal/kerneltest
//
// docs/kernel-agreement.md has a part a kernel; a run that is to bring it up to
// date replaces those of the architectures that it asked.
//
// # Mutants
//
// TestMutants draws changed copies of good fixtures (package mutant), loads,
// disables and unloads each on 6.12, and holds the answers against klplint's
// findings, kind by kind. After a crash, or a warning that leaves the kernel
// spoilt, the next one starts from a snapshot of the booted guest. KLPLINT_SEED
// is the day's number by default, KLPLINT_MUTANTS is 600. .ci/run draws a few of
// each kind with a fixed seed; other seeds are drawn by make kernel-test and by hand:
//
//	KLPLINT_KERNELS=... KLPLINT_SEED=2 KLPLINT_MUTANTS=600 \
//		go test -count=1 -timeout 1h -v -run 'TestMutants$' ./internal/kerneltest
//
// # Plans
//
// TestSelftestsAgree makes the steps of the plans in examples/selftests on 6.12, in
// one boot of a guest of its own (guest/plan.c): errno, callbacks, what is active and
// whose code runs are those that package plan foretells, of the modules as the plans
// describe them and of the ones that were built for it. 6.1 gives the same answers to
// all 157 steps, for the predictions are made with each kernel's own behaviour; it is
// asked by hand, as two minutes are too much for what every submission waits for:
//
//	KLPLINT_KERNELS=... KLPLINT_PLANS=6.1. go test -count=1 -v -run TestSelftestsAgree ./internal/kerneltest
//
// # Disagreements
//
// A random scenario in which kernel and prediction differ is minimised: see
// Minimise. What is left is printed as a file for testdata/found, whose
// scenarios are among the fixed ones of every later run.
package kerneltest
