package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
)

// payloadType is that of an in-toto statement in a DSSE envelope.
const payloadType = "application/vnd.in-toto+json"

// Signer signs statements with a private key.
type Signer struct {
	file     string
	envelope *dsse.EnvelopeSigner
}

// NewSigner reads the private key in a PEM file: Ed25519 or ECDSA P-256.
func NewSigner(keyFile string) (*Signer, error) {
	key, err := loadKey(keyFile)
	if err != nil {
		return nil, err
	}
	if key.private == nil {
		return nil, fmt.Errorf("%s: not a private key", keyFile)
	}
	envelope, err := dsse.NewEnvelopeSigner(key.private)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	return &Signer{keyFile, envelope}, nil
}

// Sign wraps a statement in a DSSE envelope.
func (s *Signer) Sign(ctx context.Context, statement []byte) ([]byte, error) {
	envelope, err := s.envelope.SignPayload(ctx, payloadType, statement)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.file, err)
	}
	text, err := json.MarshalIndent(envelope, "", "  ")
	return append(text, '\n'), err
}

// Open returns the statement in text: bare, or in an envelope. With a file of a
// public key the envelope is required, and its signature holds.
func Open(ctx context.Context, text []byte, keyFile string) (statement []byte, signed bool, err error) {
	if len(text) > maxStatement {
		return nil, false, fmt.Errorf("%d bytes: at most %d", len(text), maxStatement)
	}
	var probe struct {
		Payload     *string `json:"payload"`
		PayloadType string  `json:"payloadType"`
	}
	if err := json.Unmarshal(text, &probe); err != nil {
		return nil, false, fmt.Errorf("not an attestation: %w", err)
	}
	if probe.Payload == nil {
		if keyFile != "" {
			return nil, false, errors.New("it is not signed")
		}
		return text, false, nil
	}
	var envelope dsse.Envelope
	if err := strictDecode(text, &envelope); err != nil {
		return nil, false, fmt.Errorf("not an envelope: %w", err)
	}
	if envelope.PayloadType != payloadType {
		return nil, false, fmt.Errorf("an envelope of %q: want %s", envelope.PayloadType, payloadType)
	}
	if keyFile == "" {
		statement, err = envelope.DecodeB64Payload()
		return statement, false, err
	}
	key, err := loadKey(keyFile)
	if err != nil {
		return nil, false, err
	}
	verifier, err := dsse.NewEnvelopeVerifier(key.public)
	if err != nil {
		return nil, false, err
	}
	if _, statement, err = verifier.VerifyAndDecode(ctx, &envelope); err != nil {
		return nil, false, fmt.Errorf("its signature is not that of %s: %w", keyFile, err)
	}
	return statement, true, nil
}

type key struct {
	private dsse.Signer // nil for a public key
	public  dsse.Verifier
}

func loadKey(file string) (*key, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	k, err := signerverifier.LoadKey(bytes.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out := &key{}
	var both dsse.SignerVerifier
	switch k.KeyType {
	case signerverifier.ED25519KeyType:
		both, err = signerverifier.NewED25519SignerVerifierFromSSLibKey(k)
	case signerverifier.ECDSAKeyType:
		both, err = signerverifier.NewECDSASignerVerifierFromSSLibKey(k)
	default:
		return nil, fmt.Errorf("%s: a key of type %s: want Ed25519 or ECDSA P-256", file, k.KeyType)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out.public = both
	if k.KeyVal.Private != "" {
		out.private = both
	}
	return out, nil
}
