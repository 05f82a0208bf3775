// Package gate decides whether finished livepatch modules may be signed: it
// judges them alone, compares them with the active modules of a registry, and
// records them there, all in one transaction. Of two builders who come with
// conflicting modules at the same moment one is admitted, and the other is told
// by whom it lost.
//
// # What is compared
//
// A registry may hold very many active modules of one kernel. Only those are
// loaded that some rule can speak of; the verdict is the same as against all:
//
//   - KLP401 (same func), KLP405 (sympos 0 and 1): the two share a func. A finding
//     is folded over one func, of which all modules are loaded.
//   - KLP402 (same state id), the lower versions of KLP403: they share a state id.
//     KLP411: a shadow id. KLP406: a name. All are items that the registry indexes.
//   - KLP404 (dropped funcs) and the lacking states of KLP403: a candidate evicts
//     the other. Under set models the two share a set number. Under mainline a
//     candidate that replaces, or may, evicts all that is active: all of it is
//     loaded, up to 256 modules; of more, and of each replace field that occurs,
//     some that the candidate drops funcs of, some with states that it lacks: a
//     model passes over modules whose field it does not have. KLP404 compares with
//     the newest of each lineage, so that the newest one is loaded for each module
//     that is. A func that another module patches which stays is not dropped: under
//     set models the modules that share a func with an evicted one are loaded too;
//     under mainline nothing stays.
//   - KLP407 (readings differ), KLP408 (lists overlap): they share a set number.
//   - KLP409 (evicts others): the candidate evicts the other; of more than 256 some
//     of other owners, of each replace field.
//   - KLP410 (order) is about candidates alone.
//   - Which models apply, and whether a model can read a module at all, follows
//     from the replace fields that occur: one module of each is loaded.
//
// Where more than 256 are evicted, counts in messages are those of the modules
// that were loaded, and the outcome says so (Outcome.Sampled). Whether a rule
// speaks, of which candidate, and how severely is exact in every case.
//
// # What is stricter than lint
//
// A named file that is no livepatch is an error (KLP100), so is a verdict that
// depends on what the module does not tell, and a fix that is dropped (KLP404).
// A set rule that could not be evaluated keeps a module out: what could not be
// compared is not admitted.
package gate
