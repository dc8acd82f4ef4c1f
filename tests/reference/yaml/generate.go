package yaml

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Generate gives the YAML text of case `index` of a seed: streams of the kind
// that manifests are, with everything odd that YAML 1.1 and 1.2 know, and a
// share that is broken on purpose.
func Generate(seed uint64, index int) string {
	text := &writer{random: rand.New(rand.NewPCG(seed, uint64(index)))}
	if text.chance(12) {
		return text.corner()
	}
	text.careful = !text.chance(5)
	text.stream()
	result := text.out.String()
	switch text.random.IntN(12) {
	case 0:
		return text.damage(result)
	case 1:
		return strings.ReplaceAll(result, "\n", "\r\n")
	case 2:
		if text.chance(4) {
			return strings.ReplaceAll(result, "\n", pick(text, "\r", "\u0085", "\u2028", "\r\n\r\n"))
		}
	}
	return result
}

// A writer holds the text as far as it is written, and the anchors it knows.
type writer struct {
	random  *rand.Rand
	out     bytes.Buffer
	anchors []string
	maps    []string
	count   int
	// careful takes back what would make the reader refuse the document that
	// starts at `start`: one odd entry must not hide all the others.
	careful bool
	start   int
}

// entry writes one entry, and takes it back where a careful writer should.
func (w *writer) entry(write func()) {
	before, anchors, maps := w.out.Len(), w.anchors, w.maps
	write()
	if !w.careful {
		return
	}
	for _, document := range Read(string(w.out.Bytes()[w.start:])).Documents {
		if document.Error != "" {
			w.out.Truncate(before)
			w.anchors, w.maps = anchors, maps
			return
		}
	}
}

// inner writes into a buffer of its own, for text that is put after a dash.
func (w *writer) inner(write func(*writer)) string {
	inner := writer{random: w.random, anchors: w.anchors, maps: w.maps, count: w.count}
	write(&inner)
	w.anchors, w.maps, w.count = inner.anchors, inner.maps, inner.count
	return " " + strings.TrimLeft(inner.out.String(), " ")
}

func pick[T any](w *writer, choices ...T) T { return choices[w.random.IntN(len(choices))] }

// chance is true once in n.
func (w *writer) chance(n int) bool { return w.random.IntN(n) == 0 }

func (w *writer) fresh(prefix string) string {
	w.count++
	return fmt.Sprintf("%s%d", prefix, w.count)
}

func (w *writer) stream() {
	if w.chance(40) {
		w.out.WriteString("\ufeff")
	}
	if w.chance(15) {
		w.out.WriteString(pick(w, "# top\n", "\n\n", "   \n", "#\ttab\n", "\t\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "%YAML 2.0\n---\n",
			"%TAG ! tag:example.com,2000:\n---\n", "%TAG !e! tag:yaml.org,2002:\n---\n", "%FOO bar\n---\n", "%YAML 1.1\n", "---\n---\n", "...\n"))
	}
	documents := 1 + w.random.IntN(3)
	if w.chance(4) {
		w.out.WriteString("---\n")
	}
	for document := range documents {
		if document > 0 {
			w.separate()
		}
		w.anchors, w.maps, w.start = nil, nil, w.out.Len()
		w.document()
	}
	if w.chance(4) {
		w.out.WriteString(pick(w, "---\n", "...\n", "   \n", "   ", "# end", "\n\n\n", "---", "--- ", "---\n# c\n"))
	}
	if w.chance(50) {
		w.out.WriteString(pick(w, "\t", "...", "\u0000", "\ufeff", "---\n...\n"))
	}
}

// separate ends a document, now and then in a way that does not.
func (w *writer) separate() {
	if w.careful && !w.chance(20) {
		w.out.WriteString(pick(w, "---\n", "---\n", "---\n", "---   \n", "--- # c\n", "...\n---\n", "--- # c\n# d\n", "---\t\n", "\n---\n\n", "---#c\n"))
		return
	}
	w.out.WriteString(pick(w, "---\n", "---\n---\n", "--- |\n", "---x\n", "--- a: b\n", " ---\n", "----\n", "---\n...\n", "--- !!map\n", "--- &top\n", "...\n", "---\r\n"))
}

func (w *writer) document() {
	switch w.random.IntN(24) {
	case 0:
		w.entry(func() { w.out.WriteString(w.scalar("", 0) + "\n") })
	case 1:
		w.entry(func() { w.out.WriteString(w.flow(3) + "\n") })
	case 2:
		w.entry(func() { w.out.WriteString(w.json(3, "") + "\n") })
	case 3:
		w.sequence(0, 3)
	case 4:
		w.out.WriteString(pick(w, "", "# only a comment\n", "\n", "null\n", "~\n", "{}\n", "[]\n", "!!null\n", "''\n", "&a\n", "? \n", "- \n", "-\n", ":\n", ": a\n", "a:\n"))
	case 5:
		w.out.WriteString(w.deep())
	default:
		w.mapping(0, 3)
	}
}

// deep is nesting of a depth that a limit might know.
func (w *writer) deep() string {
	depth := pick(w, 5, 20, 60, 150, 400)
	switch w.random.IntN(4) {
	case 0:
		return strings.Repeat("[", depth) + strings.Repeat("]", depth) + "\n"
	case 1:
		return strings.Repeat("{a: ", depth) + "1" + strings.Repeat("}", depth) + "\n"
	case 2:
		return strings.Repeat("- ", depth) + "x\n"
	default:
		var out strings.Builder
		for level := range depth {
			out.WriteString(strings.Repeat(" ", level) + "a:\n")
		}
		out.WriteString(strings.Repeat(" ", depth) + "b\n")
		return out.String()
	}
}

func (w *writer) indent(depth int) string { return strings.Repeat(" ", depth) }

func (w *writer) mapping(depth, levels int) {
	used := map[string]bool{}
	for range 1 + w.random.IntN(5) {
		key := w.key()
		for used[key] && !w.chance(25) {
			key = w.fresh("k")
		}
		used[key] = true
		w.entry(func() {
			w.noise(depth)
			switch {
			case w.chance(40):
				w.explicit(depth, levels, key)
			case w.chance(25):
				w.merge(depth)
			default:
				w.out.WriteString(w.indent(depth) + key + pick(w, ":", ":", ":", ":", ":", ":", ":", ":", ":", " :"))
				w.value(depth, levels)
			}
		})
	}
}

// noise is what may stand between entries.
func (w *writer) noise(depth int) {
	if w.chance(25) {
		w.out.WriteString(pick(w, "\n", "# c\n", "   \n", "\t\n", w.indent(depth)+"# comment\n", "#\ttab\n", "      # far\n", "\t# tab before\n"))
	}
}

func (w *writer) explicit(depth, levels int, key string) {
	indent := w.indent(depth)
	w.out.WriteString(indent + pick(w, "? ", "?\n"+indent+"  ", "? # c\n"+indent+"  ") + pick(w, key, w.flow(1), w.scalar(indent+"  ", 1), "- a\n"+indent+"  - b", "|\n"+indent+"  block") + "\n")
	if !w.chance(6) {
		w.out.WriteString(indent + ":")
		w.value(depth, levels)
	}
}

func (w *writer) merge(depth int) {
	indent := w.indent(depth)
	if len(w.maps) == 0 || w.chance(2) {
		name := w.fresh("m")
		w.maps = append(w.maps, name)
		w.out.WriteString(indent + w.fresh("base") + ": &" + name + " " + pick(w, "{x: 1, y: 2}", "{a: 1, b: {c: 2}}", "{}", "{x: 1, <<: {q: 1}}", "[{x: 1}]", "{x: 3, z: 1}") + "\n")
	}
	source := "*" + pick(w, w.maps...)
	if w.chance(4) {
		source = "[" + source + ", *" + pick(w, w.maps...) + "]"
	}
	if w.chance(6) {
		source = pick(w, "{p: 1, q: 2}", "[{p: 1}, {p: 2, r: 3}]", "[]", "null", "x", "1", "[1]", "*nope", "[[{a: 1}]]", "", "!!map {a: 1}", "'*x'")
	}
	w.out.WriteString(indent + w.fresh("into") + ":\n")
	deeper := w.indent(depth + 2)
	lines := []string{deeper + pick(w, "<<", "<<", "<<", "<<", "\"<<\"", "'<<'", "!!merge <<", "? <<\n"+deeper) + ": " + source + "\n"}
	for range w.random.IntN(3) {
		lines = append(lines, deeper+pick(w, "x", "y", "z", "p", "<<", "a", "b")+": "+pick(w, "3", "{q: 9}", "v", "null")+"\n")
	}
	w.random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	for _, line := range lines {
		w.out.WriteString(line)
	}
}

// value writes what follows a key's colon, with its line end.
func (w *writer) value(depth, levels int) {
	space := pick(w, " ", " ", " ", " ", " ", " ", " ", "  ", "\t", "", " \t ")
	if space == "" && !w.chance(4) {
		space = " "
	}
	properties := w.properties()
	choice := w.random.IntN(10)
	if levels == 0 && choice < 4 {
		choice = 9
	}
	switch choice {
	case 0, 1:
		w.out.WriteString(strings.TrimRight(" "+properties, " ") + w.comment() + "\n")
		w.mapping(depth+pick(w, 2, 2, 2, 2, 2, 1, 4, 3), levels-1)
	case 2, 3:
		w.out.WriteString(strings.TrimRight(" "+properties, " ") + w.comment() + "\n")
		w.sequence(depth+pick(w, 0, 2, 2, 2, 1, 4), levels-1)
	case 4:
		w.out.WriteString(space + properties + w.flow(3) + w.comment() + "\n")
	case 5:
		w.alias(space)
	case 6:
		w.out.WriteString(w.comment() + "\n")
	default:
		w.out.WriteString(space + properties + w.scalar(w.indent(depth+2), depth) + w.comment() + "\n")
	}
}

func (w *writer) alias(space string) {
	if len(w.anchors) == 0 || w.chance(30) {
		w.out.WriteString(space + pick(w, "*nope", "*", "*a b", "&x *x", "&self [*self]", "&", "&a&b c", "*nope # c") + "\n")
		return
	}
	w.out.WriteString(space + "*" + pick(w, w.anchors...) + pick(w, "", "", "", " ", " # c", "#c") + "\n")
}

func (w *writer) properties() string {
	var anchor, tag string
	if w.chance(12) {
		name := w.fresh("a")
		if w.chance(8) && len(w.anchors) > 0 {
			name = w.anchors[0]
		}
		w.anchors = append(w.anchors, name)
		anchor = "&" + name + " "
	}
	if w.chance(25) {
		tag = w.tag() + " "
	}
	return pick(w, anchor+tag, tag+anchor)
}

func (w *writer) tag() string {
	return pick(w, "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!map", "!!seq", "!!set", "!!omap", "!!pairs", "!!merge", "!!value", "!", "!foo", "!e!x", "!<tag:yaml.org,2002:str>",
		"!<tag:yaml.org,2002:int>", "!<!foo>", "!<>", "!!", "!!foo", "!!python/none", "!foo%21bar", "!!str%20", "!<tag:yaml.org,2002:float>", "!<tag:yaml.org,2002:bool>", "!!s%74r")
}

func (w *writer) comment() string {
	return pick(w, "", "", "", "", "", "", "", "", "", "", "", " # c", " # c", "#c", "   ", "\t", "\t# c", " #")
}

func (w *writer) sequence(depth, levels int) {
	for range 1 + w.random.IntN(4) {
		w.entry(func() {
			w.noise(depth)
			w.item(depth, levels)
		})
	}
}

func (w *writer) item(depth, levels int) {
	w.out.WriteString(w.indent(depth) + "-")
	choice := w.random.IntN(9)
	if levels <= 0 && choice < 3 {
		choice = 8
	}
	switch choice {
	case 0:
		w.out.WriteString(w.inner(func(inner *writer) { inner.mapping(depth+2, levels-1) }))
	case 1:
		w.out.WriteString(w.inner(func(inner *writer) { inner.sequence(depth+2, levels-1) }))
	case 2:
		w.out.WriteString("\n")
		w.mapping(depth+2, levels-1)
	case 3:
		w.out.WriteString(w.comment() + "\n")
	case 4:
		w.out.WriteString(" " + w.properties() + w.flow(2) + w.comment() + "\n")
	case 5:
		w.alias(" ")
	default:
		w.out.WriteString(pick(w, " ", " ", " ", " ", " ", "  ", "\t", "   ") + w.properties() + w.scalar(w.indent(depth+2), depth) + w.comment() + "\n")
	}
}
