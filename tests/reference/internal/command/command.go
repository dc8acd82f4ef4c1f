// Package command is what the rooms' programs share: their flags, the files
// they write and read, and how they report and end.
package command

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// Exit statuses: 0 all equal, 1 something differs or failed, 2 something that
// the run needs is missing.
const (
	statusDiffers = 1
	statusMissing = 2
)

// ErrMissing marks an error as "a tool or file that the run needs is not here".
var ErrMissing = errors.New("missing")

// Options are the flags that every room has.
type Options struct {
	// Cases is how many cases (or clusters) to generate.
	Cases int
	// Seed is what they are generated from: the same seed, the same cases.
	Seed uint64
	// Portolan names the binary to ask; see [portolan.Find].
	Portolan string
	// Record names a file to write the vectors to, "-" for the standard
	// output; ".gz" at its end compresses. The project is then not asked.
	Record string
	// From names a recorded file to compare with instead of recording.
	From string
}

// Flags declares the common flags. `counted` is the name of the flag that says
// how many ("cases", "count").
func Flags(counted string, number int) *Options {
	options := &Options{}
	flag.IntVar(&options.Cases, counted, number, "how many to generate")
	flag.Uint64Var(&options.Seed, "seed", 1, "what they are generated from")
	flag.StringVar(&options.Portolan, "portolan", "", "the binary to ask (else $PORTOLAN, else the tree's own build)")
	flag.StringVar(&options.Record, "record", "", "write the vectors to this file (\"-\" for standard output, .gz compresses) and ask nobody")
	flag.StringVar(&options.From, "from", "", "compare with this recorded file instead of recording")
	return options
}

// Binary finds the project's binary or ends the program with status 2.
func (options *Options) Binary() string {
	path, err := portolan.Find(options.Portolan)
	if err != nil {
		Fail(fmt.Errorf("%w: %w", ErrMissing, err))
	}
	return path
}

// Fail ends the program with the error's words: status 2 where something is
// missing, else 1.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, ErrMissing) || errors.Is(err, portolan.ErrNotBuilt) {
		os.Exit(statusMissing)
	}
	os.Exit(statusDiffers)
}

// Run makes the records, or reads them with --from; writes them with --record,
// and else compares them and reports.
func Run[R any](options *Options, room string, generate func() ([]R, error), compare func(binary string, records []R) ([]Case, error)) error {
	if options.Record == "" {
		options.Binary() // a missing binary should not cost a recording
	}
	if options.From != "" {
		generate = func() ([]R, error) { return ReadLines[R](options.From) }
	}
	records, err := generate()
	if err != nil {
		return err
	}
	if options.Record != "" {
		return WriteLines(options.Record, records)
	}
	cases, err := compare(options.Binary(), records)
	if err != nil {
		return err
	}
	Report(room, cases)
	return nil
}

// Each compares record by record.
func Each[R any](compare func(binary string, record R) ([]Case, error)) func(string, []R) ([]Case, error) {
	return func(binary string, records []R) ([]Case, error) {
		var cases []Case
		for _, record := range records {
			compared, err := compare(binary, record)
			if err != nil {
				return nil, err
			}
			cases = append(cases, compared...)
		}
		return cases, nil
	}
}

// A Case is one thing compared: what was asked, and what differs.
type Case struct {
	// Name tells which case it is, Asked is what the project was asked.
	Name, Asked string
	Differences []difference.Difference
}

// Report prints every case that differs, then the counts, and ends the program
// with status 1 where there was one.
func Report(room string, cases []Case) {
	out := bufio.NewWriter(os.Stdout)
	differ := Print(out, room, cases)
	if err := out.Flush(); err != nil {
		Fail(err)
	}
	if differ > 0 {
		os.Exit(statusDiffers)
	}
}

// Print writes every case that differs, then the counts, and gives the number
// of cases that differ.
func Print(out io.Writer, room string, cases []Case) int {
	differ := 0
	for _, one := range cases {
		if len(one.Differences) == 0 {
			continue
		}
		differ++
		fmt.Fprintf(out, "--- %s\n", one.Name)
		if one.Asked != "" {
			fmt.Fprintf(out, "    asked: %s\n", one.Asked)
		}
		for _, found := range one.Differences {
			fmt.Fprintf(out, "    %s\n      want %s\n      got  %s\n", found.Path, found.Want, found.Got)
		}
	}
	fmt.Fprintf(out, "%s: %d cases compared, %d differ\n", room, len(cases), differ)
	return differ
}

// WriteLines writes the values as JSON lines to the named file.
func WriteLines[T any](name string, values []T) error {
	return write(name, func(out io.Writer) error {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		for _, value := range values {
			if err := encoder.Encode(value); err != nil {
				return err
			}
		}
		return nil
	})
}

func write(name string, content func(io.Writer) error) error {
	if name == "-" {
		return content(os.Stdout)
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var out io.Writer = file
	if strings.HasSuffix(name, ".gz") {
		compressed := gzip.NewWriter(file)
		if err := content(compressed); err != nil {
			return err
		}
		return compressed.Close()
	}
	buffered := bufio.NewWriter(out)
	if err := content(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// ReadLines reads a file of JSON lines, compressed or not.
func ReadLines[T any](name string) ([]T, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	defer file.Close()
	return Lines[T](file)
}

// Lines reads JSON lines, compressed or not.
func Lines[T any](source io.Reader) ([]T, error) {
	buffered := bufio.NewReaderSize(source, 1<<20)
	var in io.Reader = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		compressed, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		in = compressed
	}
	var values []T
	decoder := json.NewDecoder(in)
	decoder.UseNumber()
	for {
		var value T
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return values, nil
		} else if err != nil {
			return nil, fmt.Errorf("value %d: %w", len(values)+1, err)
		}
		values = append(values, value)
	}
}
