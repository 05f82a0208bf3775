// Package gate decides whether finished livepatch modules may be signed: it
// judges them alone, compares them with the active modules of a registry, and
// records them there, all in one transaction. Of two builders who come with
// conflicting modules at the same moment one is admitted, and the other is told
// which module it conflicts with.
//
// # What is compared
//
// Every active module of the candidates' kernel, of the channels that were asked
// for: the rules over sets, the caller's own among them, see them all, as they
// would be given with lint --against.
//
// # What is stricter than lint
//
// A named file that is no livepatch is an error (KLP100), so is a module of two names
// (KLP123), a verdict that depends on what the module does not tell, or on the
// interpretation of replace sets (KLP407), and a fix that is dropped (KLP404). A set
// rule that could not be evaluated keeps a module out: what could not be compared is
// not admitted.
package gate
