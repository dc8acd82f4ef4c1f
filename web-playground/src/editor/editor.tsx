/** The editor: one view, a state for each file, so that each keeps its undo history. */
import { setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Finding, ManifestFile } from "portolan";
import { Words } from "../parts/text";
import { active, activeText, checked, edit, files, findingsByFile, goal, lit, open } from "../workspace";
import { edited, positionOf, rangeOf } from "./place";
import { extensions, light } from "./setup";

/** The files' editor. It shows the active file. */
export function Editor() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    return mount(parent);
  }, []);
  return <div class="editor" ref={place} />;
}

function mount(parent: HTMLElement): () => void {
  const states = new Map<string, EditorState>();
  let shown = untracked(() => active.value);
  const fresh = (text: string) => EditorState.create({ doc: text, extensions: extensions((now) => edit(shown, now)) });
  const view = new EditorView({ parent, state: fresh(untracked(() => activeText.value)) });

  const stops = [
    // The active file, and texts that do not come from the keyboard.
    effect(() => {
      const name = active.value;
      const text = activeText.value;
      if (name !== shown) {
        states.set(shown, view.state);
        shown = name;
        const kept = states.get(name);
        view.setState(kept !== undefined && kept.doc.toString() === text ? kept : fresh(text));
        untracked(() => diagnose(view));
      } else if (view.state.doc.toString() !== text) {
        view.dispatch({ changes: change(view.state.doc.toString(), text) });
      }
      const known = new Set(files.value.map((file) => file.name));
      for (const kept of states.keys()) if (!known.has(kept)) states.delete(kept);
    }),
    effect(() => {
      findingsByFile.value;
      diagnose(view);
    }),
    effect(() => {
      const lines = lit.value.filter((place) => place.file === active.value).map((place) => place.line);
      view.dispatch({ effects: light.of(lines) });
    }),
    effect(() => {
      const wanted = goal.value;
      if (wanted === null) return;
      untracked(() => {
        if (wanted.place.file !== active.value && files.value.some((file) => file.name === wanted.place.file)) {
          active.value = wanted.place.file;
        }
        const position = positionOf(view.state.doc, wanted.place);
        view.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "center" }) });
        view.focus();
      });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    view.destroy();
  };
}

function diagnose(view: EditorView): void {
  const found = findingsByFile.value.get(active.value) ?? [];
  const { doc } = view.state;
  view.dispatch(setDiagnostics(view.state, found.map((finding) => diagnostic(finding, rangeOf(doc, finding)))));
}

function diagnostic(finding: Finding, range: { from: number; to: number }): Diagnostic {
  const fix = finding.fix ?? [];
  return {
    ...range,
    severity: finding.severity,
    source: finding.code,
    message: finding.message,
    renderMessage: () => message(finding),
    actions: fix.length === 0 ? [] : [{ name: "Fix", apply: () => mend(finding) }],
  };
}

function message(finding: Finding): HTMLElement {
  const element = document.createElement("div");
  element.className = "finding-tip";
  render(
    <>
      <p>
        <Words text={finding.message} />
      </p>
      {finding.help !== undefined && (
        <p class="finding-help">
          <Words text={finding.help} />
        </p>
      )}
    </>,
    element,
  );
  return element;
}

/** The changed part between two texts, so that the cursor and marks in the rest stay. */
function change(old: string, text: string): { from: number; to: number; insert: string } {
  const most = Math.min(old.length, text.length);
  let from = 0;
  while (from < most && old[from] === text[from]) from += 1;
  let same = 0;
  while (same < most - from && old[old.length - 1 - same] === text[text.length - 1 - same]) same += 1;
  return { from, to: old.length - same, insert: text.slice(from, text.length - same) };
}

/** Applies a finding's edits in all their files. Does nothing if the text has changed since the finding. */
export function mend(finding: Finding): void {
  const textIn = (list: readonly ManifestFile[], name: string) => list.find((file) => file.name === name)?.text;
  if (finding.fix?.some(({ file }) => textIn(checked.value, file) !== textIn(files.value, file)) === true) return;
  const names = new Set((finding.fix ?? []).map((change) => change.file));
  if (names.size === 1 && names.has(active.value)) {
    edit(active.value, edited(activeText.value, finding.fix ?? []));
    return;
  }
  open(
    files.value.map((file) => ({ name: file.name, text: edited(file.text, (finding.fix ?? []).filter((change) => change.file === file.name)) })),
    active.value,
  );
}
