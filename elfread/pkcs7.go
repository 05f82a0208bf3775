package elfread

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"github.com/klplint/klplint/klp"
)

// The parts of PKCS#7 (RFC 5652) that sign-file writes: SignedData without
// content and without certificates, with one signer.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated asn1.RawValue
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version    int
	ID         asn1.RawValue // issuer and serial, or [0] subject key id
	Digest     pkix.AlgorithmIdentifier
	SignedAttr asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

var oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

// hashes and keys name the algorithms that the kernel's sign-file offers.
var hashes = map[string]string{
	"1.3.14.3.2.26":           "sha1",
	"2.16.840.1.101.3.4.2.4":  "sha224",
	"2.16.840.1.101.3.4.2.1":  "sha256",
	"2.16.840.1.101.3.4.2.2":  "sha384",
	"2.16.840.1.101.3.4.2.3":  "sha512",
	"2.16.840.1.101.3.4.2.8":  "sha3-256",
	"2.16.840.1.101.3.4.2.9":  "sha3-384",
	"2.16.840.1.101.3.4.2.10": "sha3-512",
	"1.2.156.10197.1.401":     "sm3",
}

var keys = map[string]string{
	"1.2.840.113549.1.1.1":    "rsa",
	"1.2.840.113549.1.1.5":    "rsa",
	"1.2.840.113549.1.1.11":   "rsa",
	"1.2.840.113549.1.1.12":   "rsa",
	"1.2.840.113549.1.1.13":   "rsa",
	"1.2.840.10045.2.1":       "ecdsa",
	"1.2.840.10045.4.3.2":     "ecdsa",
	"1.2.840.10045.4.3.3":     "ecdsa",
	"1.2.840.10045.4.3.4":     "ecdsa",
	"2.16.840.1.101.3.4.3.10": "ecdsa", // with SHA3-256
	"2.16.840.1.101.3.4.3.11": "ecdsa",
	"2.16.840.1.101.3.4.3.12": "ecdsa",
	"2.16.840.1.101.3.4.3.17": "ml-dsa-44",
	"2.16.840.1.101.3.4.3.18": "ml-dsa-65",
	"2.16.840.1.101.3.4.3.19": "ml-dsa-87",
	"1.2.156.10197.1.501":     "sm2",
}

// parsePKCS7 fills in who signed, and how. Whether the signature is right only
// a holder of the key's certificate can tell; nothing is verified here.
func parsePKCS7(der []byte, s *klp.Signature, t *klp.Trailer) (err error) {
	var outer contentInfo
	t.Content = klp.ContentNoMessage
	if rest, err := asn1.Unmarshal(der, &outer); err != nil {
		return fmt.Errorf("signature is not PKCS#7: %w", err)
	} else if len(rest) > 0 { // which the kernel's reader does not look at
		t.Content = klp.ContentSigned
		return fmt.Errorf("trailing data: %d bytes after the PKCS#7 message", len(rest))
	}
	if !outer.Type.Equal(oidSignedData) {
		t.Content = klp.ContentOther
		return fmt.Errorf("PKCS#7 content of type %v, not signed data", outer.Type)
	}
	var d signedData
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &d); err != nil {
		return fmt.Errorf("PKCS#7 signed data: %w", err)
	}
	t.Content = klp.ContentSigned
	if len(d.Signers) == 0 {
		return errors.New("PKCS#7 signed data without a signer")
	}
	si := &d.Signers[0]
	if s.Hash = hashes[si.Digest.Algorithm.String()]; s.Hash == "" {
		s.Hash = si.Digest.Algorithm.String()
	}
	if s.Algo = keys[si.Algorithm.Algorithm.String()]; s.Algo == "" {
		s.Algo = si.Algorithm.Algorithm.String()
	}
	s.Signer, err = signerID(si)
	return err
}

// signerID returns issuer and serial, or the subject key id in hex.
func signerID(si *signerInfo) (string, error) {
	if si.ID.Class == asn1.ClassContextSpecific && si.ID.Tag == 0 {
		return hex.EncodeToString(si.ID.Bytes), nil
	}
	var id issuerAndSerial
	if _, err := asn1.Unmarshal(si.ID.FullBytes, &id); err != nil {
		return "", fmt.Errorf("PKCS#7 signer: %w", err)
	}
	var rdn pkix.RDNSequence
	if _, err := asn1.Unmarshal(id.Issuer.FullBytes, &rdn); err != nil {
		return "", fmt.Errorf("PKCS#7 issuer: %w", err)
	}
	if id.Serial == nil || id.Serial.BitLen() > 1024 {
		return "", errors.New("PKCS#7 signer: serial number out of bounds")
	}
	serial := bytes.TrimLeft([]byte(id.Serial.Text(16)), "-")
	return fmt.Sprintf("%s, serial %s", rdn.String(), serial), nil
}
