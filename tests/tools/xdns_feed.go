// SPDX-License-Identifier: Apache-2.0
// xdns_feed.go - gives external-dns its endpoints (--source=connector), without a cluster: for each connection the lines
// "NAME TYPE TARGET..." of a file, as gob, as they stand there then. Prints the port, and serves until it is killed.
package main

import (
	"encoding/gob"
	"fmt"
	"net"
	"os"
	"strings"
)

// The fields of its own type that matter; gob compares names, not types.
type endpoint struct {
	DNSName    string
	Targets    []string
	RecordType string
	Labels     map[string]string
}

func read(path string) []*endpoint {
	all := []*endpoint{}
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, line := range strings.Split(string(text), "\n") {
		w := strings.Fields(line)
		if len(w) > 2 {
			all = append(all, &endpoint{w[0], w[2:], w[1], map[string]string{"resource": "test/feed/" + w[0]}})
		}
	}
	return all
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil || len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: xdns_feed FILE:", err)
		os.Exit(2)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			os.Exit(1)
		}
		gob.NewEncoder(c).Encode(read(os.Args[1]))
		c.Close()
	}
}
