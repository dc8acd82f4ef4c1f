package yaml

import (
	"fmt"
	"strings"
)

// corner is a text for the branches of the reader that manifests hardly reach.
func (w *writer) corner() string {
	switch w.random.IntN(6) {
	case 0:
		return w.directed()
	case 1:
		return w.tagged()
	case 2:
		return w.boundary()
	case 3:
		return w.aliased()
	case 4:
		return fmt.Sprintf(pick(w, "%s", "a: %s", "%s: b", "[%s]", "a: !!float %s", "a: !!int %s", "!!float %s: a", "a: !!bool %s"), w.digits()) + "\n"
	default:
		return fmt.Sprintf(pick(w, "a: %s", "a: !!timestamp %s", "a: !!timestamp '%s'", "!!timestamp %s: a", "- %s"), w.moment()) + "\n"
	}
}

// directed has directives, behind line breaks that do not split the stream.
func (w *writer) directed() string {
	line := pick(w, "\r", "\u0085", "\u2028", "\u2029")
	var out strings.Builder
	out.WriteString(pick(w, "", "", "", "\ufeff", "x"+line, "x"+line+"..."+line))
	for range 1 + w.random.IntN(3) {
		out.WriteString(pick(w, "%YAML 1.1", "%YAML 1.1", "%YAML 1.1 # c", "%YAML 1.1#c", "%YAML\t1.1 ", "%YAML 1", "%YAML 1.", "%YAML .1", "%YAML 1.111", "%YAML 01.01", "%YAML 1.1 x", "%YAML 1.2", "%YAML", "%yaml 1.1", "%YAML-x", "%", "%é", "%1",
			"%TAG", "%TAG !", "%TAG ! !x", "%TAG ! tag:yaml.org,2002:", "%TAG !! !", "%TAG !e! tag:yaml.org,2002:", "%TAG !e! tag:yaml.org,2002:", "%TAG !e! tag:yaml.org,2002:i", "%TAG !e tag:x:", "%TAG e! tag:x:", "%TAG !e!x tag:x", "%TAG !e! tag:x: # c", "%TAG !e! tag:x: y", "%TAG !e! tag:%79aml.org,2002:", "%TAG !e! %", "%TAG !e! \"x\"", "%TAG\t!e!\t!") + line)
	}
	out.WriteString(pick(w, "---", "---", "---", "--- ", "", "...") + pick(w, line, " "))
	return out.String() + pick(w, "a: !e!int '1'", "a: !!int '1'", "a: !int '1'", "a: !e!nt '1'", "!e!str 1", "a: !e! x", "b", "") + pick(w, "", line)
}

// tagged has a tag whose parts are escaped, or are no tag.
func (w *writer) tagged() string {
	tag := pick(w, "!<tag:yaml.org,2002:int>", "!<tag:yaml.org,2002:int", "!<%", "!<tag:yaml.org,2002:%69nt>", "!!i%6Et", "!%C3%A9", "!%C3", "!%C3%41", "!%C3x", "!%80", "!%F8%80", "!%F0%9F%98%80", "!%F0%9F%98", "!%ED%A0%80", "!%00", "!<!>", "!<a b>", "!é", "!a!b!c", "!a-b!c", "!!int!", "!,", "!a]", "!{", "!x#y", "!x^", "!<x>y", "! ", "!!binary,", "!!str]")
	value := pick(w, " '1'", " 1", "", " [1]", " {a: 1}", " &a 1", "\n  1", "\n  - 1", "\n  a: 1", " |\n  1", " *a", " !x 1", " ''")
	frame := pick(w, []string{"a: ", ""}, []string{"", ""}, []string{"[", "]"}, []string{"? ", "\n: x"}, []string{"&z ", ""}, []string{"{", ": 1}"}, []string{"- ", ""})
	return frame[0] + tag + value + frame[1] + "\n"
}

// boundary has something special where a piece of 512 bytes ends.
func (w *writer) boundary() string {
	start := pick(w, "#", "a: ", "'", "\"", "- ", "|\n ", "&", "!", "*", "[", "a: [", "x: |\n  ", "%TAG !", "%YAML 1.1 #", "a: &b c\nd: *", " ")
	filling := pick(w, "x", "x", " ", "\n", "é", "x ", "\t", "a\n", "- \n", "[", ", ", "\r")
	size := pick(w, 512, 1024, 1536) - w.random.IntN(14) - len(start)
	text := start + strings.Repeat(filling, max(size, 0)/len(filling))
	for range w.random.IntN(8) {
		text += pick(w, "a", "1", " ", "\n", "\n  ", ": ", "- ", ", ", "]", "}", "&a ", "*a", "! ", "|", "'", "\"", "\\", "#", "---", "...", "\r\n", "\u2028", "%", "é", "😀")
	}
	text += pick(w, "", "\u0000", "\u0001", "\ufeff", "\u0085", "\u007f", "\u009f", "\ufffe", "\uffff")
	return text + pick(w, "", "\n", "b: c\n", strings.Repeat("x", pick(w, 1, 100, 511, 512, 513)), strings.Repeat("\n", 600)) + pick(w, "", "", "", "\u0001", "\ufeff")
}

// aliased comes from aliases in great part, up to and beyond what is let in.
func (w *writer) aliased() string {
	var out strings.Builder
	if w.chance(2) {
		width, times := pick(w, 1, 8, 9, 10, 11, 20, 98, 99, 100, 101), pick(w, 49, 50, 51, 99, 100, 101, 102, 500, 1000)
		if w.chance(2) {
			fmt.Fprintf(&out, "b: &b [%s]\nl: [%s]\n", list(width, "x"), list(times, "*b"))
		} else {
			fmt.Fprintf(&out, "b: &b {%s}\nl: [%s]\n", fields(width), list(times, "{<<: *b}"))
		}
		return out.String()
	}
	width, levels := pick(w, 6, 9, 10, 11), pick(w, 3, 4, 5)
	fmt.Fprintf(&out, "a0: &a0 [%s]\n", list(width, "x"))
	for level := 1; level < levels; level++ {
		fmt.Fprintf(&out, "a%d: &a%d [%s]\n", level, level, list(width, fmt.Sprintf("*a%d", level-1)))
	}
	fmt.Fprintf(&out, "p: [%s]\n", list(pick(w, 0, 100, 200, 500, 1200), "1"))
	return out.String()
}

func list(count int, item string) string {
	return strings.TrimSuffix(strings.Repeat(item+", ", count), ", ")
}

func fields(count int) string {
	var out strings.Builder
	for number := range count {
		fmt.Fprintf(&out, "k%d: 1, ", number)
	}
	return out.String()
}

// digits is what might be a number.
func (w *writer) digits() string {
	if w.chance(3) {
		return pick(w, "", "-", "+", "0b", "-0b", "0b-", "0b+", "-0b-", "0x", "0o", "0", "-0") + strings.Repeat(pick(w, "1", "0", "7", "9", "f", "_1"), pick(w, 1, 16, 19, 20, 21, 22, 62, 63, 64, 65, 310)) + pick(w, "", "", ".5", "e1", "e-90", "_")
	}
	var out strings.Builder
	for range 1 + w.random.IntN(8) {
		out.WriteByte("0123456789+-._eExXbBoOinfaNIF:TZt"[w.random.IntN(33)])
	}
	return out.String()
}

// moment is what might be a time.
func (w *writer) moment() string {
	day := pick(w, "2001", "0000", "9999", "999", "10000") + "-" + pick(w, "01", "1", "12", "13", "0", "02") + "-" + pick(w, "01", "1", "31", "30", "29", "0", "32")
	if w.chance(3) {
		return day
	}
	time := pick(w, "00", "1", "23", "24") + pick(w, ":", ":", ":", "") + pick(w, "00", "5", "59", "60") + ":" + pick(w, "00", "5", "59", "60") + pick(w, "", ".", ".5", ",5", ".123456789", ".1234567890", ".5x")
	return day + pick(w, "T", "t", " ", "  ", "\t", "x") + time + pick(w, "", "Z", "z", " Z", "+01:00", "-05:00", "-5", " -5", "+0100", "+24:00", " +01:00", "Z07:00")
}
