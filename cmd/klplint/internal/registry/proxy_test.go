package registry_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy passes bytes on between clients and a server.
type proxy struct {
	net.Listener
	to     string
	frozen sync.RWMutex // held: nothing passes
	// cut ends the next connection that commits: before the server hears of it, or after
	// it has done it; "" for none.
	cut atomic.Value
	// stop freezes before the next statement that holds this text; "" for none.
	stop atomic.Value
	// left freezes before one of the next things that clients say: 1 is the next; 0 for none.
	left atomic.Int64
	// held is what was not said then.
	held atomic.Value

	mu      sync.Mutex
	servers []net.Conn
}

// hangUp ends what the server has open. A pooler can die of that, in the middle of what
// a client says.
func (p *proxy) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.servers {
		_ = c.Close()
	}
}

// proxied starts a proxy before the server of place, and returns the place by way of it.
func proxied(t *testing.T, place string) (*proxy, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l}
	t.Cleanup(func() { _ = l.Close() })
	p.cut.Store("")
	p.stop.Store("")
	p.held.Store("")
	place, p.to = through(t, place, l.Addr().String())
	go p.serve()
	return p, place
}

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close() //nolint:errcheck // a socket of this test
			server, err := net.Dial("tcp", p.to)
			if err != nil {
				return
			}
			defer server.Close() //nolint:errcheck // a socket of this test
			p.mu.Lock()
			p.servers = append(p.servers, server)
			p.mu.Unlock()
			go p.pass(server, client, func(b []byte) bool {
				if text, _ := p.stop.Load().(string); text != "" && bytes.Contains(b, []byte(text)) && p.stop.CompareAndSwap(text, "") {
					p.frozen.Lock()
				}
				if p.left.Load() > 0 && p.left.Add(-1) == 0 {
					p.held.Store(string(b))
					p.frozen.Lock()
				}
				if !bytes.Contains(b, []byte("commit\x00")) {
					return true
				}
				when := p.cut.Swap("")
				if when == "after" {
					if _, err := server.Write(b); err == nil {
						time.Sleep(500 * time.Millisecond) // until it is done
					}
				}
				if when == "before" || when == "after" {
					client.Close() //nolint:errcheck // a socket of this test
					server.Close() //nolint:errcheck // a socket of this test
					return false
				}
				return true
			})
			p.pass(client, server, func([]byte) bool { return true })
		}()
	}
}

func (p *proxy) pass(to io.Writer, from io.Reader, let func([]byte) bool) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil || !let(b[:n]) {
			return
		}
		p.frozen.RLock()
		_, err = to.Write(b[:n])
		p.frozen.RUnlock()
		if err != nil {
			return
		}
	}
}

// through returns place with another address, and the one that it had.
func through(t *testing.T, place, address string) (string, string) {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	was := u.Host
	u.Host = address
	return u.String(), was
}
