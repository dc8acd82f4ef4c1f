import { useEffect, useRef, useState } from "preact/hooks";
import { Files } from "./files";
import { Header } from "./header";
import { dropped } from "./intake";
import { Answers } from "./panels/answers";
import { Icon } from "./parts/icons";
import { Tabs } from "./parts/tabs";
import { Badge, count } from "./parts/text";
import { broken, editMicros, errors, keepChoice, notice, objects, offerTemplates, recall, replace, revision } from "./workspace";

/** The page. */
export function App() {
  const [side, setSide] = useState<"files" | "answers">("files");
  const [share, setShare] = useState(() => Number(recall("split")) || 46);
  useEffect(() => keepChoice("split", String(share)), [share]);
  const bad = errors.value;
  return (
    <>
      <a class="skip" href="#answers">
        Skip to the answers
      </a>
      <Header />
      <main class="desk" data-side={side} style={{ "--split": `${share}%` }}>
        <section class="pane files-pane" id="files" aria-label="Files">
          <Files />
        </section>
        <Splitter share={share} setShare={setShare} />
        <section class="pane answers-pane" id="answers" aria-label="Answers">
          <Answers />
        </section>
      </main>
      <Footer />
      <nav aria-label="Panes">
        <Tabs
          class="side-switch"
          prefix="side"
          label="Show"
          controls={side}
          chosen={side}
          choose={(id) => setSide(id === "files" ? "files" : "answers")}
          tabs={[
            {
              id: "files",
              spoken: bad > 0 ? `Files ${count(bad, "error")}` : "Files",
              label: (
                <>
                  Files
                  {bad > 0 && <Badge number={bad} />}
                </>
              ),
            },
            { id: "answers", label: "Answers" },
          ]}
        />
      </nav>
      <DropHint />
    </>
  );
}

function Splitter({ share, setShare }: { share: number; setShare: (share: number) => void }) {
  const within = (next: number) => setShare(Math.round(Math.min(75, Math.max(25, next))));
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the files"
      aria-valuenow={share}
      aria-valuemin={25}
      aria-valuemax={75}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") within(share - 2);
        else if (event.key === "ArrowRight") within(share + 2);
        else return;
        event.preventDefault();
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) within((event.clientX / window.innerWidth) * 100);
      }}
    />
  );
}

function Footer() {
  const bad = errors.value;
  return (
    <footer class="footer">
      <p class="private">
        <Icon name="lock" size={15} /> Everything stays in your browser: this page has no server to send it to.
      </p>
      <p role="status" class="state">
        {broken.value !== null
          ? `The engine did not start: ${broken.value}`
          : revision.value === 0
            ? "Starting the engine…"
            : `${count(objects.value.length, "object")}${bad > 0 ? `, ${count(bad, "error")}` : ""}`}
        {editMicros.value !== null && <EngineTime {...editMicros.value} />}
      </p>
      <Notice />
    </footer>
  );
}

function EngineTime({ taken, checked }: { taken: number; checked: number }) {
  return (
    <span class="engine-time" title={`loaded in ${milliseconds(taken)}, checked in ${milliseconds(checked)}`}>
      {" "}
      in {milliseconds(taken + checked)}
    </span>
  );
}

function milliseconds(micros: number): string {
  return `${(micros / 1000).toLocaleString("en", { maximumSignificantDigits: 2 })} ms`;
}

function Notice() {
  const said = notice.value;
  useEffect(() => {
    if (said === null || said.bad) return;
    const timer = setTimeout(() => {
      if (notice.value === said) notice.value = null;
    }, said.back === undefined && said.next === undefined ? 5000 : 15_000);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div class="notices" role="alert">
      {said !== null && (
        <p class={said.bad ? "notice bad" : "notice"}>
          {said.text}
          {said.next !== undefined && (
            <button type="button" class="button small" onClick={said.next.take}>
              {said.next.label}
            </button>
          )}
          {said.back !== undefined && (
            <button type="button" class="button small" onClick={said.back}>
              Bring back
            </button>
          )}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => (notice.value = null)}>
            <Icon name="close" size={14} />
          </button>
        </p>
      )}
    </div>
  );
}

/** Opens files that are dropped anywhere on the page. */
function DropHint() {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  useEffect(() => {
    const wanted = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (!wanted(event)) return;
      depth.current += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!wanted(event)) return;
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) setOver(false);
    };
    const allow = (event: DragEvent) => {
      if (wanted(event)) event.preventDefault();
    };
    const drop = async (event: DragEvent) => {
      depth.current = 0;
      setOver(false);
      if (event.dataTransfer === null || !wanted(event)) return;
      event.preventDefault();
      // Otherwise the editor would insert the files' text where they are dropped.
      event.stopPropagation();
      const { files, passed } = await dropped(event.dataTransfer);
      const left = passed.length === 0 ? "" : ` Skipped: ${passed.slice(0, 3).join(", ")}${passed.length > 3 ? " and more" : ""}.`;
      if (files.length > 0) {
        replace(files, `Opened ${count(files.length, "file")}.${left}`);
        offerTemplates();
      } else notice.value = { text: `The dropped files contain no manifests.${left}`, bad: true };
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: allow, drop } as const;
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener, { capture: true });
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener as EventListener, { capture: true });
    };
  }, []);
  return over ? (
    <div class="drop-hint" aria-hidden="true">
      <p>
        <Icon name="folder" size={28} /> Drop files or a folder of manifests
      </p>
    </div>
  ) : null;
}
