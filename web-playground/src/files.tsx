import { useRef, useState } from "preact/hooks";
import type { Finding } from "portolan";
import { Editor } from "./editor/editor";
import { chosen } from "./intake";
import { Fix } from "./parts/fix";
import { Icon } from "./parts/icons";
import { FileName } from "./parts/name";
import { PlaceLink } from "./parts/place";
import { Tabs } from "./parts/tabs";
import { Badge, count, Words } from "./parts/text";
import { active, add, addEmpty, close, files, findings, findingsByFile, lit, notice, offerTemplates, rename } from "./workspace";

/** The files: their tabs, the editor, and the findings. */
export function Files() {
  return (
    <>
      <FileTabs />
      <div class="editor-frame" id="editor" role="tabpanel" aria-label={active.value}>
        <Editor />
      </div>
      <Findings />
    </>
  );
}

function FileTabs() {
  const picker = useRef<HTMLInputElement>(null);
  const take = async (list: FileList | null) => {
    if (list === null) return;
    const { files: taken, passed } = await chosen(list);
    if (taken.length > 0) add(taken);
    notice.value = null;
    offerTemplates();
    if (passed.length > 0) notice.value = { text: `Skipped: ${passed.join(", ")}`, bad: taken.length === 0 };
  };
  return (
    <div class="file-bar">
      <Tabs
        class="file-tabs"
        prefix="file"
        label="Files"
        controls="editor"
        chosen={active.value}
        choose={(name) => (active.value = name)}
        tabs={files.value.map((file) => {
          const isLit = file.name !== active.value && lit.value.some((place) => place.file === file.name);
          const errors = (findingsByFile.value.get(file.name) ?? []).filter((finding) => finding.severity === "error").length;
          return {
            id: file.name,
            spoken: errors > 0 ? `${file.name} ${count(errors, "error")}` : file.name,
            title: file.name,
            label: (
              <>
                <FileName name={file.name} />
                {isLit && <span class="lit-dot" />}
                {errors > 0 && <Badge number={errors} />}
              </>
            ),
          };
        })}
      />
      <FileActions />
      <button type="button" class="quiet" aria-label="New file" title="New file" onClick={() => addEmpty()}>
        <Icon name="plus" />
      </button>
      <button type="button" class="quiet" aria-label="Open files" title="Open files" onClick={() => picker.current?.click()}>
        <Icon name="folder" />
      </button>
      <input
        ref={picker}
        class="hidden"
        type="file"
        multiple
        accept=".yaml,.yml,.json"
        aria-label="Files to open"
        tabIndex={-1}
        onChange={(event) => {
          void take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

function FileActions() {
  const [naming, setNaming] = useState<string | null>(null);
  const name = active.value;
  if (naming === null) {
    return (
      <span class="file-actions">
        <button type="button" class="quiet" aria-label={`Rename ${name}`} title={`Rename ${name}`} onClick={() => setNaming(name)}>
          <Icon name="pencil" size={16} />
        </button>
        <button type="button" class="quiet" aria-label={`Close ${name}`} title={`Close ${name}`} onClick={() => close(name)}>
          <Icon name="close" size={15} />
        </button>
      </span>
    );
  }
  return (
    <form
      class="file-actions"
      onSubmit={(event) => {
        event.preventDefault();
        rename(name, naming.trim());
        setNaming(null);
      }}
    >
      <input
        class="field"
        aria-label="File name"
        value={naming}
        autoFocus
        onInput={(event) => setNaming(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && setNaming(null)}
        onBlur={() => setNaming(null)}
      />
    </form>
  );
}

/** The findings, most severe first. */
function Findings() {
  const all = findings.value;
  const [shown, setShown] = useState(true);
  if (all.length === 0) return null;
  const order = { error: 0, warning: 1, info: 2 };
  const sorted = all.toSorted((a, b) => order[a.severity] - order[b.severity]);
  const tally = (["error", "warning", "info"] as const)
    .map((severity) => [severity, all.filter((finding) => finding.severity === severity).length] as const)
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => (severity === "info" ? `${number} to know` : count(number, severity)));
  return (
    <section class="findings" aria-label="Findings">
      <button type="button" class="findings-head" aria-expanded={shown} onClick={() => setShown(!shown)}>
        <Icon name="chevron" size={14} /> {tally.join(", ")}
      </button>
      {shown && (
        <ul>
          {sorted.slice(0, MOST_SHOWN).map((finding, index) => (
            <FindingItem key={index} finding={finding} />
          ))}
          {sorted.length > MOST_SHOWN && <li class="finding more">and {count(sorted.length - MOST_SHOWN, "more finding")}</li>}
        </ul>
      )}
    </section>
  );
}

const MOST_SHOWN = 200;

function FindingItem({ finding }: { finding: Finding }) {
  return (
    <li class={`finding ${finding.severity}`}>
      <span class="mark" role="img" aria-label={finding.severity} />
      <div class="finding-body">
        <p>
          <Words text={finding.message} /> <span class="code-name">{finding.code}</span>
        </p>
        {finding.help !== undefined && <p class="finding-help"><Words text={finding.help} /></p>}
        <p class="finding-places">
          <PlaceLink place={finding.source} />
          {finding.related?.map((related, index) => (
            <span key={index}>
              {related.message}: <PlaceLink place={related.source} />
            </span>
          ))}
        </p>
      </div>
      <Fix finding={finding} />
    </li>
  );
}
