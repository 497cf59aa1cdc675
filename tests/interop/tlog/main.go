// SPDX-License-Identifier: Apache-2.0

// What tools of other authors say of a ledger's checkpoints, proofs and cosignatures.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func read(path string) []byte { return must(os.ReadFile(path)) }

// The lines before the checkpoint, without the first `skip`, as hashes; and the checkpoint.
func split(text []byte, skip int) ([][]byte, []byte) {
	head, rest, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok {
		fmt.Println("no empty line")
		os.Exit(1)
	}
	var hashes [][]byte
	for _, line := range strings.Split(string(head), "\n")[skip:] {
		h := must(tlog.ParseHash(line))
		hashes = append(hashes, h[:])
	}
	return hashes, rest
}

func checkpoint(text []byte, v note.Verifier) *flog.Checkpoint {
	must(note.Open(text, note.VerifierList(v)))
	must2(torchwood.VerifyCheckpoint(text, torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(v.Name()), torchwood.SingleVerifierPolicy(v))))
	c, _, _, err := flog.ParseCheckpoint(text, v.Name(), v)
	check(err)
	return c
}

func must2[A, B any](_ A, _ B, err error) { check(err) }

func inclusion(v note.Verifier, event, text []byte) {
	var index uint64
	must(fmt.Sscanf(strings.Split(string(text), "\n")[1], "index %d", &index))
	hashes, rest := split(text, 2)
	c := checkpoint(rest, v)
	check(proof.VerifyInclusion(rfc6962.DefaultHasher, index, c.Size, rfc6962.DefaultHasher.HashLeaf(event), hashes, c.Hash))
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(v.Name()), torchwood.SingleVerifierPolicy(v))
	check(torchwood.VerifyProof(policy, tlog.RecordHash(event), text))
}

func consistency(v note.Verifier, old, text []byte) {
	hashes, rest := split(text, 1)
	a, b := checkpoint(old, v), checkpoint(rest, v)
	check(proof.VerifyConsistency(rfc6962.DefaultHasher, a.Size, b.Size, hashes, a.Hash, b.Hash))
}

func witness(v note.Verifier, key string, text []byte) {
	w := must(fnote.NewVerifierForCosignatureV1(key))
	if n := must(note.Open(text, note.VerifierList(v, w))); len(n.Sigs) != 2 {
		check(fmt.Errorf("%d signatures", len(n.Sigs)))
	}
	t := must(torchwood.NewCosignatureVerifier(key))
	must2(torchwood.VerifyCheckpoint(text, torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(v.Name()), torchwood.SingleVerifierPolicy(v), torchwood.SingleVerifierPolicy(t))))
}

func main() {
	a := os.Args[1:]
	v := must(note.NewVerifier(a[1]))
	switch a[0] {
	case "checkpoint":
		checkpoint(read(a[2]), v)
	case "inclusion":
		inclusion(v, read(a[2]), read(a[3]))
	case "consistency":
		consistency(v, read(a[2]), read(a[3]))
	case "witness":
		witness(v, a[2], read(a[3]))
	}
	fmt.Println("ok")
}
