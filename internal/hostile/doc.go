// Package hostile holds no code that klplint runs, only tests: it plays whoever
// hands klplint a module that is made to do harm.
//
// A livepatch module is untrusted until it is signed, and klplint is asked
// before it is. So every file, whatever is in it and whatever it is called, has
// to end in a result or in one clear error with its path, within bounded time
// and memory, and must not keep the files beside it from being judged. The
// tests go the public way: packages elfread and lint, and the built command as
// a process of its own. docs/security.md says what is promised.
package hostile
