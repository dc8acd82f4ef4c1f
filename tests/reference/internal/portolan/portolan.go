// Package portolan asks the project's own binary: `portolan ask`, questions as
// JSON lines in, answers as JSON lines out, in the same order.
package portolan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"portolan/reference/internal/difference"
)

// ErrNotBuilt is returned by [Find] where there is no binary to ask.
var ErrNotBuilt = errors.New("no portolan binary: build it (cargo build --release -p portolan-cli) or name it with --portolan")

// Find gives the path of the binary: the one named, else $PORTOLAN, else the
// youngest of the release and debug builds of the tree that `start` is in.
func Find(named string) (string, error) {
	if named == "" {
		named = os.Getenv("PORTOLAN")
	}
	if named != "" {
		if _, err := os.Stat(named); err != nil {
			return "", fmt.Errorf("%w (%v)", ErrNotBuilt, err)
		}
		return named, nil
	}
	var path string
	var built time.Time
	for _, target := range targets() {
		for _, profile := range []string{"release", "debug"} {
			candidate := filepath.Join(target, profile, "portolan")
			if info, err := os.Stat(candidate); err == nil && info.ModTime().After(built) {
				path, built = candidate, info.ModTime()
			}
		}
	}
	if path == "" {
		return "", ErrNotBuilt
	}
	return path, nil
}

func targets() []string {
	if target := os.Getenv("CARGO_TARGET_DIR"); target != "" {
		return []string{target}
	}
	directory, err := os.Getwd()
	if err != nil {
		return nil
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "Cargo.toml")); err == nil {
			return []string{filepath.Join(directory, "target")}
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return nil
		}
		directory = parent
	}
}

// Input is the questions as JSON lines.
func Input(questions []any) ([]byte, error) {
	var input bytes.Buffer
	encoder := json.NewEncoder(&input)
	encoder.SetEscapeHTML(false)
	for _, question := range questions {
		if err := encoder.Encode(question); err != nil {
			return nil, err
		}
	}
	return input.Bytes(), nil
}

// Run runs `portolan ask` with the arguments on the input and gives its output.
func Run(binary string, arguments []string, input []byte) ([]byte, error) {
	command := exec.Command(binary, append([]string{"ask"}, arguments...)...)
	command.Stdin = bytes.NewReader(input)
	var output, complaints bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaints
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s ask: %w: %s", binary, err, bytes.TrimSpace(complaints.Bytes()))
	}
	return output.Bytes(), nil
}

// Ask asks the binary the questions and gives an answer for each, decoded with
// numbers as written. It fails where the binary fails or answers fewer or more
// lines.
func Ask(binary string, arguments []string, questions []any) ([]any, error) {
	input, err := Input(questions)
	if err != nil {
		return nil, err
	}
	output, err := Run(binary, arguments, input)
	if err != nil {
		return nil, err
	}
	var answers []any
	for line := range bytes.Lines(output) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		answer, err := difference.Decode(line)
		if err != nil {
			return nil, fmt.Errorf("answer %d: %w", len(answers)+1, err)
		}
		answers = append(answers, answer)
	}
	if len(answers) != len(questions) {
		return nil, fmt.Errorf("%d questions, %d answers", len(questions), len(answers))
	}
	return answers, nil
}

// AskOf asks the binary about a cluster of these objects, given as one List in a
// file; see [Ask].
func AskOf[O any](binary string, objects []O, arguments []string, questions []any) ([]any, error) {
	directory, err := os.MkdirTemp("", "portolan-reference-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "cluster.json")
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	return Ask(binary, append([]string{"-f", file}, arguments...), questions)
}
