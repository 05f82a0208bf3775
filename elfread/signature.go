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
	if p.m.Signature, data, err = parseTrailer(tail, size); err != nil {
		p.m.SignatureError = err.Error()
		if errors.As(err, new(badTrailer)) {
			p.m.SignatureErrno = "EBADMSG"
		}
		return nil
	}
	if before := tail[:len(tail)-len(data)-signatureInfo-len(signatureMagic)]; bytes.HasSuffix(before, []byte(signatureMagic)) {
		p.m.SignatureError = "another signature lies before this one: the module was signed twice"
	} else if !allZero(before) || len(before) >= 16 {
		p.m.SignatureError = fmt.Sprintf("%d bytes between the ELF image and the signature", len(before))
	}
	return nil
}

// strayBytes says what the bytes behind the ELF image are, when they do not
// end in the magic; total is their number.
func strayBytes(tail []byte, total int64) string {
	if i := bytes.LastIndex(tail, []byte(signatureMagic)); i >= 0 {
		return fmt.Sprintf("%d bytes follow the signature, so that the kernel does not find it", len(tail)-i-len(signatureMagic))
	}
	if allZero(tail) && total < 16 {
		return "" // padding
	}
	return fmt.Sprintf("%d bytes behind the ELF image are no signature", total)
}

// badTrailer is an error for which every kernel with CONFIG_MODULE_SIG refuses
// the module (kernel/module_signature.c: mod_check_sig() returns -EBADMSG, and
// an empty signature is no PKCS#7 message).
type badTrailer struct{ error }

// parseTrailer reads the trailer at the end of tail, which is the end of a file
// of size bytes, and returns the signature's bytes too.
func parseTrailer(tail []byte, size int64) (*klp.Signature, []byte, error) {
	rest := tail[:len(tail)-len(signatureMagic)]
	if len(rest) < signatureInfo {
		return nil, nil, fmt.Errorf("signature trailer is cut off: %d of %d bytes before the magic", len(rest), signatureInfo)
	}
	info := rest[len(rest)-signatureInfo:]
	rest = rest[:len(rest)-signatureInfo]
	n := int64(binary.BigEndian.Uint32(info[8:]))
	if n == 0 || n > maxSignature || n > int64(len(rest)) {
		return nil, nil, badTrailer{fmt.Errorf("signature of %d bytes, %d are there", n, len(rest))}
	}
	s := &klp.Signature{Size: n, At: size - int64(len(signatureMagic)) - signatureInfo - n}
	data := rest[int64(len(rest))-n:]
	switch info[2] {
	case 0:
		s.IDType = "pgp"
	case 1:
		s.IDType = "x509"
	case 2:
		s.IDType = "pkcs7"
	default:
		return nil, nil, fmt.Errorf("signature of unknown type %d", info[2])
	}
	if info[2] != 2 {
		return s, data, fmt.Errorf("signature of type %s: the kernel takes only PKCS#7 (mod_check_sig)", s.IDType)
	}
	// mod_check_sig() demands that the other members are zero.
	if info[0]|info[1]|info[3]|info[4]|info[5]|info[6]|info[7] != 0 {
		return s, data, badTrailer{errors.New("signature trailer has unexpected non-zero members")}
	}
	return s, data, parsePKCS7(data, s)
}
