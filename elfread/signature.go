package elfread

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klplint/klplint/klp"
)

// The trailer of scripts/sign-file (include/linux/module_signature.h): the
// signature, then struct module_signature, then the magic.
const (
	signatureMagic = "~Module signature appended~\n"
	signatureInfo  = 12 // algo, hash, id_type, signer_len, key_id_len, 3 of padding, big-endian length
)

// maxSignature bounds the signature in bytes; RSA-4096 makes about 700, ML-DSA
// about 5,000.
const maxSignature = 1 << 16

// maxTail is how many bytes behind the ELF image are looked through for a
// trailer that something was appended to.
const maxTail = 1 << 20

// readSignature reads what follows the ELF image.
func (p *parser) readSignature() error {
	end, size := p.f.End, p.f.Size
	if size <= end {
		return nil
	}
	src := p.f.Source()
	tail, err := src.Slice(max(end, size-maxTail), min(size-end, maxTail))
	if err != nil {
		return err
	}
	if !bytes.HasSuffix(tail, []byte(signatureMagic)) {
		p.m.SignatureError = strayBytes(tail, size-end)
		return nil
	}
	var data []byte
	p.m.Trailer, p.m.Signature, data, err = parseTrailer(tail, size)
	if p.m.Trailer != nil {
		p.m.Trailer.Before -= end
	}
	if err != nil {
		p.m.SignatureError = err.Error()
		return nil
	}
	if before := tail[:len(tail)-len(data)-signatureInfo-len(signatureMagic)]; bytes.HasSuffix(before, []byte(signatureMagic)) {
		p.m.SignatureError = "another signature precedes this one: the module was signed twice"
	} else if !allZero(before) || len(before) >= 16 {
		p.m.SignatureError = fmt.Sprintf("%d bytes between the ELF image and the signature", len(before))
	}
	return nil
}

// strayBytes says what the bytes behind the ELF image are, when they do not
// end in the magic; total is their number.
func strayBytes(tail []byte, total int64) string {
	if i := bytes.LastIndex(tail, []byte(signatureMagic)); i >= 0 {
		return fmt.Sprintf("trailing data: %d bytes after the signature, so that the kernel does not find it", len(tail)-i-len(signatureMagic))
	}
	if allZero(tail) && total < 16 {
		return "" // padding
	}
	return fmt.Sprintf("trailing data: %d bytes after the ELF image are not a signature", total)
}

// parseTrailer reads the trailer at the end of tail, which is the end of a file
// of size bytes, and returns the signature's bytes too. Trailer.Before counts
// from the start of the file.
func parseTrailer(tail []byte, size int64) (*klp.Trailer, *klp.Signature, []byte, error) {
	rest := tail[:len(tail)-len(signatureMagic)]
	if len(rest) < signatureInfo {
		return nil, nil, nil, fmt.Errorf("signature trailer is truncated: %d of %d bytes before the magic", len(rest), signatureInfo)
	}
	info := rest[len(rest)-signatureInfo:]
	rest = rest[:len(rest)-signatureInfo]
	end := size - int64(len(signatureMagic)) - signatureInfo // of the signature
	t := &klp.Trailer{
		Algo: info[0], Hash: info[1], IDType: info[2], SignerLen: info[3], KeyIDLen: info[4],
		Pad: [3]byte(info[5:8]), Length: binary.BigEndian.Uint32(info[8:]), Before: end,
	}
	n := int64(t.Length)
	if n == 0 || n > maxSignature || n > int64(len(rest)) {
		return t, nil, nil, fmt.Errorf("invalid signature length %d, %d bytes are available", n, len(rest))
	}
	s := &klp.Signature{Size: n, At: end - n}
	data := rest[int64(len(rest))-n:]
	switch t.IDType {
	case 0:
		s.IDType = "pgp"
	case 1:
		s.IDType = "x509"
	case klp.PKeyPKCS7:
		s.IDType = "pkcs7"
	default:
		return t, nil, nil, fmt.Errorf("signature of unknown type %d", t.IDType)
	}
	if t.IDType != klp.PKeyPKCS7 {
		return t, s, data, fmt.Errorf("signature of type %s: the kernel accepts only PKCS#7 (mod_check_sig)", s.IDType)
	}
	// mod_check_sig() demands that the other members are zero.
	if t.Algo|t.Hash|t.SignerLen|t.KeyIDLen|t.Pad[0]|t.Pad[1]|t.Pad[2] != 0 {
		return t, s, data, errors.New("signature trailer has fields set that must be zero")
	}
	return t, s, data, parsePKCS7(data, s, t)
}
