// Ledgercheck judges the ledger part of an audit bundle, or a folder of tiles, with Go's own transparency-log
// packages: signed notes and Merkle proofs are read and checked by golang.org/x/mod/sumdb/{note,tlog}, the
// code behind Go's checksum database. What stands here only reads files and asks those packages.
//
//	ledgercheck bundle bundle.tar trust.json
//	ledgercheck tiles folder vkey [witness-vkey ...]
//
// It prints OK or FAIL with a reason, and exits 0 or 1. Formats: docs/protocols/bundle.md.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const witnessKey = 0x04

func main() {
	var said string
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "bundle":
		said, err = checkBundle(os.Args[2], os.Args[3])
	case len(os.Args) >= 4 && os.Args[1] == "tiles":
		said, err = checkTiles(os.Args[2], os.Args[3], os.Args[4:])
	default:
		fmt.Fprintln(os.Stderr, "usage: ledgercheck bundle BUNDLE TRUST | ledgercheck tiles FOLDER VKEY [WITNESS ...]")
		os.Exit(2)
	}
	if err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
	fmt.Println("OK", said)
}

// cosigner is a note.Verifier for C2SP cosignature/v1, a signature type that sumdb/note leaves to its callers.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig[:8]))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	id, encoded, _ := strings.Cut(rest, "+")
	material, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != witnessKey {
		return nil, fmt.Errorf("not a witness key: %q", vkey)
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), material...))
	if hex.EncodeToString(sum[:4]) != id {
		return nil, fmt.Errorf("the ID of %q is not its key's", vkey)
	}
	return cosigner{name, binary.BigEndian.Uint32(sum[:4]), material[1:]}, nil
}

// judge knows the log, the witnesses, and how many of them must have cosigned.
type judge struct {
	log    note.Verifier
	known  note.Verifiers
	quorum int
}

func newJudge(vkey string, witnesses []string, quorum int) (*judge, error) {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	all := []note.Verifier{log}
	for _, vkey := range witnesses {
		witness, err := newCosigner(vkey)
		if err != nil {
			return nil, err
		}
		all = append(all, witness)
	}
	return &judge{log, note.VerifierList(all...), quorum}, nil
}

// open returns the text of a note that the log signed, and how many witnesses signed it too.
func (j *judge) open(raw []byte) (string, int, error) {
	opened, err := note.Open(raw, j.known)
	if err != nil {
		return "", 0, err
	}
	witnesses, log := map[string]bool{}, false
	for _, signature := range opened.Sigs {
		if signature.Name == j.log.Name() && signature.Hash == j.log.KeyHash() {
			log = true
		} else {
			witnesses[signature.Name] = true
		}
	}
	if !log {
		return "", 0, errors.New("the log has not signed")
	}
	return opened.Text, len(witnesses), nil
}

// tree reads a checkpoint; a tree in Go's own log has the same three lines under a fixed name.
func (j *judge) tree(raw []byte, quorum int) (tlog.Tree, error) {
	text, witnesses, err := j.open(raw)
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, lines, _ := strings.Cut(text, "\n")
	if origin != j.log.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q is not the log's", origin)
	}
	if witnesses < quorum {
		return tlog.Tree{}, fmt.Errorf("%d cosignatures, %d wanted", witnesses, quorum)
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + lines))
}

type trust struct {
	Log       struct{ Vkey string }
	Witnesses []struct{ Vkey string }
	Quorum    int
}

func checkBundle(path, trustPath string) (string, error) {
	files, err := untar(path)
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(trustPath)
	if err != nil {
		return "", err
	}
	var given trust
	if err := json.Unmarshal(raw, &given); err != nil {
		return "", err
	}
	vkeys := []string{}
	for _, witness := range given.Witnesses {
		vkeys = append(vkeys, witness.Vkey)
	}
	j, err := newJudge(given.Log.Vkey, vkeys, given.Quorum)
	if err != nil {
		return "", err
	}
	if err := j.manifest(files); err != nil {
		return "", fmt.Errorf("manifest: %w", err)
	}
	head, err := j.tree(files["log/checkpoint"], given.Quorum)
	if err != nil {
		return "", fmt.Errorf("log/checkpoint: %w", err)
	}
	earlier, err := j.consistency(files, head)
	if err != nil {
		return "", err
	}
	entries, err := inclusion(files, head)
	if err != nil {
		return "", err
	}
	if err := complete(files, entries); err != nil {
		return "", err
	}
	return fmt.Sprintf("tree of %d, %d earlier checkpoints, %d entries", head.N, earlier, len(entries)), nil
}

func untar(path string) (map[string][]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	files := map[string][]byte{}
	for reader := tar.NewReader(in); ; {
		member, err := reader.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[member.Name], err = io.ReadAll(reader); err != nil {
			return nil, err
		}
	}
}

// manifest checks the log's signature over MANIFEST.json and the hash of every file that is there.
func (j *judge) manifest(files map[string][]byte) error {
	raw := files["MANIFEST.json"]
	text, _, err := j.open(files["MANIFEST.note"])
	if err != nil {
		return err
	}
	if text != fmt.Sprintf("tradehall-bundle/v1\n%x\n", sha256.Sum256(raw)) {
		return errors.New("the signature is over another manifest")
	}
	var manifest struct {
		Files []struct{ Path, Sha256, Tier string }
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return err
	}
	named := map[string]bool{"MANIFEST.json": true, "MANIFEST.note": true}
	for _, row := range manifest.Files {
		data, here := files[row.Path]
		if here && fmt.Sprintf("%x", sha256.Sum256(data)) != row.Sha256 || !here && row.Tier != "regulator" {
			return fmt.Errorf("%s is missing or another file", row.Path)
		}
		named[row.Path] = true
	}
	for path := range files {
		if !named[path] {
			return fmt.Errorf("%s is not listed", path)
		}
	}
	return nil
}

// consistency checks that the tree of each checkpoint in the bundle is a prefix of the newest one.
func (j *judge) consistency(files map[string][]byte, head tlog.Tree) (int, error) {
	var rows []struct {
		From, To int64
		Proof    []tlog.Hash
	}
	if err := json.Unmarshal(files["log/consistency.json"], &rows); err != nil {
		return 0, err
	}
	proofs := map[int64][]tlog.Hash{}
	for _, row := range rows {
		if row.To == head.N {
			proofs[row.From] = row.Proof
		}
	}
	count := 0
	for path, raw := range files {
		size, found := strings.CutPrefix(path, "log/checkpoints/")
		if !found {
			continue
		}
		tree, err := j.tree(raw, j.quorum)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		if strconv.FormatInt(tree.N, 10) != size {
			return 0, fmt.Errorf("%s is of size %d", path, tree.N)
		}
		proof, given := proofs[tree.N]
		if !given && tree != head {
			return 0, fmt.Errorf("no consistency proof from %d to %d", tree.N, head.N)
		}
		if tree.N == head.N && (tree.Hash != head.Hash || len(proof) != 0) {
			return 0, fmt.Errorf("%s: two trees of one size", path)
		}
		if tree.N != head.N {
			if err := tlog.CheckTree(proof, head.N, head.Hash, tree.N, tree.Hash); err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
		}
		count++
	}
	return count, nil
}

// inclusion checks each entry's proof and returns the entries by their place in the log.
func inclusion(files map[string][]byte, head tlog.Tree) (map[int64][]byte, error) {
	entries := map[int64][]byte{}
	for path, body := range files {
		name, found := strings.CutPrefix(path, "log/entries/")
		if !found {
			continue
		}
		index, err := strconv.ParseInt(strings.TrimSuffix(name, ".json"), 10, 64)
		if err != nil {
			return nil, err
		}
		proof, err := readProof(files[fmt.Sprintf("log/proofs/%d.tlog-proof", index)], index, files["log/checkpoint"])
		if err != nil {
			return nil, fmt.Errorf("proof of entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, head.N, head.Hash, index, tlog.RecordHash(body)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", index, err)
		}
		entries[index] = body
	}
	return entries, nil
}

// readProof takes a c2sp.org/tlog-proof@v1 apart: header, index, hashes, empty line, checkpoint.
func readProof(raw []byte, index int64, checkpoint []byte) (tlog.RecordProof, error) {
	head, signed, found := strings.Cut(string(raw), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || signed != string(checkpoint) || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return nil, errors.New("no proof, or not one of log/checkpoint")
	}
	if strings.HasPrefix(lines[1], "extra ") {
		lines = lines[1:]
	}
	if lines[1] != fmt.Sprintf("index %d", index) {
		return nil, errors.New("of another entry")
	}
	proof := tlog.RecordProof{}
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		proof = append(proof, hash)
	}
	return proof, nil
}

// complete checks that the entries are exactly those that the tender's last manifest lists, and itself.
func complete(files map[string][]byte, entries map[int64][]byte) error {
	last, commitment := int64(-1), ""
	for index, body := range entries {
		var entry struct {
			Type string
			Pl   []string
		}
		if err := json.Unmarshal(body, &entry); err != nil {
			return err
		}
		if entry.Type == "tender.manifest" && index > last {
			if len(entry.Pl) == 0 {
				return fmt.Errorf("entry %d commits to nothing", index)
			}
			last, commitment = index, entry.Pl[0]
		}
	}
	if last < 0 {
		return errors.New("no tender.manifest")
	}
	raw, nonce := files["payloads/"+commitment+".json"], files["payloads/"+commitment+".nonce"]
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte("ebid-commit/1\n"), nonce, raw}, nil))
	if hex.EncodeToString(sum[:]) != commitment {
		return fmt.Errorf("entry %d commits to another payload", last)
	}
	var listed struct{ Plain, Blinded []int64 }
	if err := json.Unmarshal(raw, &listed); err != nil {
		return err
	}
	wanted := map[int64]bool{last: true}
	for _, index := range append(listed.Plain, listed.Blinded...) {
		wanted[index] = true
		if _, here := entries[index]; !here {
			return fmt.Errorf("entry %d is listed and missing", index)
		}
	}
	if len(wanted) != len(entries) {
		return fmt.Errorf("%d entries, %d listed", len(entries), len(wanted))
	}
	return nil
}

// folder reads C2SP tlog-tiles; Go's own paths name the tile height too.
type folder struct{ root string }

func (f folder) Height() int                     { return 8 }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := [][]byte{}
	for _, tile := range tiles {
		raw, err := f.read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		data = append(data, raw)
	}
	return data, nil
}

func (f folder) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.root, filepath.FromSlash(path)))
}

// checkTiles checks checkpoint, tiles and every entry of a whole log; all given witnesses must have cosigned.
func checkTiles(root, vkey string, witnesses []string) (string, error) {
	files := folder{root}
	j, err := newJudge(vkey, witnesses, len(witnesses))
	if err != nil {
		return "", err
	}
	raw, err := files.read("checkpoint")
	if err != nil {
		return "", err
	}
	head, err := j.tree(raw, j.quorum)
	if err != nil {
		return "", err
	}
	hashes := tlog.TileHashReader(head, files)
	for first := int64(0); first < head.N; first += 256 {
		width := min(256, head.N-first)
		bodies, err := files.entries(first/256, int(width))
		if err != nil {
			return "", err
		}
		for at, body := range bodies {
			index := first + int64(at)
			proof, err := tlog.ProveRecord(head.N, index, hashes)
			if err != nil {
				return "", err
			}
			if err := tlog.CheckRecord(proof, head.N, head.Hash, index, tlog.RecordHash(body)); err != nil {
				return "", fmt.Errorf("entry %d: %w", index, err)
			}
		}
	}
	return fmt.Sprintf("tree of %d from tiles, %d cosignatures", head.N, j.quorum), nil
}

// entries reads one entry bundle: each entry behind its length in two bytes.
func (f folder) entries(n int64, width int) ([][]byte, error) {
	tile := tlog.Tile{H: 8, L: -1, N: n, W: width}
	raw, err := f.read(strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1))
	if err != nil {
		return nil, err
	}
	bodies := [][]byte{}
	for len(raw) >= 2 {
		size := int(binary.BigEndian.Uint16(raw))
		if len(raw) < 2+size {
			break
		}
		bodies, raw = append(bodies, raw[2:2+size]), raw[2+size:]
	}
	if len(raw) != 0 || len(bodies) != width {
		return nil, fmt.Errorf("entry bundle %d holds %d entries, %d wanted", n, len(bodies), width)
	}
	return bodies, nil
}
