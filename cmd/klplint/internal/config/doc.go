// Package config reads .klplint.yaml: what a team keeps in its repository about
// how its livepatches are judged.
//
// One table, Keys, says what the file may hold. The reader, the JSON schema,
// the file that `klplint config init` writes and the command's look at the
// environment are made of it, so that they cannot drift apart. What the values
// mean is the command's: a setting is handed to the flag of its name.
package config
