package replace

import "github.com/klplint/klplint/klp"

// maxSignature is more than any signature has, in bytes: ML-DSA makes about 5,000.
const maxSignature = 1 << 16

// SignatureErrno returns what a kernel with CONFIG_MODULE_SIG answers to the
// trailer of a module even where it takes unsigned ones: "EBADMSG" for one that
// it cannot parse (kernel/module_signature.c: mod_check_sig(); an empty signature
// is no PKCS#7 message) or whose signature is no such message, "EINVAL" for one
// with another content (crypto/asymmetric_keys/pkcs7_parser.c); "" where it takes the module for an unsigned one, or
// where that is not known.
func SignatureErrno(m *klp.Module) string {
	t := m.Trailer
	if t == nil {
		return ""
	}
	switch n := int64(t.Length); {
	case n == 0 || n > maxSignature || n > t.Before:
		return "EBADMSG"
	case t.IDType == klp.PKeyPKCS7 && (t.Algo|t.Hash|t.SignerLen|t.KeyIDLen|t.Pad[0]|t.Pad[1]|t.Pad[2]) != 0:
		return "EBADMSG"
	case t.IDType == klp.PKeyPKCS7 && t.Content == klp.ContentNoMessage:
		return "EBADMSG"
	case t.IDType == klp.PKeyPKCS7 && t.Content == klp.ContentOther:
		return "EINVAL"
	}
	return ""
}
