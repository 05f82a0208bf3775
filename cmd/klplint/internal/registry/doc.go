// Package registry keeps the livepatch modules that were already built: for each
// its metadata (never the file), what it is for (channel, owner, labels) and
// its state. It is what package gate compares a candidate with.
//
// One schema serves two engines: a SQLite file for one host, PostgreSQL for a
// farm of builders. The statements are standard SQL, without extensions of
// either, so that a distributed engine that speaks PostgreSQL's protocol can
// take its place: nothing relies on more than serializable transactions.
//
// What is compared of a module stands in its row, in a form that is read in
// microseconds; all else is in a document of its own, as JSON. Each row has a
// digest, each change an entry in a log that is only added to, and with what a
// verdict admitted stands its statement.
//
// Every change is one transaction that first raises the revision, a row that
// all writers share. Two writers so meet there, and one of them sees what the
// other wrote: on SQLite it waits, on PostgreSQL it is told to begin anew.
//
// The registry keeps rows and chooses nothing: it hands over the active modules
// of one kernel, found by an index, and package rules decides what they mean to
// each other.
package registry
