package yaml

import (
	"encoding/base64"
	"fmt"
	"strings"
)

var plain = strings.Split("yes|no|on|off|y|n|Y|N|Yes|YES|yEs|No|NO|On|ON|Off|OFF|true|True|TRUE|tRUE|false|False|FALSE|fALSE|null|Null|NULL|nULL|~|"+
	"0|-0|+0|1|+1|-1|80|007|08|0777|-0777|+0777|0o17|0O17|-0o17|0o|0o8|0b101|0B101|-0b101|+0b1|0b|0b2|0x1F|0X1f|-0x10|+0x10|0x|0xg|1_000|_1|1_|1__0|0x_1F|0b1_0|0_7|0o1_7|"+
	"9223372036854775807|9223372036854775808|-9223372036854775808|-9223372036854775809|18446744073709551615|18446744073709551616|99999999999999999999999|0x7fffffffffffffff|0xffffffffffffffff|0x10000000000000000|-0x8000000000000000|"+
	"0b1111111111111111111111111111111111111111111111111111111111111111|0777777777777777777777|01777777777777777777777|02000000000000000000000|"+
	"1.0|1.|.5|-.5|+.5|.|-12.50|+12.5|0.1|1e3|1E3|1e+3|1e-3|1e|1.5e300|1e400|-1e400|1e-400|1.e3|.5e1|1_000.5|1.5_5|1e1_0|123456789012345678.5|0.1e-6|1e21|1e20|100000000000000000000.0|1.7976931348623157e308|4.9e-324|-0.0|0.0|"+
	".inf|.Inf|.INF|-.inf|+.inf|.iNF|inf|.nan|.NaN|.NAN|.nAN|nan|-.nan|Infinity|NaN|0x1p4|0x1.8p1|"+
	"1:30|12:30:45|190:20:30.15|-1:30|2001-12-14|2001-12-14t21:59:43.10-05:00|2001-12-14 21:59:43.10 -5|2001-1-1|2001-12-15 2:59:43.10|2015-02-24T18:19:39Z|20010101|"+
	"TCP|v|a b|foo|é|日本|😀|a#b|a #b|a:b|a::b|::|::1|10.0.0.1|10.0.0.0/8|fd00::/8|http://x/y|*x|&x|!x|@x|`x|%x|,x|x,y|[x|]x|{x|}x|x]|x}|x[y]|x{y}|-x|- x|--|---|-|?x|? x|?|:x|: x|:|x:|x: y|=|<<|<|>x|\\|x|\"x|'x|x'y|x\"y|a\tb|\u00a0|a\u00a0b|\ufeffx|x\u0085y|x\u2028y|"+
	"a: b: c|null null|true false|...|... x|--- x|#x|0.0.0|1.2.3|1e3x|0xZZ|1,000|$1|50%|1Gi|100m|a\\nb|\u0001|\u007f|x\u0007y|\u009fx|\ue000|\U0010ffff", "|")

func (w *writer) key() string {
	switch w.random.IntN(14) {
	case 0:
		return pick(w, plain...)
	case 1:
		return pick(w, "\"dq\"", "'sq'", "\"a\\nb\"", "'it''s'", "\"\"", "''", "\"yes\"", "'1'", "\"\\u00e9\"", "\"<<\"", "\"a\nb\"")
	case 2:
		return pick(w, "[a]", "{a: 1}", "[]", "{}", "!!str 1", "!!int \"3\"", "&k key", "? a", "a b", "a  b", "!!null ''", "!!binary aGk=", "!!bool yes", "!!float 1", "!foo x", "true", "yes", "null", "~", "1", "1.5", "0x10", ".5", "1e3", "-1", "1.0", "<<", "=", ".inf", ".nan", "9223372036854775808", "2001-12-14", "")
	case 3:
		if w.chance(12) {
			return strings.Repeat("k", pick(w, 100, 127, 128, 129, 1000, 1022, 1023, 1024, 1025, 5000))
		}
		return w.fresh("key")
	default:
		return pick(w, "apiVersion", "kind", "metadata", "name", "spec", "port", "ports", "labels", "a", "b", "c", "d", "e", "f", "g", "x-y", "é", "日本", "app.kubernetes.io/name", "a.b", "a/b")
	}
}

// scalar is a scalar in any style. `indent` is what its further lines start
// with, depth the indentation of the collection it stands in.
func (w *writer) scalar(indent string, depth int) string {
	switch w.random.IntN(14) {
	case 0, 1:
		return w.doubleQuoted(indent)
	case 2:
		return "'" + pick(w, "", "a", "it''s", "yes", "80", "a\\nb", "a: b", "x # y", "a\n"+indent+"b", "a\n\n"+indent+"b", " a ", "\t", "''", "a  \n  "+indent+"  b", "é", "unclosed", "\n"+indent, "null", "---", "a\n---\nb") + pick(w, "'", "'", "'", "'", "'", "'", "'", "'", "'", "'", "'", "")
	case 3, 4:
		return w.block(indent, depth)
	case 5:
		return pick(w, "foo\n"+indent+"bar", "foo\n"+indent+"  bar\n"+indent+"baz", "a\n\n"+indent+"b", "a\n"+indent+"# c\n"+indent+"b", "a\n"+indent+"b: c", "a # c\n"+indent+"b", "a\n"+indent+"- b", "1\n"+indent+"2", "a\n"+indent+"b # c", "a\n\t"+indent+"b", "a\n"+indent+"---", "a\n"+indent+"'b'", "a\n\n\n"+indent+"b\n", "a\n"+indent+"\tb", "a \n"+indent+" b")
	case 6:
		if w.chance(3) {
			length := pick(w, 100, 1000, 4095, 4096, 4097, 9000)
			return strings.Repeat(pick(w, "x", "x ", "é", "1", "'"), length)
		}
		return w.tag() + " " + pick(w, plain...)
	case 7:
		return pick(w, "!!binary ", "!!binary ", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!timestamp ", "!foo ") + pick(w, "aGk=", "aG k=", "####", "\"80\"", "'1.5'", "1", "1.5", "yes", "'yes'", "''", "\"\"", "x", "~", "[1]", "{a: 1}", "|\n"+indent+"aGVsbG8=\n", "2001-12-14", "/////w==", base64.StdEncoding.EncodeToString([]byte("Grüße")), "1e3", "0x10", "1_0", "9223372036854775808", ".inf", "null", "on", "0o7", "-0")
	default:
		return pick(w, plain...)
	}
}

func (w *writer) doubleQuoted(indent string) string {
	var out strings.Builder
	out.WriteByte('"')
	for range w.random.IntN(4) {
		out.WriteString(pick(w, "a", "b c", "yes", "80", "\\n", "\\t", "\\\\", "\\\"", "\\0", "\\a", "\\b", "\\e", "\\f", "\\r", "\\v", "\\ ", "\\N", "\\_", "\\L", "\\P", "\\x41", "\\xe9", "\\u00e9", "\\u65e5", "\\U0001F600",
			"\\/", "\\x4", "\\u12", "\\ud83d\\ude00", "\\ud800", "\\q", "\\U00110000", "\\'", "\n"+indent, "\\\n"+indent, " \n"+indent+"  ", "\n\n"+indent, "\n", "é", "😀", " # x", ": ", "\t", "\\\t", "'", "{", "\n---\n", "\u0085", "\u2028", "\u0000", "\u0001", "\\\r\n"+indent))
	}
	out.WriteString(pick(w, "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"x", "", "\" x"))
	return out.String()
}

func (w *writer) block(indent string, depth int) string {
	header := pick(w, "|", "|", ">", ">", "|-", "|+", ">-", ">+", "|2", ">2", "|2-", "|-2", ">+1", "|1", "|9", "|0", "|x", "| # c", "|#c", ">- # c", "|+-", "|12", "|\t", "> ")
	inner := indent + pick(w, "", "  ", "    ", " ")
	var out strings.Builder
	out.WriteString(header + "\n")
	for range w.random.IntN(5) {
		out.WriteString(pick(w, inner+"line", inner+"line", inner+"line", inner+"  more", inner+"\ttab", "", "", "   ", inner+"# c", inner+"a: b", inner+"- c", strings.Repeat(" ", depth)+"less", inner+"trail  ", "\t", inner+" ", inner+"---", inner+"é", "---x", inner+"%", inner+"...", inner+"\u2028x") + "\n")
	}
	text := out.String()
	if w.chance(2) {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// flow is a flow collection or a scalar within one.
func (w *writer) flow(levels int) string {
	if levels == 0 || w.chance(4) {
		return w.flowScalar()
	}
	var parts []string
	isMap := w.chance(2)
	for range w.random.IntN(4) {
		switch {
		case isMap && !w.chance(8):
			parts = append(parts, pick(w, w.flowKey(), w.flowKey(), w.flowKey(), "? "+w.flowKey(), "")+pick(w, ": ", ": ", ": ", ": ", ": ", ":", " : ", ":\n   ")+pick(w, w.flow(levels-1), w.flow(levels-1), w.flow(levels-1), ""))
		case !isMap && w.chance(8):
			parts = append(parts, w.flowKey()+": "+w.flow(levels-1))
		default:
			parts = append(parts, w.flow(levels-1))
		}
	}
	comma := pick(w, ", ", ", ", ", ", ",", " , ", ",\n      ", ", # c\n      ", ",,", ",\t", "\n      , ")
	body := strings.Join(parts, comma) + pick(w, "", "", "", "", "", ",", ", ", "\n    ", " # c\n  ", ",,")
	open, closing := "[", "]"
	if isMap {
		open, closing = "{", "}"
	}
	if w.chance(40) {
		closing = pick(w, "", "]", "}", ")")
	}
	return open + pick(w, "", "", "", " ", "\n    ", "\t", "# c\n   ") + body + closing
}

func (w *writer) flowKey() string {
	return pick(w, "a", "b", "c", "x", "yes", "1", "null", "\"q\"", "'s'", "[k]", "{m: 1}", "<<", "a b", "a-b", "http://x", "\"j\"", "!!str 1", "&fa k", "é", "1.5", "~", "-", "?")
}

func (w *writer) flowScalar() string {
	switch w.random.IntN(6) {
	case 0:
		return w.doubleQuoted("   ")
	case 1:
		return pick(w, "'a'", "'it''s'", "''", "'a\n   b'", "!!str 1", "!!int '1'", "!foo x", "&f1 v", "*nope", "{}", "[]", "", "a b", "a\n   b", "x:y", "::1", "a:", ":a", "- a", "-1", "-", "?", "? a", "a#b", "a #b", "|", ">", "@x", "%", "http://x/y", "a?b", "=")
	default:
		return pick(w, plain...)
	}
}

// json is a document in JSON, spread over lines or not.
func (w *writer) json(levels int, indent string) string {
	newline, deeper, space := "\n"+indent, "\n"+indent+"  ", " "
	switch w.random.IntN(3) {
	case 0:
		newline, deeper, space = "", "", ""
	case 1:
		newline, deeper = "\n"+indent, "\n"+indent+"\t"
	}
	if levels == 0 || w.chance(3) {
		return pick(w, "1", "-1", "1.5", "1e3", "1E+2", "true", "false", "null", "\"\"", "\"x\"", "\"a\\/b\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"a\\nb\"", "\"é\"", "\"\\b\\f\"", "[]", "{}", "0", "12345678901234567890", "\"yes\"", "\"<&>\"", "\"\\u2028\"", "\"\t\"", "nul", "'x'", "01", "+1", ".5", "\"unclosed")
	}
	var parts []string
	isMap := w.chance(2)
	for range w.random.IntN(4) {
		value := w.json(levels-1, indent+"  ")
		if isMap {
			value = fmt.Sprintf("%q:%s%s", pick(w, "a", "b", "c", "d", "kind", "yes", "1", "é", "", "a b", "<<"), space, value)
		}
		parts = append(parts, value)
	}
	body := ""
	if len(parts) > 0 {
		body = deeper + strings.Join(parts, ","+deeper) + pick(w, "", "", "", "", "", "", "", "", "", "", "", ",") + newline
	}
	if isMap {
		return "{" + body + "}"
	}
	return "[" + body + "]"
}

// damage changes a few characters of the text.
func (w *writer) damage(text string) string {
	letters := []rune(text)
	for range 1 + w.random.IntN(3) {
		if len(letters) == 0 {
			break
		}
		at := w.random.IntN(len(letters))
		switch w.random.IntN(5) {
		case 0:
			letters = append(letters[:at:at], letters[at+1:]...)
		case 1:
			letters = letters[:at]
		case 2:
			end := min(len(letters), at+1+w.random.IntN(20))
			part := append([]rune{}, letters[at:end]...)
			letters = append(letters[:end:end], append(part, letters[end:]...)...)
		default:
			mark := []rune(pick(w, ":", " ", "\n", "\t", "#", "-", "- ", "? ", ": ", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`", "\\", "~", "  ", "\n\n", "\n ", "---\n", "...\n", "\r", "\u0000", "\ufeff", "\u0085", "<<: ", "a", "0", "é"))
			letters = append(letters[:at:at], append(mark, letters[at:]...)...)
		}
	}
	return string(letters)
}
