// SPDX-License-Identifier: Apache-2.0

// Command x509-check verifies devices' certificates with Go's crypto/x509: x509-check CHAIN CERT...
// CHAIN is PEM, its last certificate is the trust anchor.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func read(path string) (list []*x509.Certificate) {
	text, err := os.ReadFile(path)
	must(path, err)
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return
		}
		c, err := x509.ParseCertificate(block.Bytes)
		must(path, err)
		list = append(list, c)
	}
}

func must(what string, err error) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func main() {
	chain := read(os.Args[1])
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	options.Roots.AddCert(chain[len(chain)-1])
	for _, c := range chain[:len(chain)-1] {
		options.Intermediates.AddCert(c)
	}
	for _, path := range os.Args[2:] {
		c := read(path)[0]
		_, err := c.Verify(options)
		must(path, err)
		fmt.Println(path, c.DNSNames, c.URIs)
	}
}
