package elfread

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/replace"
)

// signed is the parts of a module with an appended signature.
type signed struct {
	image, data, info []byte
	magic             string
	behind            []byte
}

// takeApart splits a signed fixture.
func takeApart(t *testing.T, name string) signed {
	t.Helper()
	b := fixtures.Read(t, name)
	m, err := read(b, Options{})
	if err != nil || m.Signature == nil {
		t.Fatalf("%s: %v", name, err)
	}
	at, n := m.Signature.At, m.Signature.Size
	return signed{
		image: bytes.Clone(b[:at]), data: bytes.Clone(b[at : at+n]),
		info: bytes.Clone(b[at+n : at+n+signatureInfo]), magic: signatureMagic,
	}
}

// bytes puts it together, with the length of data in the trailer.
func (s *signed) bytes() []byte {
	if len(s.info) == signatureInfo {
		binary.BigEndian.PutUint32(s.info[8:], uint32(len(s.data)))
	}
	return bytes.Join([][]byte{s.image, s.data, s.info, []byte(s.magic), s.behind}, nil)
}

// TestTrailer changes what sign-file appends, one thing at a time. EBADMSG is
// what mod_check_sig() answers, or, as EINVAL, the kernel's PKCS#7 parser; other
// trailers leave the module an unsigned one.
func TestTrailer(t *testing.T) {
	for _, tc := range []struct {
		name   string
		edit   func(*signed)
		want   string // a part of SignatureError; "" when it is in order
		idType string // "" when no signature is found
		errno  string
	}{
		{"untouched", func(*signed) {}, "", "pkcs7", ""},
		{"bytes appended", func(s *signed) { s.behind = []byte("\n") }, "trailing data: 1 bytes after the signature, so that the kernel does not find it", "", ""},
		{"signed twice", func(s *signed) { s.image = s.bytes() }, "another signature precedes this one", "pkcs7", ""},
		{"bytes before", func(s *signed) { s.image = append(s.image, "stray"...) }, "5 bytes between the ELF image and the signature", "pkcs7", ""},
		{"padding before", func(s *signed) { s.image = append(s.image, make([]byte, 7)...) }, "", "pkcs7", ""},
		{"more zeros than padding has", func(s *signed) { s.image = append(s.image, make([]byte, 16)...) }, "16 bytes between", "pkcs7", ""},
		{"no magic", func(s *signed) { s.magic = "" }, "bytes after the ELF image are not a signature", "", ""},
		{"magic alone", func(s *signed) { s.data, s.info = nil, nil }, "signature trailer is truncated: 0 of 12 bytes before the magic", "", ""},
		{"half a trailer", func(s *signed) { s.data, s.info = nil, s.info[:6] }, "signature trailer is truncated: 6 of 12 bytes", "", ""},
		{"an empty signature", func(s *signed) { s.data = nil }, "invalid signature length 0, 0 bytes are available", "", "EBADMSG"},
		{"of the kernel's old PGP kind", func(s *signed) { s.info[2] = 0 }, "signature of type pgp: the kernel accepts only PKCS#7", "pgp", ""},
		{"of the kernel's old X.509 kind", func(s *signed) { s.info[2] = 1 }, "signature of type x509", "x509", ""},
		{"of no known kind", func(s *signed) { s.info[2] = 3 }, "signature of unknown type 3", "", ""},
		{"a number in algo", func(s *signed) { s.info[0] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"a number in hash", func(s *signed) { s.info[1] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"a number in signer_len", func(s *signed) { s.info[3] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"a number in key_id_len", func(s *signed) { s.info[4] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"a number in the padding", func(s *signed) { s.info[5] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"a number in the middle of the padding", func(s *signed) { s.info[6] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"a number at the end of the padding", func(s *signed) { s.info[7] = 1 }, "fields set that must be zero", "pkcs7", "EBADMSG"},
		{"not DER", func(s *signed) { s.data = []byte("no signature at all") }, "signature is not PKCS#7", "pkcs7", "EBADMSG"},
		{"bytes behind the DER", func(s *signed) { s.data = append(s.data, 0, 0, 0) }, "trailing data: 3 bytes after the PKCS#7 message", "pkcs7", ""},
		{"other content", func(s *signed) {
			s.data = bytes.Replace(s.data, der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}), der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}), 1)
		}, "PKCS#7 content of type 1.2.840.113549.1.7.3, not signed data", "pkcs7", "EINVAL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := takeApart(t, "signed/rsa.ko")
			tc.edit(&s)
			b := s.bytes()
			m, err := read(b, Options{})
			if err != nil {
				t.Fatal(err) // a signature is no part of the module: it never makes it unreadable
			}
			if !strings.Contains(m.SignatureError, tc.want) || tc.want == "" && m.SignatureError != "" || replace.SignatureErrno(m) != tc.errno {
				t.Errorf("%q, errno %q; want %q, %q", m.SignatureError, replace.SignatureErrno(m), tc.want, tc.errno)
			}
			if (m.Signature != nil) != (tc.idType != "") {
				t.Fatalf("signature %+v", m.Signature)
			}
			if g := m.Signature; g != nil && (g.IDType != tc.idType || !bytes.Equal(b[g.At:g.At+g.Size], s.data)) {
				t.Errorf("signature %+v, want type %s", g, tc.idType)
			}
		})
	}
}

// TestLength: the length in the trailer, not the DER, says where the signature starts.
func TestLength(t *testing.T) {
	s := takeApart(t, "signed/rsa.ko")
	b := s.bytes()
	at := len(b) - len(signatureMagic) - 4
	for _, n := range []uint32{uint32(len(b)), maxSignature + 1, 1<<32 - 1} {
		binary.BigEndian.PutUint32(b[at:], n)
		m, err := read(b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Signature != nil || replace.SignatureErrno(m) != "EBADMSG" || !strings.Contains(m.SignatureError, "are available") {
			t.Errorf("length %d: %q, errno %q, %+v", n, m.SignatureError, replace.SignatureErrno(m), m.Signature)
		}
	}
}

// TestPadding: linkers and packers leave a few zeros behind the image, which
// say nothing of a signature.
func TestPadding(t *testing.T) {
	image := x86().build().Bytes()
	for n, want := range map[int]string{1: "", 15: "", 16: "trailing data: 16 bytes after the ELF image are not a signature"} {
		m, err := read(append(bytes.Clone(image), make([]byte, n)...), Options{})
		if err != nil || m.SignatureError != want || m.Signature != nil {
			t.Errorf("%d zeros: error %v, %q", n, err, m.SignatureError)
		}
	}
}

// der is an object identifier in DER.
func der(id asn1.ObjectIdentifier) []byte {
	b, err := asn1.Marshal(id)
	if err != nil {
		panic(err)
	}
	return b
}

// TestAlgorithms: names of algorithms that the kernel's sign-file offers, the
// number of others.
func TestAlgorithms(t *testing.T) {
	sha256, rsa := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	for _, tc := range []struct {
		from, to   asn1.ObjectIdentifier
		hash, algo string
	}{
		{sha256, sha256, "sha256", "rsa"},
		{sha256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, "sha512", "rsa"},
		{sha256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 99}, "2.16.840.1.101.3.4.2.99", "rsa"},
		{rsa, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, "sha256", "rsa"},
		{rsa, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 99}, "sha256", "1.2.840.113549.1.1.99"},
	} {
		s := takeApart(t, "signed/rsa.ko")
		if !bytes.Contains(s.data, der(tc.from)) {
			t.Fatalf("%v is not in the signature", tc.from)
		}
		s.data = bytes.ReplaceAll(s.data, der(tc.from), der(tc.to))
		m, err := read(s.bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if m.SignatureError != "" || m.Signature.Hash != tc.hash || m.Signature.Algo != tc.algo {
			t.Errorf("%v as %v: %s %s %q, want %s %s", tc.from, tc.to, m.Signature.Hash, m.Signature.Algo, m.SignatureError, tc.hash, tc.algo)
		}
	}
}

// TestSignerInfo: DER that is sound but is not what sign-file writes.
func TestSignerInfo(t *testing.T) {
	set := func(b ...byte) asn1.RawValue {
		return asn1.RawValue{FullBytes: append([]byte{0x31, byte(len(b))}, b...)}
	}
	seq := func(b ...byte) asn1.RawValue {
		return asn1.RawValue{FullBytes: append([]byte{0x30, byte(len(b))}, b...)}
	}
	type plain struct {
		Version      int
		Digests      asn1.RawValue
		Encapsulated asn1.RawValue
		Signers      asn1.RawValue
	}
	wrap := func(content any) []byte {
		inner, err := asn1.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		b, err := asn1.Marshal(contentInfo{Type: oidSignedData, Content: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"content that is a number", wrap(7), "PKCS#7 signed data: "},
		{"nobody signed", wrap(plain{1, set(), seq(), set()}), "PKCS#7 signed data without a signer"},
	} {
		s := takeApart(t, "signed/rsa.ko")
		s.data = tc.data
		m, err := read(s.bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.SignatureError, tc.want) || m.Signature == nil || m.Signature.Signer != "" {
			t.Errorf("%s: %q, %+v; want %q", tc.name, m.SignatureError, m.Signature, tc.want)
		}
	}
}
