/** The editor's extensions: YAML, its colours, its keys. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField, type Extension } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  type DecorationSet,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { complete } from "./completion";
import { hover } from "./hover";

/** Highlights these lines, counted from 1, instead of the previous ones. */
export const light = StateEffect.define<readonly number[]>();

const litLine = Decoration.line({ class: "cm-lit" });

const litLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, transaction) {
    let next = lines.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(light)) continue;
      const { doc } = transaction.state;
      const known = [...new Set(effect.value)].filter((line) => line >= 1 && line <= doc.lines).toSorted((a, b) => a - b);
      next = Decoration.set(known.map((line) => litLine.range(doc.line(line).from)));
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Colours from the page's variables, so that one style serves light and dark. */
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.content], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.meta, tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--code-mark)" },
  { tag: [tags.labelName, tags.typeName], color: "var(--code-anchor)" },
]);

/** All extensions that do not belong to one file. `changed` is called with each new text. */
export function extensions(changed: (text: string) => void): Extension[] {
  return [
    lineNumbers(),
    foldGutter(),
    lintGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    yaml(),
    syntaxHighlighting(colours),
    autocompletion({ override: [complete], icons: false }),
    hover,
    litLines,
    EditorState.tabSize.of(2),
    EditorView.contentAttributes.of({
      "aria-label": "Manifest",
      "aria-description": "Tab indents. Escape and then Tab leaves the editor.",
      tabindex: "0",
      spellcheck: "false",
    }),
    placeholder("Write or paste manifests here, drop files or a folder on the page, or choose one of the examples."),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed(update.state.doc.toString());
    }),
  ];
}
