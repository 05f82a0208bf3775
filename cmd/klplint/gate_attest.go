package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/gate"
)

// attestFlags say how the verdict is written, and how one is held against files.
type attestFlags struct {
	attest, key, format string

	verify, public, policy string

	signer *gate.Signer // of key; nil without one
}

func (f *attestFlags) register(fs *pflag.FlagSet) {
	f.format = "test-result"
	fs.StringVar(&f.attest, "attest", "", "write the verdict to `FILE`, as an in-toto statement")
	fs.StringVar(&f.key, "attest-key", "", "sign it with the private key in `KEY.pem`: Ed25519 or ECDSA P-256")
	fs.StringVar(&f.format, "attest-format", f.format, "its `FORM`: test-result, or vsa, a SLSA verification summary")
	fs.StringVar(&f.verify, "verify", "", "check the files against the attestation in `FILE`")
	fs.StringVar(&f.public, "key", "", "with --verify: it must be signed by the public key in `PUB.pem`")
	fs.StringVar(&f.policy, "require-policy", "", "with --verify: it must be made under the policy with this `DIGEST`")
}

// check refuses contradictions.
func (f *attestFlags) check() error {
	switch {
	case f.format != "test-result" && f.format != "vsa":
		return usageErrorf("--attest-format %s: want test-result or vsa", f.format)
	case f.key != "" && f.attest == "":
		return usageErrorf("--attest-key: --attest is missing")
	case f.verify == "" && f.public != "":
		return usageErrorf("--key: --verify is missing")
	case f.verify == "" && f.policy != "":
		return usageErrorf("--require-policy: --verify is missing")
	}
	return nil
}

// load reads the private key: what cannot be signed is not admitted.
func (f *attestFlags) load() (err error) {
	if f.key == "" {
		return nil
	}
	if f.signer, err = gate.NewSigner(f.key); err != nil {
		return uncheckedErrorf("--attest-key: %w", err)
	}
	return nil
}

// write makes the file of a statement. The form and the signature are no part
// of what the registry keeps.
func (f *attestFlags) write(ctx context.Context, statement []byte) ([]byte, error) {
	if f.format == "vsa" {
		var err error
		if statement, err = gate.Summary(statement); err != nil {
			return nil, err
		}
	}
	if f.signer == nil {
		return statement, nil
	}
	return f.signer.Sign(ctx, statement)
}
