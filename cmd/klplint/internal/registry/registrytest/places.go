// Package registrytest gives tests a fresh registry of each engine, and modules
// to put into it.
package registrytest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
)

// PostgresVariable names the environment variable with the URL of a server that
// tests may fill with schemas. Without it the tests of SQLite are all.
const PostgresVariable = "KLPLINT_POSTGRES"

// Each runs a test for each engine, over an empty registry of its own.
func Each(t *testing.T, f func(t *testing.T, place string)) {
	t.Run("sqlite", func(t *testing.T) {
		f(t, "sqlite:"+filepath.Join(t.TempDir(), "registry.db"))
	})
	if server := os.Getenv(PostgresVariable); server != "" {
		t.Run("postgres", func(t *testing.T) { f(t, Postgres(t, server)) })
	}
}

// PooledVariable says that the server is a pooler, which passes no search_path on:
// each test gets a database instead of a schema, and leaves it behind. Dropping it would
// end the pooler's connections to it, and pgbouncer 1.18 dies of that when it is just
// cancelling a statement on one ("server_proto: server in bad state: 11").
const PooledVariable = "KLPLINT_POSTGRES_POOLED"

// StandbyVariable names the environment variable with the address (HOST:PORT) of a hot
// standby of that server.
const StandbyVariable = "KLPLINT_POSTGRES_STANDBY"

// Postgres makes an empty schema and returns the URL that leads there.
func Postgres(t testing.TB, server string) string {
	t.Helper()
	schema := fmt.Sprintf("klplint_%d_%d", os.Getpid(), time.Now().UnixNano())
	exec := func(statement string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	make, drop := "CREATE SCHEMA "+schema, "DROP SCHEMA "+schema+" CASCADE"
	pooled := os.Getenv(PooledVariable) != ""
	if pooled {
		make = "CREATE DATABASE " + schema
	}
	if err := exec(make); err != nil {
		t.Fatalf("%s: %v", PostgresVariable, err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(PostgresVariable + " is no URL")
	}
	if pooled {
		u.Path = "/" + schema
		return u.String()
	}
	t.Cleanup(func() {
		if err := exec(drop); err != nil {
			t.Error(err)
		}
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// Open opens a registry for the time of a test.
func Open(t testing.TB, place string) *registry.Registry {
	t.Helper()
	r, err := registry.Open(context.Background(), place, registry.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Release is the kernel of Module.
const Release = "6.12.111-test"

// Module describes a livepatch in words: its name, what it says of replacing,
// funcs as "object:name,sympos" ("vmlinux" may be left out), states as
// "id:version". Its digest follows from all of these.
func Module(name string, replace klp.Replace, funcs, states string) *klp.Module {
	sum := sha256.Sum256(fmt.Append(nil, name, replace, funcs, states))
	m := &klp.Module{
		Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Arch: klp.X86_64, Toolchain: klp.Static, Size: 4096,
		SHA256: hex.EncodeToString(sum[:]), Compression: klp.Uncompressed,
		Modinfo:  klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}, {Key: "license", Value: "GPL"}, {Key: "name", Value: name}}},
		Vermagic: klp.Vermagic{Raw: Release + " SMP ", Release: Release, Flags: []string{"SMP"}},
		Patch:    klp.Patch{Found: true},
		Replace:  replace,
		Layout:   klp.Layout{Source: klp.LayoutRelocations},
	}
	objects := make(map[string]int)
	for i, word := range strings.Fields(funcs) {
		object, fn, ok := strings.Cut(word, ":")
		if !ok {
			object, fn = klp.VmlinuxObjectName, word
		}
		fn, position, _ := strings.Cut(fn, ",")
		sympos, _ := strconv.ParseUint(position, 10, 64)
		k, ok := objects[object]
		if !ok {
			k = len(m.Patch.Objects)
			objects[object] = k
			m.Patch.Objects = append(m.Patch.Objects, klp.Object{Name: object, Null: object == klp.VmlinuxObjectName})
		}
		o := &m.Patch.Objects[k]
		o.Funcs = append(o.Funcs, klp.Func{
			Name: fn, Sympos: sympos, At: klp.Location{Section: ".data", Offset: uint64(i) * 152, Symbol: "funcs", File: int64(4096 + i*152)},
			New: klp.Code{Symbol: "livepatch_" + fn, Size: 64},
		})
	}
	for i, word := range strings.Fields(states) {
		id, version, _ := strings.Cut(word, ":")
		n, _ := strconv.ParseUint(id, 10, 64)
		v, _ := strconv.ParseUint(version, 10, 32)
		m.Patch.HasStates = true
		m.Patch.States = append(m.Patch.States, klp.State{ID: n, Version: uint32(v), At: klp.Location{Section: ".data", Offset: 8192 + uint64(i)*16}})
	}
	return m
}

// Flag is bool replace.
func Flag(value bool) klp.Replace {
	return klp.Replace{Kind: klp.KindFlag, Flag: value, Source: klp.FromData, FieldSource: klp.FieldDWARF}
}
